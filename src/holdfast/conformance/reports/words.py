"""What all reports say alike."""

from __future__ import annotations

from collections.abc import Iterator

from ..baseline import Known
from ..verdicts import Conforms, Deviates, Deviation, NeverSpoke, Report, Thin, Undecided, Verdict, Walked


def headline(verdict: Verdict) -> str:
    """The verdict in one line."""
    match verdict:
        case Conforms(report):
            return f"{report.implementation} conforms in {report.world}"
        case Deviates(report):
            walks = "walk" if len(report.failing) == 1 else "walks"
            return f"{report.implementation} deviates in {report.world}, on {len(report.failing)} {walks}"
        case Thin(report, why):
            return f"{report.implementation} showed too little in {report.world}: {why}"
        case Undecided(report, why):
            return f"{report.implementation} is undecided in {report.world}: {why}"
        case NeverSpoke(implementation, world, why):
            return f"{implementation or 'the adapter'} never spoke the protocol in {world}: {why}"


def report_of(verdict: Verdict) -> Report | None:
    """The report, where there is one."""
    return None if isinstance(verdict, NeverSpoke) else verdict.report


def accepted(known: Known) -> str:
    """Why a deviation is accepted, and until when."""
    return f"{'was accepted until' if known.expired else 'accepted until'} {known.expires.isoformat()}: {known.reason}"


def details(walked: Walked) -> Iterator[str]:
    """All that is known of a deviation, line by line; the steps that led there first."""
    found = walked.deviation
    assert found is not None, "there is a deviation"
    for number, event in enumerate(walked.events, 1):
        yield f"{number}. {event}"
    yield f"{len(walked.events) + 1}. {found.event}: {found.kind.value}"
    yield from reasons(found)
    if walked.known is not None:
        yield f"id {found.identity}, {accepted(walked.known)}"
    else:
        yield f"id {found.identity}"


def reasons(found: Deviation) -> Iterator[str]:
    """Why it deviates, and what would have been legal."""
    yield from (f"it is not so that {sentence}" for sentence in found.requirements)
    yield from found.differs
    if found.why:
        yield found.why
    for one in found.consequences:
        cites = f" ({', '.join(one.cites)})" if one.cites else ""
        yield f"{one.when()} {one.property}{cites}: {one.sentence}"
    if found.possible:
        yield f"possible there: {'; '.join(found.possible)}"


def rule_of(found: Deviation) -> str:
    """What a deviation goes by: the first requirement of the catalogue that it breaks, or how it deviates."""
    return found.cites[0] if found.cites else found.kind.name.lower()
