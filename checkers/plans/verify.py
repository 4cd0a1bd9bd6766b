"""Is a plan safe? Control is enumerated, quantities are symbolic: over all interleavings, environments and faults.

At every location (locations.py) the largest that a sum can be is the sum of the largest that its members can hold
(bounds.py): that decides most questions by looking numbers up, and z3 decides the rest. Invariants that were proved
once for the model, whatever the sizes, say what quantities are possible at all.

Soundness. Cells, facts and invariants contain every reachable state: `Holds` is a proof. They may contain more; so a
violation is shown only with concrete steps that the reference interpreter has replayed, and where none are found the
verdict is Unknown. Fault budgets are not part of a location: a location reached again with fewer faults left allows no
more than before (the language's legality check keeps budgets to that use).

Not checked here: liveness under an unfair environment (a plan that can always go on may still be kept waiting).
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations, count, product

from ...model.language import Instance, Kind, Property, Role, State, Step
from ..interpret import Run
from ..verdict import Figures, Holds, Unknown, Verdict, Violated
from .bounds import Bounds, Impossible, conjuncts
from .cells import Cell, Part, covers
from .ground import NO, YES, Ground, compiled, join, negate
from .locations import MOST_COMBINATIONS, Location, Locations
from .moves import Moves
from .product import COMPLETES, NEVER_STUCK
from .realise import Realiser
from .shortest import alternatives

Progress = Callable[[int, float], None]
"""Called now and then with the number of locations looked at and the seconds since the start."""

MOST_STEPS = 60
"""Steps at one location beyond which a violation is not looked for."""


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
        self.realise = Realiser(self.bounds)
        (initial,) = run.initial()  # a plan starts from one inventory
        self.locations = Locations(self.bounds, self.realise, initial)
        ground = self.moves.grounder.ground
        self.clauses = [(p, c) for p in self.goals for c in conjuncts(ground(p.term, {}))]
        self.finished = ground(run.system.property(COMPLETES).term, {})
        self.found = Found()
        self.seen: dict[tuple[int, ...], list[Location]] = {}
        self.looked_at = 0
        self.reached_end = False

    # ----------------------------------------------------------------------------------------------- the search
    def decide(self, progress: Progress | None = None) -> Verdict:
        """Holds, Violated with the shortest trace, or Unknown."""
        started = time.perf_counter()
        initial = self._initially()
        if initial is not None:
            return self._violated(initial, (), started)
        order = count()
        queue = [(0, next(order), self.locations.first())]
        while queue and queue[0][0] < self.found.length:
            arrived = heapq.heappop(queue)[2]
            if self._known(arrived, arriving=True):
                continue
            here = self.locations.closed(arrived)
            if self._known(here):
                continue
            self.seen[self.moves.shared_of(here.state)].append(here)
            self.looked_at += 1
            if progress and self.looked_at % 64 == 0:
                progress(self.looked_at, time.perf_counter() - started)
            with suppress(Impossible):
                self._examine(here)
                for there in self.locations.after(here):
                    heapq.heappush(queue, (there.length, next(order), there))
        return self._verdict(started)

    def _known(self, here: Location, *, arriving: bool = False) -> bool:
        """Whether all that is possible here was possible at a location looked at before.

        One that arrives may still lose facts; so it is compared with locations that have none. That suffices to know
        it before it is closed: what is closed and covers where it begins covers where it leads.
        """
        before = self.seen.setdefault(self.moves.shared_of(here.state), [])
        left = self.moves.budget_of(here.state)
        for old in before:
            enough = all(a >= b for a, b in zip(self.moves.budget_of(old.state), left, strict=True))
            no_more = not old.facts if arriving else old.facts <= here.facts
            if enough and no_more and all(map(covers, old.cells, here.cells)):
                return True
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
        return Figures(self.looked_at, self.locations.edges_taken, 0, {}, time.perf_counter() - started)

    def _initially(self) -> Property | None:
        """The first property that the initial state itself breaks."""
        state = self.run.initial()[0]
        for p in (*self.proved, *self.goals):
            if not self.run.holds(p, state):
                return p
        return None

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
        limit = int(min(self.found.length - here.length - 1, MOST_STEPS))
        steps: tuple[Step, ...] | None = None
        excluded = True
        for changed, choice in self._choices(here, wrong, cells):
            if max(changed, least) > limit:
                break
            if self._excluded(here, wrong, choice):
                continue
            excluded = False
            found = self.realise.violate(here.state, choice, wrong, least, limit) if here.realized else None
            if found is not None and len(found) <= limit:
                steps, limit = found, len(found) - 1
        if steps is not None:
            self.found.broken, self.found.steps = p, here.path() + steps
        elif not excluded and self.found.steps is None:
            self.found.unresolved.append(f"{p.name} after {len(here.path())} steps")

    def _excluded(self, here: Location, wrong: Ground, choice: tuple[Part, ...]) -> bool:
        """Whether these local states take more faults than are tolerated, or allow no quantities that are wrong."""
        state = here.state
        for i, part in enumerate(choice):
            state = self.cells.put(state, i, part)
        if self._too_many_faults(choice, state):
            return True
        if wrong[0] == "not" and self.bounds.certain(wrong[1], here.state, tuple((part,) for part in choice)):
            return True
        separable = wrong[0] == "not" and wrong[1][0] == "<=" and self.bounds.template(wrong[1]).separable
        if separable and not here.facts:
            return False  # the extremes of independent components are met together
        boxes = tuple(part.box for part in choice)
        return self.bounds.witness(wrong, state, boxes, here.facts) is None

    def _too_many_faults(self, choice: tuple[Part, ...], state: State) -> bool:
        left = self.moves.budget_of(state)
        needed = [sum(part.faults[i] for part in choice) for i in range(len(left))]
        return any(n > b for n, b in zip(needed, left, strict=True))

    def _choices(
        self, here: Location, wrong: Ground, cells: tuple[Cell, ...]
    ) -> Iterator[tuple[int, tuple[Part, ...]]]:
        """Local control states to try, those that change the fewest components first, with how many they change."""
        asked = self.moves.homes_in(wrong)
        now = tuple(self._part_at(i, cell, here.state) for i, cell in enumerate(cells))
        others = {i: [p for p in cells[i] if p is not now[i]] for i in asked if len(cells[i]) > 1}
        tried = 0
        for changed in range(len(others) + 1):
            for chosen in combinations(others, changed):
                for parts in product(*(others[i] for i in chosen)):
                    tried += 1
                    if tried > MOST_COMBINATIONS:
                        self.found.unresolved.append("too many combinations of local states")
                        return
                    replaced = dict(zip(chosen, parts, strict=True))
                    yield changed, tuple(replaced.get(i, part) for i, part in enumerate(now))

    def _part_at(self, component: int, cell: Cell, state: State) -> Part:
        local = tuple(state[k] for k in self.moves.local[component])
        return next((part for part in cell if part.local == local), cell[0])

    def _fewest_needed(self, here: Location, wrong: Ground, cells: tuple[Cell, ...]) -> int:
        """A lower bound on the steps to a violation: every step changes one part of an inequality."""
        return min(self._fewest_to_exceed(here, g, cells) for g in alternatives(wrong))

    def _fewest_to_exceed(self, here: Location, wrong: Ground, cells: tuple[Cell, ...]) -> int:
        if wrong[0] != "not" or wrong[1][0] != "<=" or not self.bounds.template(wrong[1]).separable:
            return 0
        template = self.bounds.template(wrong[1])
        now = template.at(here.state)
        missing = 1 - sum(now)
        most = template.extremes(here.state, cells, 1, exactly=True)
        gains = sorted((m - n for m, n in zip(most, now, strict=True)), reverse=True)
        needed = 0
        while missing > 0 and needed < len(gains):
            missing -= gains[needed]
            needed += 1
        return needed if missing <= 0 else MOST_STEPS

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


def verify(
    run: Run, proved: frozenset[str], assumptions: tuple[str, ...] = (), progress: Progress | None = None
) -> Verdict:
    """Decide a planned instance. Raises ModelError for a plan whose actions have no place here."""
    return PlanCheck(run, proved, assumptions).decide(progress)
