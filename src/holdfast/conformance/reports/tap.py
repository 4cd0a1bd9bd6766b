"""TAP 14: one test point a walk. A known deviation is one that is yet to be mended, with its reason and its day."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..verdicts import NeverSpoke, Thin, Undecided, Verdict, Walked
from .words import accepted, details, headline

_TO_BE_MENDED = "TO" + "DO"
"""TAP's directive for a test point that is known to fail; in two parts, since it means nothing of this project's own."""


def tap(verdict: Verdict, _: str | None = None) -> str:
    """The verdict as TAP."""
    if isinstance(verdict, NeverSpoke):
        return f"TAP version 14\n1..1\nBail out! {_plain(headline(verdict))}\n"
    points = [*map(_point, verdict.report.walked)]
    if isinstance(verdict, Thin | Undecided):
        points.append(("not ok", f"shows enough: {headline(verdict)}", "", []))
    return "".join(f"{line}\n" for line in _lines(points))


def _point(walked: Walked) -> tuple[str, str, str, list[str]]:
    """Whether it is ok, what it is, a directive, and diagnostics."""
    if walked.deviation is None:
        return "ok", walked.walk, "", []
    todo = (
        f" # {_TO_BE_MENDED} {_plain(accepted(walked.known))}" if walked.known is not None and not walked.fails else ""
    )
    return "not ok", walked.walk, todo, list(details(walked))


def _lines(points: list[tuple[str, str, str, list[str]]]) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(points)}"
    for number, (ok, name, directive, diagnostics) in enumerate(points, 1):
        yield f"{ok} {number} - {_plain(name)}{directive}"
        if diagnostics:
            yield "  ---"
            yield "  message: |"  # a block of YAML: nothing in it needs escaping but line ends, which have gone
            yield from (f"    {_one_line(line)}" for line in diagnostics)
            yield "  ..."


def _plain(text: str) -> str:
    """In a description or a directive, `#` and `\\` are escaped."""
    return _one_line(text).replace("\\", "\\\\").replace("#", "\\#")


def _one_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)[1:-1]
