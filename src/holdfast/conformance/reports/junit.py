"""JUnit XML: one test case a walk. A known deviation is skipped, with its reason and its day."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ..verdicts import NeverSpoke, Report, Thin, Undecided, Verdict, Walked
from .words import accepted, details, headline, rule_of

_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def junit(verdict: Verdict, _: str | None = None) -> str:
    """The verdict as JUnit XML. What is no walk (never spoke, too little shown) is a test case of its own."""
    suite = ElementTree.Element("testsuite", name=_text(f"holdfast conform, {_world(verdict)}"))
    if isinstance(verdict, NeverSpoke):
        _case(suite, verdict.world, "speaks the protocol", error=headline(verdict))
    else:
        for walked in verdict.report.walked:
            _walk(suite, verdict.report, walked)
        if isinstance(verdict, Thin | Undecided):
            _case(suite, verdict.report.world, "shows enough", error=headline(verdict))
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
    suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in suite)))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _world(verdict: Verdict) -> str:
    return verdict.world if isinstance(verdict, NeverSpoke) else verdict.report.world


def _walk(suite: ElementTree.Element, report: Report, walked: Walked) -> None:
    case = _case(suite, report.world, walked.walk, seconds=walked.seconds)
    found = walked.deviation
    if found is None:
        return
    if not walked.fails and walked.known is not None:
        ElementTree.SubElement(case, "skipped", message=_text(accepted(walked.known)))
        return
    failure = ElementTree.SubElement(case, "failure", message=_text(found.sentence), type=rule_of(found))
    failure.text = _text("\n".join(details(walked)))


def _case(
    suite: ElementTree.Element, world: str, name: str, *, seconds: float = 0, error: str = ""
) -> ElementTree.Element:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_text(f"holdfast.{world}"), name=_text(name), time=_seconds(seconds)
    )
    if error:
        ElementTree.SubElement(case, "error", message=_text(error), type="verdict")
    return case


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _text(text: str) -> str:
    """The text without what XML cannot hold: an adapter may have said anything."""
    return _NOT_XML.sub("·", text)
