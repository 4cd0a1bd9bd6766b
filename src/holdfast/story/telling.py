"""A trace as a person reads it: numbered steps, who acted, what changed, and memory against its limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..checkers.interpret import Run
from ..checkers.plans.product import NEVER_STUCK
from ..checkers.trace import Event, narrate
from ..model.inventory import HostVm, Machine
from ..model.language import Kind, Sort, State, Step, Term
from . import sizes
from .reasons import Broken, Reasons, Shortage, Waiting, amount
from .wording import Wording

Paint = Callable[[str, str], str]
"""Colours a text for a purpose: "good", "bad", "faint", "strong"."""

INDENT = " " * 18


def plain(text: str, purpose: str) -> str:
    """No colour."""
    del purpose
    return text


@dataclass(frozen=True)
class Meter:
    """What something holds against its limit, before and after a step, in pages."""

    name: str
    before: int
    after: int
    limit: int


@dataclass(frozen=True)
class Told:
    """One step of a story."""

    event: Event
    text: str
    changes: tuple[str, ...]
    meters: tuple[Meter, ...]


class Story:
    """The steps of a trace, replayed by the reference interpreter."""

    def __init__(self, run: Run, steps: tuple[Step, ...], initial: int = 0, *, exact: bool) -> None:
        """Raises Refused or OutOfRange where the steps are not a behaviour. `exact` as for Wording."""
        self.run, self.steps = run, steps
        self.wording = Wording(run, exact=exact)
        self.states, self.events = narrate(run, steps, initial)

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """Every step with what it changed."""
        return tuple(self._tell(i) for i in range(len(self.steps)))

    def _tell(self, i: int) -> Told:
        before, after = self.states[i], self.states[i + 1]
        return Told(
            self.events[i],
            self.wording.step(self.steps[i]),
            tuple(self.wording.changes(before, after)),
            tuple(m for m in self.meters(i) if m.before != m.after),
        )

    def meters(self, i: int) -> Iterator[Meter]:
        """The memory of every machine and host VM, before and after the step of that number (from 0)."""
        for j, (sort, rank, _, limit) in enumerate(self._gauges):
            yield Meter(self.wording.name(sort, rank), self._levels[i][j], self._levels[i + 1][j], limit)

    @cached_property
    def _gauges(self) -> list[tuple[Sort, int, Term, int]]:
        """What has memory: its sort and number, what it holds as a term over it, and its limit."""
        found: list[tuple[Sort, int, Term, int]] = []
        for sort, used, limit in ((Machine, Machine.used, Machine.capacity), (HostVm, HostVm.used, HostVm.size)):
            if sort in self.run.system.sorts:
                limits = self.run.instance.fixed[limit]
                found += [(sort, rank, used.definition, most) for rank, most in enumerate(limits)]
        return found

    @cached_property
    def _levels(self) -> list[list[int]]:
        """What each of them holds in every state."""
        return [
            [
                self.run.value(term, state, {Term("var", ("self", 0), sort): rank})
                for sort, rank, term, _ in self._gauges
            ]
            for state in self.states
        ]

    # ----------------------------------------------------------------------------------------------- the reason
    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self.run, self.states[-1], self.wording)

    def waiting(self) -> list[Waiting]:
        """The steps that were due when a plan got stuck, and what refused them."""
        return self._reasons.waiting()

    def broken(self, name: str) -> Broken:
        """Why the last state breaks an `always` property; of others (and of a stuck plan), only the sentence."""
        p = self.run.system.property(name)
        if p.kind is not Kind.ALWAYS or name == NEVER_STUCK:
            return Broken(p.sentence, (), ())
        return self._reasons.broken(p.term, p.sentence)

    # ------------------------------------------------------------------------------------------------ the lines
    def lines(self, paint: Paint = plain) -> Iterator[str]:
        """The steps, one to a few lines each."""
        width = max((len(m.name) for told in self.told for m in told.meters), default=0)
        for told in self.told:
            event = told.event
            yield f"{event.number:4}  {paint(f'{event.actor:<10}', 'faint')}  {paint(told.text, 'strong')}"
            for change in told.changes:
                yield f"{INDENT}{change}"
            for meter in told.meters:
                purpose = "faint" if meter.after <= meter.limit else "bad"
                yield f"{INDENT}{paint(self.meter_text(meter, width), purpose)}"

    def meter_text(self, meter: Meter, width: int) -> str:
        """`alpha  ████░░░░  10 GiB → 12 GiB of 64 GiB`."""
        say = self.wording.amount
        return (
            f"{meter.name:<{width}}  {sizes.bar(meter.after, meter.limit)} "
            f"{say(meter.before)} → {say(meter.after)} of {say(meter.limit)}"
        )

    def why_lines(self, name: str, paint: Paint = plain) -> Iterator[str]:
        """Why the property is broken after the last step."""
        broken = self.broken(name)
        yield paint(broken.sentence, "bad")
        if name == NEVER_STUCK:
            yield from self._stuck_lines(paint)
        else:
            yield from self._broken_lines(broken, "  ")

    def _stuck_lines(self, paint: Paint) -> Iterator[str]:
        for waiting in self.waiting():
            state = "has begun and cannot go on" if waiting.begun else "is due and refused"
            yield f"  {paint(waiting.step, 'strong')} {state}. It is not so that"
            for refused in waiting.refused:
                yield f"    {paint(refused.sentence, 'bad')}"
                yield from self._broken_lines(refused, "      ")

    def _broken_lines(self, broken: Broken, indent: str) -> Iterator[str]:
        if broken.members:
            yield f"{indent}not so for {', '.join(broken.members)}"
        for shortage in broken.shortages:
            yield f"{indent}{self.shortage_text(shortage)}"
            shares = [f"{name} {amount(shortage, held, self.wording)}" for name, held in shortage.contributors]
            if len(shares) > 1:
                yield f"{indent}largest: {', '.join(shares)}"

    def shortage_text(self, shortage: Shortage) -> str:
        """`alpha is short by 4 GiB: 260 GiB used, capacity 256 GiB`."""
        say = self.wording
        about = f"{shortage.about} is short" if shortage.about else "short"
        held = f"{amount(shortage, shortage.held, say)} {shortage.left or 'needed'}"
        limit = amount(shortage, shortage.limit, say)
        there = f"{shortage.right} {limit}" if shortage.right else f"{limit} there"
        return f"{about} by {amount(shortage, shortage.short, say)}: {held}, {there}"


def first_broken(run: Run, states: Sequence[State], suspect: str | None = None) -> tuple[str, int] | None:
    """The first `always` or `step` property that these states break, and after how many steps.

    Of several that break at once, it is `suspect`.
    """
    asked = sorted(run.system.of_kind(Kind.ALWAYS, Kind.STEP), key=lambda p: p.name != suspect)
    for i, state in enumerate(states):
        for p in asked:
            if p.kind is Kind.ALWAYS and not run.holds(p, state):
                return p.name, i
            if p.kind is Kind.STEP and i and not run.holds(p, states[i - 1], state):
                return p.name, i
    return None
