"""Is a plan safe? Control is enumerated, quantities are symbolic: over all interleavings, guests and tolerated faults.

A *location* is what shared control says, a cell per component (cells.py), and the facts that guards established and
nothing has touched since. At each one, the largest that a sum can be is the sum of the largest that its members can hold
(bounds.py): that decides most questions by looking numbers up, and z3 decides the rest. Invariants that were proved
once for the model, whatever the sizes, say what quantities are possible at all.

Soundness. Cells, facts and invariants contain every reachable state: `Holds` is a proof. They may contain more; so a
violation is shown only with concrete steps that the reference interpreter has replayed, and where none are found the
verdict is Unknown. Fault budgets are not part of a location: a location reached again with fewer faults left allows no
more than before (the language's legality check keeps budgets to that use).

Not checked here: liveness under unfair guests (a plan that can always go on may still be kept waiting).
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, product

from ...model.language import Instance, Kind, Property, Role, State, Step
from ..interpret import Run
from ..verdict import Figures, Holds, Unknown, Verdict, Violated
from .bounds import Bounds, conjuncts
from .cells import Cell, Part, covers
from .ground import NO, YES, Ground, compiled, join, negate, slots_of
from .moves import Edge, Moves
from .product import COMPLETES, NEVER_STUCK
from .realise import Realiser

Progress = Callable[[int, float], None]
"""Called now and then with the number of locations looked at and the seconds since the start."""

MOST_COMBINATIONS = 4096
"""Combinations of local control states that are looked at one by one; more of them end in Unknown."""


@dataclass(frozen=True, eq=False)
class Location:
    """Shared control, cells and facts, with one state there: the one that the fewest steps lead to, if `realized`."""

    state: State
    cells: tuple[Cell, ...]
    facts: frozenset[Ground]
    still: frozenset[int]
    length: int
    realized: bool
    before: Location | None
    steps: tuple[Step, ...]

    def path(self) -> tuple[Step, ...]:
        """The steps from the initial state to the location's state."""
        parts: list[tuple[Step, ...]] = []
        here: Location | None = self
        while here is not None:
            parts.append(here.steps)
            here = here.before
        return tuple(step for part in reversed(parts) for step in part)


@dataclass
class Found:
    """The shortest violation so far, and what looked like one but was never made to happen."""

    broken: Property | None = None
    steps: tuple[Step, ...] | None = None
    unresolved: list[str] = field(default_factory=list[str])

    @property
    def length(self) -> float:
        """How many steps the shortest violation takes."""
        return float("inf") if self.steps is None else len(self.steps)


