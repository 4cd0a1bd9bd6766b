"""Abstract values of one component: which local control states it can be in, and with which quantities in each.

Members that meet only in sums move independently of one another, so what can be at once is every combination of what
each can be by itself. A location is therefore the control that members share, and a *cell* per component: its local
control states with a box each, closed under what the member can do alone (its own edges, and flows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from ...model.language import Role, State
from .ground import NO, YES, Ground, compiled, linear, negate, slots_of
from .moves import Box, Edge, Moves, chosen
from .solve import by_box, difference, plain, satisfiable


class Part(NamedTuple):
    """A local control state, its box, and how many faults of each kind lead there at the least."""

    local: tuple[int, ...]
    box: Box
    faults: tuple[int, ...]


Cell: TypeAlias = "tuple[Part, ...]"


class Cells:
    """Closes cells under what a member does alone."""

    def __init__(self, moves: Moves, clauses_of: Callable[[int, State], tuple[Ground, ...]]) -> None:
        """`clauses_of(component, state)` gives the proved invariants of a component in a state's control."""
        self.moves, self.clauses_of = moves, clauses_of
        self._closed: dict[Any, tuple[Cell, bool]] = {}
        self._support = [self._shared_support(i) for i in range(len(moves.components))]
        self._decided: dict[Any, bool] = {}

    def _shared_support(self, component: int) -> Callable[[State], tuple[int, ...]]:
        moves = self.moves
        asked = [e.control for e in moves.edges_of[component]]
        asked += [g for e in moves.edges_of[component] for g in (*e.guards, *(v for _, v in e.writes))]
        asked += [g for f in moves.flows_of[component] for g in (f.control, *f.guards)]
        slots = {k for g in asked for k in slots_of(g)} & moves.control
        return chosen(sorted(slots - set(moves.local[component])))

    def support(self, component: int, state: State) -> tuple[int, ...]:
        """The shared control that a component's own moves ask for."""
        return self._support[component](state)

    def put(self, state: State, component: int, part: Part) -> State:
        """The state with the component's local control as in the part."""
        changed = list(state)
        for k, v in zip(self.moves.local[component], part.local, strict=True):
            changed[k] = v
        return tuple(changed)

    def closed(self, component: int, entry: Cell, state: State) -> tuple[Cell, bool]:
        """All that the component can come to while shared control stays; and whether it cannot move at all."""
        key = component, entry, self.support(component, state)
        if key not in self._closed:
            found = self._close(component, entry, state)
            self._closed[key] = self._closed[component, found[0], key[2]] = found
        return self._closed[key]

    def _close(self, component: int, entry: Cell, state: State) -> tuple[Cell, bool]:
        found: dict[tuple[int, ...], Part] = {}
        todo = list(entry)
        still = True
        while todo:
            part = todo.pop()
            here = self.put(state, component, part)
            box, at_rest = self.moves.closed(component, part.box, here)
            part = Part(part.local, box, part.faults)
            known = found.get(part.local)
            merged = part if known is None else self.join(known, part)
            if merged == known:
                continue
            found[part.local] = merged
            after = list(self.after(component, merged, here))
            still &= at_rest and not after
            todo += after
        return tuple(sorted(found.values())), still

    def after(self, component: int, part: Part, here: State) -> Iterator[Part]:
        """Where the component's own edges lead from a part."""
        for e in self.moves.edges_of[component]:
            if compiled(e.control)(here):
                yield from self.take(component, part, here, e)

    def take(self, component: int, part: Part, here: State, e: Edge) -> Iterator[Part]:
        """What the component can be once the edge was taken from a part; nothing where its guards exclude that."""
        learned = [self.moves.reduced(g, here) for g in e.guards if self.moves.components_in(g) <= {component}]
        box = self.narrowed(component, part.box, learned)
        if box is None:
            return
        slots = self.moves.components[component]
        ranges, local = (
            dict(zip(slots, box, strict=True)),
            dict(zip(self.moves.local[component], part.local, strict=True)),
        )
        choices = [dict(local)]
        for slot, value in e.writes:
            at = slot[1] if slot[0] == "slot" else compiled(slot)(here)
            if at in local:
                values = self.values(component, value, here, box)
                choices = [{**c, at: v} for c in choices for v in values]
            elif at in slots:
                reduced = self.moves.reduced(value, here)
                ranges[at] = span(reduced, ranges, self.moves.high(at))
        faults = part.faults
        if e.action.by.role is Role.FAULT:
            spent = {slot[1] for slot, _ in e.writes if slot[0] == "slot"} & self.moves.budgets
            faults = tuple(n + (k in spent) for k, n in zip(sorted(self.moves.budgets), faults, strict=True))
        for c in choices:
            yield Part(tuple(c.values()), tuple(ranges[k] for k in slots), faults)

    def join(self, a: Part, b: Part) -> Part:
        """The smallest part that holds both; they have one local control state."""
        box = tuple((min(x[0], y[0]), max(x[1], y[1])) for x, y in zip(a.box, b.box, strict=True))
        return Part(a.local, box, min(a.faults, b.faults, key=sum))

    def values(self, component: int, value: Ground, here: State, box: Box) -> tuple[int, ...]:
        """What a written control value can be: decided by control, or by what quantities are possible."""
        g = self.moves.reduced(value, here)
        if g[0] == "lit":
            return (g[1],)
        return tuple(v for v, wanted in ((0, negate(g)), (1, g)) if self.can_be(component, wanted, here, box))

    def can_be(self, component: int, wanted: Ground, here: State, box: Box) -> bool:
        """Whether the component's quantities can meet a condition, within its box and invariants."""
        ranges = dict(zip(self.moves.components[component], box, strict=True))
        wanted = by_box(wanted, ranges)
        if wanted in (YES, NO):
            return wanted == YES
        clauses = (wanted, *self.clauses_of(component, here))
        key = component, clauses, box
        if key not in self._decided:
            self._decided[key] = satisfiable(clauses, ranges) is not None
        return self._decided[key]

    def narrowed(self, component: int, box: Box, learned: Iterable[Ground]) -> Box | None:
        """The box once conditions hold that ask for one slot each; None where one excludes it."""
        ranges = dict(zip(self.moves.components[component], box, strict=True))
        for g in learned:
            for c in g[1] if g[0] == "and" else (g,):
                if c == NO:
                    return None
                if c[0] in ("<=", "=="):
                    _cut(ranges, c)
        if any(least > most for least, most in ranges.values()):
            return None
        return tuple(ranges.values())


