"""GitHub's workflow commands: an error for each deviation, a notice for each known one."""

from __future__ import annotations

from collections.abc import Iterator

from ..verdicts import Conforms, Deviates, Verdict
from .words import accepted, details, headline, report_of, rule_of


def github(verdict: Verdict, source: str | None = None) -> str:
    """The verdict as annotations, one a line."""
    return "".join(f"{line}\n" for line in _lines(verdict, source))


def _lines(verdict: Verdict, source: str | None) -> Iterator[str]:
    report = report_of(verdict)
    told: set[str] = set()
    for walked in report.walked if report else ():
        if walked.deviation is None or walked.deviation.identity in told:
            continue
        told.add(walked.deviation.identity)
        if walked.fails:
            yield _command("error", f"holdfast {rule_of(walked.deviation)}", "\n".join(details(walked)), source)
        elif walked.known is not None:
            said = f"{walked.deviation.sentence}\n{accepted(walked.known)}"
            yield _command("notice", f"holdfast {rule_of(walked.deviation)}", said, source)
    if not isinstance(verdict, Conforms | Deviates):
        yield _command("error", "holdfast conform", headline(verdict), source)


def _command(level: str, title: str, message: str, source: str | None) -> str:
    given = {"file": source, "title": title}
    properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in given.items() if value)
    return f"::{level} {properties}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """As the runner takes it: line ends, percent signs, and in properties what separates them."""
    for char in f"%\r\n{more}":
        text = text.replace(char, f"%{ord(char):02X}")
    return text
