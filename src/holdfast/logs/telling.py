"""What is said of a log that was judged: lines for people, a record for programs. Events are told in the log's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..checkers.conform.consequences import Consequence
from ..checkers.conform.inclusion import Excluded, Included, Inclusion, Undecided
from ..checkers.conform.observation import Observed
from ..checkers.conform.shrinking import Minimised

EXIT_CODE = {Included: 0, Excluded: 1, Undecided: 3}
TOLD = 20
"""How many events of a minimised log are told; a file has all of them."""


def record(
    target: str, log: Sequence[Observed], verdict: Inclusion, minimised: Minimised | None = None
) -> dict[str, Any]:
    """The verdict as a JSON value. `log` has the events as they were written, found by their lines."""
    said: dict[str, Any] = {"verdict": type(verdict).__name__, "target": target, "events": len(log)}
    match verdict:
        case Included():
            said |= {"matched": verdict.events, "states": verdict.states}
        case Undecided():
            said |= {"why": verdict.why, "matched": _matched(verdict.matched)}
        case Excluded():
            said |= {"matched": _matched(verdict.matched), "event": event_record(_written(log, verdict.event))}
            said |= _why(verdict)
            if minimised:
                events = [event_record(_written(log, e)) for e in minimised.log]
                said["minimised"] = {"least": minimised.least, "events": events}
    return said


def _matched(matched: Mapping[str | None, int]) -> int | dict[str, int]:
    """A number, or one for each process."""
    named = {str(process): count for process, count in matched.items() if process is not None}
    return named or sum(matched.values())


def _why(verdict: Excluded) -> dict[str, Any]:
    d = verdict.diagnosis
    return {
        "refused": list(d.refused),
        "always": list(d.always),
        "differs": [{"field": x.key, "seen": x.seen, "possible": list(x.possible)} for x in d.differs],
        "never": d.never,
        "meant": d.meant,
        "breaks": [{"property": b.property, "cites": list(b.cites), "sentence": b.sentence} for b in d.breaks],
        "nearest": [{"why": near.why, "events": [event_record(e) for e in near.steps]} for near in d.nearest],
    }


def event_record(event: Observed) -> dict[str, Any]:
    """An event as a JSON value."""
    said: dict[str, Any] = {"action": event.action, "arguments": dict(event.arguments)}
    said |= {"after": dict(event.after)} if event.after else {}
    said |= {"process": event.process} if event.process is not None else {}
    return said | ({"line": event.line} if event.line else {})


def _written(log: Sequence[Observed], event: Observed) -> Observed:
    """The event as the log has it."""
    return next((e for e in log if e.line == event.line), event)


# ---------------------------------------------------------------------------------------------------------------- people
def headline(verdict: Inclusion) -> str:
    """The verdict in capitals."""
    return {Included: "CONFORMS", Excluded: "DOES NOT CONFORM", Undecided: "UNDECIDED"}[type(verdict)]


def lines(
    target: str, log: Sequence[Observed], verdict: Inclusion, minimised: Minimised | None = None
) -> Iterator[str]:
    """The verdict for people, after its headline."""
    match verdict:
        case Included():
            left = {None: "", 1: "; that leaves it in one state"}.get(
                verdict.states, f"; it may be in {verdict.states} states"
            )
            yield f"{target}: all {verdict.events} events can have happened{left}."
        case Undecided():
            yield f"{target}: {verdict.why}. {_how_far(verdict.matched, log)}"
        case Excluded():
            event = _written(log, verdict.event)
            yield f"{target}: line {event.line} cannot have happened: {told(event)}"
            yield _how_far(verdict.matched, log)
            yield from _why_lines(verdict)
    if minimised:
        yield from _minimised(log, minimised)


def _why_lines(verdict: Excluded) -> Iterator[str]:
    d = verdict.diagnosis
    if d.never:
        yield f"Why: {d.never}."
    if d.refused:
        yield "It is not so that"
        yield from (f"  {sentence}" for sentence in d.always or d.refused)
    for x in d.differs:
        possible = " or ".join(str(value) for value in x.possible)
        yield (
            f"{x.key} was seen to be {x.seen}; it can only be {possible}."
            if possible
            else f"{x.key} cannot be {x.seen}."
        )
    if d.meant:
        yield f"What it does: {d.meant}"
    yield from (f"This breaks {b.property}{_cites(b)}: {b.sentence}" for b in d.breaks)
    if d.nearest:
        yield "What could have happened instead:"
        yield from (f"  {', then '.join(map(told, near.steps))}  ({near.why})" for near in d.nearest)


def _cites(broken: Consequence) -> str:
    return f" ({', '.join(broken.cites)})" if broken.cites else ""


def _how_far(matched: Mapping[str | None, int], log: Sequence[Observed]) -> str:
    names = {process: count for process, count in matched.items() if process is not None}
    each = f" ({', '.join(f'{process}: {count}' for process, count in names.items())})" if names else ""
    return f"Matched: {sum(matched.values())} of {len(log)} events{each}."


def _minimised(log: Sequence[Observed], minimised: Minimised) -> Iterator[str]:
    least = "no event of which can be left out" if minimised.least else "as far as it was tried to leave events out"
    yield f"A smaller log that fails in the same way ({least}):"
    events = [_written(log, e) for e in minimised.log]
    if len(events) > TOLD:
        yield f"  ... {len(events) - TOLD} events before"
    yield from (f"  line {e.line}: {told(e)}" for e in events[-TOLD:])


def told(event: Observed) -> str:
    """An event in a few words."""
    process = f"{event.process}: " if event.process is not None else ""
    after = ", ".join(f"{key} = {value}" for key, value in event.after.items())
    return f"{process}{event}" + (f" [{after}]" if after and len(event.after) <= 4 else "")
