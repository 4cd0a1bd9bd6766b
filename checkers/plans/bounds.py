"""What quantities can be at a location: extremes of linear forms by table, and z3 for the rest.

The sum of what independent members hold is largest when each holds its largest: so the extreme of a linear form is the
sum of the extremes of its parts, one per component, each found once and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...model.language import Property, State
from .cells import Cell, Cells
from .ground import NO, YES, Ground, add, compiled, linear, reduce, scale, slots_of
from .moves import Box, Moves, chosen
from .solve import Model, maximum, satisfiable


class Bounds:
    """Extremes over the values that the invariants, the boxes and the facts of a location allow."""

    def __init__(self, moves: Moves, invariants: Iterable[Property]) -> None:
        """`invariants` are properties already proved to hold in every reachable state, whatever the sizes."""
        self.moves = moves
        clauses = [c for p in invariants for c in conjuncts(moves.grounder.ground(p.term, {}))]
        self.local: list[list[Ground]] = [[] for _ in moves.components]
        self.coupled: list[Ground] = []
        for c in clauses:
            asked = moves.components_in(c)
            if len(asked) == 1:
                self.local[next(iter(asked))].append(c)
            elif asked:
                self.coupled.append(c)
        self.local_support = [self._control_of(cs) for cs in self.local]
        self._local: dict[Any, tuple[Ground, ...]] = {}
        self._extremes: dict[Any, int | None] = {}
        self._answers: dict[Any, Model | None] = {}
        self._templates: dict[Ground, Template] = {}
        self.cells = Cells(moves, self.local_clauses)

    def _control_of(self, gs: Iterable[Ground]) -> Callable[[State], tuple[int, ...]]:
        return chosen(sorted({k for g in gs for k in slots_of(g)} & self.moves.control))

    def local_clauses(self, component: int, state: State) -> tuple[Ground, ...]:
        """The invariants of one component here."""
        key = component, self.local_support[component](state)
        if key not in self._local:
            reduced = (self.moves.reduced(c, state) for c in self.local[component])
            self._local[key] = tuple(g for g in reduced if g != YES)
        return self._local[key]

    def extreme(self, component: int, form: Ground, box: Box, state: State) -> int | None:
        """The largest value of a reduced linear form over one component; None if nothing is possible there."""
        constant, coefficients = linear(form)
        clauses = self.local_clauses(component, state)
        key = component, coefficients, box, clauses
        if key not in self._extremes:
            ranges = dict(zip(self.moves.components[component], box, strict=True))
            self._extremes[key] = maximum(coefficients, ranges, clauses)
        found = self._extremes[key]
        return None if found is None else found + constant

    def template(self, atom: Ground) -> Template:
        """The atom `a <= b`, taken apart by component, once."""
        if atom not in self._templates:
            self._templates[atom] = Template(self, atom)
        return self._templates[atom]

    def possible(self, g: Ground, state: State, cells: tuple[Cell, ...]) -> bool:
        """Whether it may hold here: False only where it cannot."""
        if g[0] == "<=" and self.template(g).separable:
            return self.template(g).least(state, cells) <= 0
        return True

    def certain(self, g: Ground, state: State, cells: tuple[Cell, ...]) -> bool:
        """Whether it holds whatever the quantities are here: True only where it does."""
        if g[0] == "<=" and self.template(g).separable:
            return self.template(g).most(state, cells) <= 0
        return False

    def witness(self, wanted: Ground, state: State, boxes: tuple[Box, ...], facts: frozenset[Ground]) -> Model | None:
        """Quantities that make the formula true in this control, within invariants, boxes and facts; None if none do.

        First by the components that it asks for, then by all that the coupled invariants and the facts bring in.
        """
        goal = reduce(wanted, state, self.moves.control)
        if goal == NO:
            return None
        asked = self.moves.components_in(goal)
        found = self._model([goal], asked, state, boxes)
        coupled = [self.moves.reduced(c, state) for c in self.coupled if self.moves.components_in(c) & asked]
        more = [goal, *(c for c in coupled if c != YES), *sorted(facts, key=repr)]
        if found is None or len(more) == 1 or self._model(more, asked, state, boxes) is None:
            return found if len(more) == 1 else None
        return self._model(more, frozenset(range(len(boxes))), state, boxes)

    def _model(
        self, clauses: list[Ground], strict: frozenset[int], state: State, boxes: tuple[Box, ...]
    ) -> Model | None:
        """Quantities that meet the clauses, their boxes, and (for the components in `strict`) the invariants."""
        involved = sorted({k for c in clauses for k in self.moves.components_in(c)})
        ranges: dict[int, tuple[int, int]] = {}
        for component in involved:
            ranges.update(zip(self.moves.components[component], boxes[component], strict=True))
            if component in strict:
                clauses = [*clauses, *self.local_clauses(component, state)]
        key = tuple(clauses), tuple(ranges.items())
        if key not in self._answers:
            self._answers[key] = satisfiable(clauses, ranges)
        return self._answers[key]


class Template:
    """An inequality `a <= b` as the sum of one part per component and one of shared control; extremes by table."""

    def __init__(self, bounds: Bounds, atom: Ground) -> None:
        """Take the atom apart. `separable` says whether every addend asks for one component at most."""
        self.bounds, moves = bounds, bounds.moves
        form = add((atom[1], scale(-1, atom[2])))
        groups: dict[int, list[Ground]] = {}
        self.separable = True
        for part in form[1] if form[0] == "+" else (form,):
            asked = moves.homes_in(part)
            self.separable &= len(asked) <= 1
            groups.setdefault(next(iter(asked), -1), []).append(part)
        self.parts: list[tuple[int, Ground, Callable[[State], tuple[int, ...]], dict[Any, tuple[int, int]]]] = []
        for component, parts in groups.items():
            g = add(parts)
            slots = set(slots_of(g))
            if component >= 0:
                slots |= {k for c in bounds.local[component] for k in slots_of(c)}
                slots -= set(moves.local[component])
            self.parts.append((component, g, chosen(sorted(slots & moves.control)), {}))

    def most(self, state: State, cells: tuple[Cell, ...]) -> int:
        """The largest that a - b can be."""
        return sum(pair[0] for pair in self.pairs(state, cells))

    def least(self, state: State, cells: tuple[Cell, ...]) -> int:
        """The least that a - b can be."""
        return sum(pair[1] for pair in self.pairs(state, cells))

    def pairs(self, state: State, cells: tuple[Cell, ...]) -> list[tuple[int, int]]:
        """The largest and the least value of every part."""
        found: list[tuple[int, int]] = []
        for component, g, pick, table in self.parts:
            key = (pick(state), cells[component]) if component >= 0 else pick(state)
            pair = table.get(key)
            if pair is None:
                pair = table[key] = self._pair(component, g, state, cells)
            found.append(pair)
        return found

    def _pair(self, component: int, g: Ground, state: State, cells: tuple[Cell, ...]) -> tuple[int, int]:
        if component < 0:
            value = int(compiled(g)(state))
            return value, value
        most: list[int] = []
        least: list[int] = []
        for part in cells[component]:
            here = self.bounds.cells.put(state, component, part)
            form = self.bounds.moves.reduced(g, here)
            high = self.bounds.extreme(component, form, part.box, here)
            low = self.bounds.extreme(component, scale(-1, form), part.box, here)
            if high is not None and low is not None:
                most.append(high)
                least.append(-low)
        assert most, f"component {component} can be nothing at all here"
        return max(most), min(least)

    def at(self, state: State) -> list[int]:
        """The value of every part at one state."""
        return [int(compiled(g)(state)) for _, g, _, _ in self.parts]


def conjuncts(g: Ground) -> tuple[Ground, ...]:
    """The clauses that must all hold."""
    return () if g == YES else g[1] if g[0] == "and" else (g,)


__all__ = ["Bounds", "Template", "conjuncts"]
