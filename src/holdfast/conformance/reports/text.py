"""A verdict as people read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...checkers.conform.coverage import Coverage, Share
from ..verdicts import Conforms, NeverSpoke, Report, Verdict, Walked
from .words import accepted, details, headline, reasons, report_of

Paint = Callable[[str, str], str]

NOTES_MOST = 10
MISSING_MOST = 8


def lines(verdict: Verdict, paint: Paint, *, unreachable: bool = False) -> Iterator[str]:
    """The verdict; with `unreachable`, also what the world cannot show."""
    good = isinstance(verdict, Conforms)
    label = "NEVER SPOKE" if isinstance(verdict, NeverSpoke) else type(verdict).__name__.upper()
    yield f"{paint(label, 'good' if good else 'bad')}  {headline(verdict)}"
    report = report_of(verdict)
    if report is None:
        return
    if report.failing:
        yield from _first(report.shortest or report.failing[0], paint)
    yield from _others(report)
    yield from _known(report)
    yield from _noted(report)
    yield from _shown(report, unreachable=unreachable)


def _first(walked: Walked, paint: Paint) -> Iterator[str]:
    found = walked.deviation
    assert found is not None, "it fails"
    yield ""
    yield f"The first deviation ({walked.walk}):"
    for number, event in enumerate(walked.events, 1):
        yield f"  {number:>3}  {event}"
    yield f"  {len(walked.events) + 1:>3}  {paint(f'{found.event}: {found.kind.value}', 'bad')}"
    yield from (f"       {line}" for line in reasons(found))
    yield f"       id {found.identity}"
    if walked.known is not None:
        yield f"       {accepted(walked.known)}"


def _others(report: Report) -> Iterator[str]:
    """The other deviations, each once."""
    seen = {w.deviation.identity for w in report.failing[:1] if w.deviation}
    for walked in report.failing:
        if walked.deviation is not None and walked.deviation.identity not in seen:
            if len(seen) == 1:
                yield ""
                yield "Others:"
            seen.add(walked.deviation.identity)
            yield f"  {walked.walk}, attempt {walked.attempts}: {walked.deviation.sentence}"
            yield f"    id {walked.deviation.identity}"


def _known(report: Report) -> Iterator[str]:
    told: set[str] = set()
    for walked in report.accepted:
        if walked.deviation is not None and walked.known is not None and walked.deviation.identity not in told:
            if not told:
                yield ""
                yield "Known:"
            told.add(walked.deviation.identity)
            yield f"  {walked.deviation.sentence}"
            yield f"    id {walked.deviation.identity}, {accepted(walked.known)}"
    yield from (f"  known, and not seen any more: id {known.identity} ({known.reason})" for known in report.unseen)


def _noted(report: Report) -> Iterator[str]:
    if report.notes:
        yield ""
        yield "Notes:"
        yield from (f"  {note.walk}: {note.text}" for note in report.notes[:NOTES_MOST])
        if len(report.notes) > NOTES_MOST:
            yield f"  and {len(report.notes) - NOTES_MOST} more; --json has them all"


def _shown(report: Report, *, unreachable: bool) -> Iterator[str]:
    figures = report.figures
    yield ""
    if figures.least_attempts is None:
        yield f"Suite: none, the world is too large for its graph; {figures.random_walks} random walks, seed {figures.seed}"
    else:
        yield (
            f"Suite: {figures.walks} walks, {figures.attempts} attempts (no suite has fewer than "
            f"{figures.least_attempts}); then {figures.random_walks} random walks, seed {figures.seed}"
        )
    if report.coverage is not None:
        yield from _covered(report.coverage)
    if unreachable:
        yield "What no state of this world shows:"
        yield from (f"  {line}" for line in report.unreachable)
    elif report.unreachable:
        yield f"What no state of this world shows: {len(report.unreachable)} things; --unreachable lists them"


def _covered(coverage: Coverage) -> Iterator[str]:
    shares: dict[str, Share] = {"actions": coverage.actions, "faults": coverage.faults}
    shares |= {"refusals": coverage.refusals, "pairs of control state and action": coverage.pairs}
    yield "Shown, of what this world can show:"
    for name, share in shares.items():
        yield f"  {name}: {share}"
    for name, share in list(shares.items())[:3]:
        for missing in share.missing[:MISSING_MOST]:
            yield f"    not shown, of {name}: {missing}"
        if len(share.missing) > MISSING_MOST:
            yield f"    and {len(share.missing) - MISSING_MOST} more"


def walked_lines(walked: Walked) -> Iterator[str]:
    """One walk that deviates, for a test's failure."""
    yield from details(walked)