class PlanCheck:
    """The verification of one planned instance."""

    def __init__(self, run: Run, proved: frozenset[str], assumptions: tuple[str, ...] = ()) -> None:
        """`proved` names the `always` properties that hold whatever the sizes, if they hold initially."""
        self.run, self.assumptions = run, assumptions
        instance: Instance = run.instance
        always = run.system.of_kind(Kind.ALWAYS)
        self.proved = tuple(p for p in always if p.name in proved)
        self.goals = tuple(p for p in always if p.name not in proved and p.name != NEVER_STUCK)
        self.stuck = run.system.property(NEVER_STUCK)
        self.moves = Moves(instance)
        self.bounds = Bounds(self.moves, self.proved)
        self.cells = self.bounds.cells
        self.realise = Realiser(run, self.moves)
        ground = self.moves.grounder.ground
        self.clauses = [(p, c) for p in self.goals for c in conjuncts(ground(p.term, {}))]
        self.finished = ground(run.system.property(COMPLETES).term, {})
        self.found = Found()
        self.seen: dict[tuple[int, ...], list[Location]] = {}
        self.locations = 0
        self.reached_end = False
        self.edges_taken = 0

    # ----------------------------------------------------------------------------------------------- the search
    def decide(self, progress: Progress | None = None) -> Verdict:
        """Holds, Violated with the shortest trace, or Unknown."""
        started = time.perf_counter()
        initial = self._initially()
        if initial is not None:
            return self._violated(initial, (), started)
        order = count()
        queue = [(0, next(order), self._first())]
        while queue and queue[0][0] < self.found.length:
            here = heapq.heappop(queue)[2]
            if self._known(here):
                continue
            if progress and self.locations % 64 == 0:
                progress(self.locations, time.perf_counter() - started)
            self._examine(here)
            for there in self._after(here):
                heapq.heappush(queue, (there.length, next(order), there))
        return self._verdict(started)

    def _known(self, here: Location) -> bool:
        """Whether all that is possible here was possible at a location looked at before."""
        before = self.seen.setdefault(self.moves.shared_of(here.state), [])
        left = self.moves.budget_of(here.state)
        for old in before:
            enough = all(a >= b for a, b in zip(self.moves.budget_of(old.state), left, strict=True))
            if enough and old.facts <= here.facts and all(map(covers, old.cells, here.cells)):
                return True
        before.append(here)
        self.locations += 1
        return False

    def _verdict(self, started: float) -> Verdict:
        found = self.found
        if found.steps is not None and found.broken is not None:
            return self._violated(found.broken, found.steps, started)
        figures = self._figures(started)
        if found.unresolved:
            why = "could not be made to happen, nor excluded: " + "; ".join(found.unresolved)
            return Unknown(self.run.world.name, why, figures)
        if not self.reached_end:
            raise AssertionError("a plan that is never stuck and never finishes")
        checked = tuple(p.name for p in (*self.proved, *self.goals, self.stuck))
        how = "control enumerated, quantities symbolic, invariants proved for any sizes"
        return Holds(self.run.world.name, how, checked, figures, self.assumptions)

    def _violated(self, p: Property, steps: tuple[Step, ...], started: float) -> Violated:
        states = self.run.replay(steps)
        assert not self.run.holds(p, states[-1]), f"{p.name} holds after {steps}"
        return Violated(
            self.run.world.name, p.name, p.sentence, steps, self._figures(started), assumptions=self.assumptions
        )

    def _figures(self, started: float) -> Figures:
        return Figures(self.locations, self.edges_taken, 0, {}, time.perf_counter() - started)

    def _initially(self) -> Property | None:
        """The first property that the initial state itself breaks."""
        state = self.run.initial()[0]
        for p in (*self.proved, *self.goals):
            if not self.run.holds(p, state):
                return p
        return None

    def _first(self) -> Location:
        state = self.run.initial()[0]
        none = (0,) * len(self.moves.budgets)
        entry = tuple(
            (Part(tuple(state[k] for k in local), tuple((state[k], state[k]) for k in slots), none),)
            for local, slots in zip(self.moves.local, self.moves.components, strict=True)
        )
        cells, still = self._closed(entry, state)
        return Location(state, cells, frozenset(), still, 0, True, None, ())

    def _closed(self, entry: tuple[Cell, ...], state: State) -> tuple[tuple[Cell, ...], frozenset[int]]:
        closed = [self.cells.closed(i, cell, state) for i, cell in enumerate(entry)]
        return tuple(cell for cell, _ in closed), frozenset(i for i, (_, still) in enumerate(closed) if still)

    # ---------------------------------------------------------------------------------------------- what is wrong
    def _examine(self, here: Location) -> None:
        for p, clause in self.clauses:
            if not self.bounds.certain(clause, here.state, here.cells):
                self._suspect(here, p, negate(clause), here.cells)
        waiting = self._waiting(here)
        if waiting is not None:
            self._combinations(here, waiting)

    def _suspect(self, here: Location, p: Property, wrong: Ground, cells: tuple[Cell, ...]) -> None:
        """Something may be wrong here: find out, and if so by how few steps."""
        least = self._fewest_needed(here, wrong, cells)
        if here.length + least >= self.found.length:
            return
        limit = int(min(self.found.length - here.length - 1, 60))
        steps: tuple[Step, ...] | None = None
        excluded = True
        for choice in self._choices(here, wrong, cells):
            state = here.state
            for i, part in enumerate(choice):
                state = self.cells.put(state, i, part)
            if self._too_many_faults(choice, state):
                continue
            boxes = tuple(part.box for part in choice)
            if self.bounds.witness(wrong, state, boxes, here.facts) is None:
                continue
            excluded = False
            found = self.realise.violate(here.state, choice, wrong, least, limit) if here.realized else None
            if found is not None and len(found) <= limit:
                steps, limit = found, len(found) - 1
                if limit < least:
                    break
        if steps is not None:
            self.found.broken, self.found.steps = p, here.path() + steps
        elif not excluded and self.found.steps is None:
            self.found.unresolved.append(f"{p.name} after {len(here.path())} steps")

    def _too_many_faults(self, choice: tuple[Part, ...], state: State) -> bool:
        left = self.moves.budget_of(state)
        needed = [sum(part.faults[i] for part in choice) for i in range(len(left))]
        return any(n > b for n, b in zip(needed, left, strict=True))

    def _choices(self, here: Location, wrong: Ground, cells: tuple[Cell, ...]) -> Iterator[tuple[Part, ...]]:
        """Local control states to try: where the location's state is first, then every combination that matters."""
        asked = self.moves.homes_in(wrong)
        now = [self._part_at(i, cell, here.state) for i, cell in enumerate(cells)]
        options = [
            sorted(cell, key=lambda part, own=own: (part is not own, sum(part.faults))) if i in asked else [own]
            for i, (cell, own) in enumerate(zip(cells, now, strict=True))
        ]
        for tried, choice in enumerate(product(*options)):
            if tried >= MOST_COMBINATIONS:
                self.found.unresolved.append("too many combinations of local states")
                return
            yield choice

    def _part_at(self, component: int, cell: Cell, state: State) -> Part:
        local = tuple(state[k] for k in self.moves.local[component])
        return next((part for part in cell if part.local == local), cell[0])

    def _fewest_needed(self, here: Location, wrong: Ground, cells: tuple[Cell, ...]) -> int:
        """A lower bound on the steps to the violation of an inequality: every step changes one component's part."""
        if wrong[0] != "not" or wrong[1][0] != "<=" or not self.bounds.template(wrong[1]).separable:
            return 0
        template = self.bounds.template(wrong[1])
        now = template.at(here.state)
        missing = 1 - sum(now)
        pairs = template.pairs(here.state, cells)
        gains = sorted((most - n for (most, _), n in zip(pairs, now, strict=True)), reverse=True)
        needed = 0
        while missing > 0 and needed < len(gains):
            missing -= gains[needed]
            needed += 1
        return needed

    # ------------------------------------------------------------------------------------------ stuck or going on
    def _waiting(self, here: Location) -> tuple[Cell, ...] | None:
        """The local states in which components do not go on by themselves; None where some component always does."""
        waiting: list[Cell] = []
        for i, cell in enumerate(here.cells):
            kept = tuple(part for part in cell if self._may_wait(i, part, here.state))
            if not kept:
                return None
            waiting.append(kept)
        return tuple(waiting)

    def _may_wait(self, component: int, part: Part, state: State) -> bool:
        """Whether a component in this part may be unable to carry anything on."""
        here = self.cells.put(state, component, part)
        alone = [
            guards
            for guards in self._own_ways(component, here)
            if all(self.moves.components_in(g) <= {component} for g in guards)
        ]
        blocked = join("and", (negate(join("and", guards)) for guards in alone))
        return self.cells.can_be(component, self.moves.reduced(blocked, here), here, part.box)

    def _own_ways(self, component: int, state: State) -> Iterator[tuple[Ground, ...]]:
        """What each action by which the component carries itself on asks of quantities, its amount being one."""
        for e in self.moves.edges_of[component]:
            if e.action.by.role in (Role.PLANNED, Role.AUTOMATIC) and compiled(e.control)(state):
                yield e.guards
        for f in self.moves.running(component, state):
            if f.action.by.role is Role.AUTOMATIC:
                yield f.least

    def _combinations(self, here: Location, waiting: tuple[Cell, ...]) -> None:
        """Every combination of waiting members: is the plan finished, or can some step that it shares be taken?"""
        asked = self._asked_by_plan
        options = [cell if i in asked else cell[:1] for i, cell in enumerate(waiting)]
        for tried, choice in enumerate(product(*options)):
            if tried >= MOST_COMBINATIONS:
                self.found.unresolved.append("too many combinations of waiting members")
                return
            state = here.state
            for i, part in enumerate(choice):
                state = self.cells.put(state, i, part)
            if self._too_many_faults(choice, state):
                continue
            cells = tuple((part,) if i in asked else waiting[i] for i, part in enumerate(choice))
            blocked = self._blocked(state, cells)
            if blocked != NO:
                self._suspect(here, self.stuck, blocked, cells)

    @property
    def _asked_by_plan(self) -> frozenset[int]:
        """The components whose local control decides whether the plan is finished, or which shared step is enabled."""
        gs = [self.finished, *(e.control for e in self.moves.shared_edges)]
        return frozenset(c for g in gs for c in self.moves.homes_in(g))

    def _blocked(self, state: State, cells: tuple[Cell, ...]) -> Ground:
        """The condition on quantities under which the plan is unfinished and nothing carries it on."""
        finished = self.moves.reduced(self.finished, state)
        self.reached_end |= finished != NO
        if finished == YES:
            return NO
        conditions = [negate(finished)]
        for e in self.moves.shared_edges:
            if e.action.by.role in (Role.PLANNED, Role.AUTOMATIC) and compiled(e.control)(state):
                if all(self.bounds.certain(g, state, cells) for g in e.guards):
                    return NO
                conditions.append(negate(join("and", e.guards)))
        for i in range(len(cells)):
            conditions += [negate(join("and", guards)) for guards in self._own_ways(i, state)]
        return join("and", conditions)

    # ------------------------------------------------------------------------------------------------ what follows
    def _after(self, here: Location) -> Iterator[Location]:
        for e in self.moves.shared_edges:
            cells = self._meeting(here, e)
            if cells is not None and all(self.bounds.possible(g, here.state, cells) for g in e.guards):
                self.edges_taken += 1
                yield self._take(here, e, cells)

    def _meeting(self, here: Location, e: Edge) -> tuple[Cell, ...] | None:
        """The cells that meet what the edge asks of control; None where some cell cannot."""
        cells = list(here.cells)
        for clause in conjuncts(e.control):
            asked = self.moves.homes_in(clause)
            if not asked and not compiled(clause)(here.state):
                return None
            if len(asked) == 1:
                (i,) = asked
                cells[i] = tuple(part for part in cells[i] if compiled(clause)(self.cells.put(here.state, i, part)))
                if not cells[i]:
                    return None
        return tuple(cells)

    def _take(self, here: Location, e: Edge, cells: tuple[Cell, ...]) -> Location:
        entry = tuple(self._moved(i, cell, here.state, e) for i, cell in enumerate(cells))
        steps, state = self._steps(here, e)
        realized = here.realized and state is not None
        shown = state if state is not None else self._written(here.state, e)
        closed, still = self._closed(entry, shown)
        facts = self._facts(here, e, cells, still)
        return Location(shown, closed, facts, still, here.length + len(steps), realized, here, steps)

    def _steps(self, here: Location, e: Edge) -> tuple[tuple[Step, ...], State | None]:
        """The fewest steps from the location's state that end with the edge, and the state after them."""
        taken = Step(e.action.name, e.arguments)
        before = self.realise.enable(here.state, e) if here.realized else None
        if before is None:
            return (taken,), None
        steps, state = before
        return (*steps, taken), self._written(state, e)

    def _written(self, state: State, e: Edge) -> State:
        after = list(state)
        for slot, value in e.writes:
            at = slot[1] if slot[0] == "slot" else compiled(slot)(state)
            after[at] = int(compiled(value)(state))
        return tuple(after)

    def _moved(self, component: int, cell: Cell, state: State, e: Edge) -> Cell:
        """What the edge makes of a cell: its guards narrow it, its writes change it."""
        found: dict[tuple[int, ...], Part] = {}
        for part in cell:
            here = self.cells.put(state, component, part)
            for after in self.cells.take(component, part, here, e):
                known = found.get(after.local)
                found[after.local] = after if known is None else self.cells.join(known, after)
        return tuple(sorted(found.values()))

    def _facts(self, here: Location, e: Edge, cells: tuple[Cell, ...], still: frozenset[int]) -> frozenset[Ground]:
        """Conditions between components that the guards established, or that held before, and that nothing can move."""
        written = {slot[1] for slot, _ in e.writes if slot[0] == "slot"}
        learned: list[Ground] = []
        if all(len(cells[i]) == 1 for g in e.guards for i in self.moves.homes_in(g)):
            state = here.state
            for i, cell in enumerate(cells):
                state = self.cells.put(state, i, cell[0])
            learned = [p for g in e.guards for p in conjuncts(self.moves.reduced(g, state))]
        return frozenset(
            f
            for f in (*here.facts, *learned)
            if len(asked := self.moves.components_in(f)) > 1 and asked <= still and not slots_of(f) & written
        )


def verify(
    run: Run, proved: frozenset[str], assumptions: tuple[str, ...] = (), progress: Progress | None = None
) -> Verdict:
    """Decide a planned instance. Raises ModelError for a plan whose actions have no place here."""
    return PlanCheck(run, proved, assumptions).decide(progress)
