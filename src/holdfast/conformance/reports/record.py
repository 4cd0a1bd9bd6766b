"""A verdict as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ...checkers.conform.coverage import Coverage, Share
from ...checkers.conform.observation import Observed
from ..baseline import Known
from ..verdicts import Deviation, NeverSpoke, Report, Thin, Undecided, Verdict, Walked, exit_code
from .words import headline


def as_json(verdict: Verdict, _: str | None = None) -> str:
    """The record as text."""
    return json.dumps(record(verdict), ensure_ascii=False, indent=2) + "\n"


def record(verdict: Verdict) -> dict[str, Any]:
    """The verdict as a JSON value."""
    said: dict[str, Any] = {
        "verdict": type(verdict).__name__,
        "exit_code": exit_code(verdict),
        "headline": headline(verdict),
    }
    if isinstance(verdict, NeverSpoke | Thin | Undecided):
        said["why"] = verdict.why
    if isinstance(verdict, NeverSpoke):
        return said | {"implementation": verdict.implementation, "world": verdict.world}
    return said | _report(verdict.report)


def _report(report: Report) -> dict[str, Any]:
    return {
        "implementation": report.implementation,
        "world": report.world,
        "coverage": _coverage(report.coverage) if report.coverage else None,
        **asdict(report.figures),
        "walked": [_walked(w) for w in report.walked],
        "shortest": _walked(report.shortest) if report.shortest else None,
        "notes": [asdict(note) for note in report.notes],
        "unreachable": list(report.unreachable),
        "known_and_not_seen": [_known(known) for known in report.unseen],
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    shares = {"actions": coverage.actions, "faults": coverage.faults}
    shares |= {"refusals": coverage.refusals, "pairs": coverage.pairs}
    return {name: _share(share) for name, share in shares.items()}


def _share(share: Share) -> dict[str, Any]:
    return {"percent": share.percent, "met": share.met, "of": share.of, "missing": list(share.missing)}


def _walked(walked: Walked) -> dict[str, Any]:
    said: dict[str, Any] = {"walk": walked.walk, "initial": walked.initial, "attempts": walked.attempts}
    said |= {"seconds": round(walked.seconds, 6), "deviation": None}
    if walked.deviation is not None:
        said["deviation"] = _deviation(walked.deviation)
        said |= {"fails": walked.fails, "known": _known(walked.known) if walked.known else None}
        said["events"] = [_event(event) for event in walked.events]
    return said


def _event(event: Observed) -> dict[str, Any]:
    return {"action": event.action, "arguments": dict(event.arguments), "after": dict(event.after)}


def _deviation(found: Deviation) -> dict[str, Any]:
    said = asdict(found) | {"kind": found.kind.name.lower(), "identity": found.identity}
    said["consequences"] = [asdict(one) | {"later": one.later()} for one in found.consequences]
    return said | {"sentence": found.sentence, "cites": list(found.cites)}


def _known(known: Known) -> dict[str, Any]:
    return asdict(known) | {"expires": known.expires.isoformat()}