def covers(a: Cell, b: Cell) -> bool:
    """Whether a allows all that b does."""
    if a is b or a == b:
        return True
    parts = {part.local: part for part in a}
    return all(part.local in parts and _covers(parts[part.local], part) for part in b)


def _covers(a: Part, b: Part) -> bool:
    return all(m <= n for m, n in zip(a.faults, b.faults, strict=True)) and all(
        x[0] <= y[0] and y[1] <= x[1] for x, y in zip(a.box, b.box, strict=True)
    )


def _cut(ranges: dict[int, tuple[int, int]], atom: Ground) -> None:
    """Narrow the one slot that the atom asks for."""
    if not (plain(atom[1]) and plain(atom[2])):
        return
    constant, form = difference(atom)
    if len(form) != 1:
        return
    ((k, c),) = form.items()
    if k not in ranges:
        return
    least, most = ranges[k]
    bound, equal = -constant, atom[0] == "=="
    if c > 0 or equal:
        most = min(most, bound // c)
    if c < 0 or equal:
        least = max(least, -(bound // -c) if c < 0 else -(-bound // c))
    ranges[k] = least, most


def span(value: Ground, ranges: Mapping[int, tuple[int, int]], high: int) -> tuple[int, int]:
    """The range of a written quantity; all of the field's where its value is a choice or asks for others."""
    if value[0] not in ("lit", "slot", "+", "*"):
        return 0, high
    constant, coefficients = linear(value)
    if not all(k in ranges for k, _ in coefficients):
        return 0, high
    least = constant + sum(c * ranges[k][0 if c > 0 else 1] for k, c in coefficients)
    most = constant + sum(c * ranges[k][1 if c > 0 else 0] for k, c in coefficients)
    return max(0, least), min(high, most)
