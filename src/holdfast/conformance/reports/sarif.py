"""SARIF 2.1.0: one result for each different deviation. A known one is suppressed, with its reason and its day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from ..verdicts import NeverSpoke, Report, Thin, Undecided, Verdict, Walked
from .words import accepted, details, headline, report_of, rule_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(verdict: Verdict, source: str | None = None) -> str:
    """The verdict as SARIF; results point to `source`."""
    report = report_of(verdict)
    results = list(_results(report, source)) if report else []
    if isinstance(verdict, NeverSpoke | Thin | Undecided):
        results.append(_result("verdict", headline(verdict), headline(verdict), source))
    driver = {
        "name": "holdfast conform",
        "rules": _rules(report, results),
    }
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _results(report: Report, source: str | None) -> Iterator[dict[str, Any]]:
    """The different deviations, the first walk of each."""
    first: dict[str, Walked] = {}
    for walked in report.walked:
        if walked.deviation is not None:
            first.setdefault(walked.deviation.identity, walked)
    for identity, walked in first.items():
        assert walked.deviation is not None, "those were kept"
        rule, sentence = rule_of(walked.deviation), walked.deviation.sentence
        found = _result(rule, sentence, "\n".join([sentence, *details(walked)]), source)
        found["partialFingerprints"] = {"holdfastDeviation/v1": identity}
        found["properties"] = {"walk": walked.walk, "world": report.world}
        if walked.known is not None and not walked.fails:
            found["suppressions"] = [{"kind": "external", "justification": accepted(walked.known)}]
        yield found


def _result(rule: str, sentence: str, text: str, source: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": rule, "level": "error", "message": {"text": text or sentence}}
    if source is not None:
        place = {"artifactLocation": {"uri": PurePath(source).as_posix()}, "region": {"startLine": 1}}
        found["locations"] = [{"physicalLocation": place}]
    return found


def _rules(report: Report | None, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each rule that a result names, with the sentence of the property where it is one."""
    said = {
        one.cites[0]: one.sentence
        for walked in (report.walked if report else ())
        if walked.deviation is not None
        for one in walked.deviation.consequences
        if one.cites
    }
    names = dict.fromkeys(result["ruleId"] for result in results)
    return [{"id": name, "shortDescription": {"text": said.get(name, name)}} for name in names]
