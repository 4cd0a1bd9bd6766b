"""What quantities can be at a location: extremes of linear forms by table, and z3 for the rest.

The sum of what independent members hold is largest when each holds its largest: so the extreme of a linear form is the
sum of the extremes of its parts, one per component, each found once and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from ...model.language import Property, State
from .cells import Cell, Cells, Part
from .ground import NO, YES, Ground, add, compiled, linear, reduce, scale, slots_of
from .moves import Box, Moves, chosen
from .solve import Limit, Model, limits_of, maximum, satisfiable, upper_bound

Weights: TypeAlias = "tuple[tuple[int, int], ...]"
"""Slots, and what each counts for."""


class Impossible(Exception):
    """No quantities are possible where this was asked: the location, or the edge toward it, is not reachable."""


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
        self._as_limits: dict[tuple[Ground, ...], list[Limit]] = {}
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

    def extreme(self, component: int, form: Ground, part: Part, state: State, *, exactly: bool) -> int | None:
        """The largest value of a reduced linear form over one component, or a bound on it; None if none is possible."""
        constant, coefficients = linear(form)
        found = self._largest(component, coefficients, part.box, self.local_clauses(component, state), exactly)
        return None if found is None else found + constant

    def largest(self, component: int, weights: Weights, part: Part, state: State) -> int | None:
        """The largest weighted sum of a component's slots in a part; None if nothing is possible there."""
        here = self.cells.put(state, component, part)
        return self._largest(component, weights, part.box, self.local_clauses(component, here), True)

    def _largest(
        self, component: int, weights: Weights, box: Box, clauses: tuple[Ground, ...], exactly: bool
    ) -> int | None:
        key = component, weights, box, clauses, exactly
        if key not in self._extremes:
            ranges = dict(zip(self.moves.components[component], box, strict=True))
            if exactly:
                self._extremes[key] = maximum(weights, ranges, clauses)
            else:
                self._extremes[key] = upper_bound(dict(weights), ranges, self._limits(clauses))
        return self._extremes[key]

    def _limits(self, clauses: tuple[Ground, ...]) -> list[Limit]:
        if clauses not in self._as_limits:
            self._as_limits[clauses] = limits_of(clauses)
        return self._as_limits[clauses]

    def template(self, atom: Ground) -> Template:
        """The atom `a <= b`, taken apart by component, once."""
        if atom not in self._templates:
            self._templates[atom] = Template(self, atom)
        return self._templates[atom]

    def possible(self, g: Ground, state: State, cells: tuple[Cell, ...]) -> bool:
        """Whether it may hold here: False only where it cannot."""
        template = self.template(g) if g[0] == "<=" else None
        if template is None or not template.separable:
            return True
        return not (
            template.sum(state, cells, -1, exactly=False) < 0 and template.sum(state, cells, -1, exactly=True) < 0
        )

    def certain(self, g: Ground, state: State, cells: tuple[Cell, ...]) -> bool:
        """Whether it holds whatever the quantities are here: True only where it does."""
        if g[0] == "or":
            return any(self._settled(p, state) or self.certain(p, state, cells) for p in g[1])
        template = self.template(g) if g[0] == "<=" else None
        if template is None or not template.separable:
            return False
        return any(template.sum(state, cells, 1, exactly=exactly) <= 0 for exactly in (False, True))

    def _settled(self, g: Ground, state: State) -> bool:
        """Whether shared control alone makes it true."""
        return slots_of(g) <= self.moves.control and not self.moves.homes_in(g) and bool(compiled(g)(state))

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
        self.parts: list[tuple[int, Ground, Callable[[State], tuple[int, ...]], dict[Any, int]]] = []
        for component, parts in groups.items():
            g = add(parts)
            slots = set(slots_of(g))
            if component >= 0:
                slots |= {k for c in bounds.local[component] for k in slots_of(c)}
                slots -= set(moves.local[component])
            self.parts.append((component, g, chosen(sorted(slots & moves.control)), {}))

    def sum(self, state: State, cells: tuple[Cell, ...], sign: int, *, exactly: bool) -> int:
        """The largest that sign·(a - b) can be; or, not exactly, a bound on it."""
        return sum(self.extremes(state, cells, sign, exactly=exactly))

    def extremes(self, state: State, cells: tuple[Cell, ...], sign: int, *, exactly: bool) -> list[int]:
        """The largest value of every part, times the sign."""
        found: list[int] = []
        for component, g, pick, table in self.parts:
            key = pick(state), cells[component] if component >= 0 else (), sign, exactly
            value = table.get(key)
            if value is None:
                value = table[key] = self._extreme(component, g, state, cells, sign, exactly=exactly)
            found.append(value)
        return found

    def _extreme(
        self, component: int, g: Ground, state: State, cells: tuple[Cell, ...], sign: int, *, exactly: bool
    ) -> int:
        if component < 0:
            return sign * int(compiled(g)(state))
        found: list[int] = []
        for part in cells[component]:
            here = self.bounds.cells.put(state, component, part)
            form = scale(sign, self.bounds.moves.reduced(g, here))
            value = self.bounds.extreme(component, form, part, here, exactly=exactly)
            if value is not None:
                found.append(value)
        if not found:
            raise Impossible(f"component {component} can be nothing at all here")
        return max(found)

    def at(self, state: State) -> list[int]:
        """The value of every part at one state."""
        return [int(compiled(g)(state)) for _, g, _, _ in self.parts]


def conjuncts(g: Ground) -> tuple[Ground, ...]:
    """The clauses that must all hold."""
    return () if g == YES else g[1] if g[0] == "and" else (g,)


__all__ = ["Bounds", "Impossible", "Template", "conjuncts"]
