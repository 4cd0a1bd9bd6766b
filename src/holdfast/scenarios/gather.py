"""Scenarios of a mutant, of a world, of a plan: many, by cause, each as light as it can be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..checkers.interpret import Run
from ..checkers.plans.product import NEVER_STUCK
from ..checkers.scenarios import Counterexample, Found, Limits, Scale, find, find_lost, shrink
from ..checkers.verdict import Unknown, Verdict, Violated
from ..model.inventory import Vm
from ..model.language import Kind, Sort
from .origin import FAULTS_MOST, Origin, budgets
from .scenario import LIVENESS, Scenario

COUNTED: tuple[Sort, ...] = (Vm,)
"""The members that are counted: VMs."""


@dataclass(frozen=True)
class Wanted:
    """How many scenarios, and how many faults and steps in one (None: as many as it takes)."""

    most: int
    faults: int | None = None
    steps: int | None = None
    states: int = Limits().states

    @property
    def limits(self) -> Limits:
        """How far a search goes."""
        return Limits(self.faults, self.steps, self.states)


@dataclass(frozen=True)
class Gathered:
    """The scenarios, those of most interest first; `unfinished` says why there may be more, if there may.

    `tried` names each fault of which one more was allowed, since nothing breaks without.
    """

    scenarios: tuple[Scenario, ...]
    unfinished: str | None = None
    tried: tuple[str, ...] = ()


def of_mutant(name: str, wanted: Wanted) -> Gathered:
    """What a deliberate bug breaks: first the property that must notice it, then others. Raises NotKnown."""
    from ..specs.mutants import MUTANTS

    run = Origin(mutant=name).run()
    mutant = MUTANTS[name]
    origin = Origin(mutant.world, mutant=name)
    whole = _found(run, wanted)
    first = [_naming(mutant.breaks, one) for one in whole.counterexamples if mutant.breaks in one.cause.properties]
    others = [one for one in whole.counterexamples if mutant.breaks not in one.cause.properties]
    if not first:  # it breaks only after something else broke: what comes of it alone is looked for too
        alone = _found(_only(run, lambda p: p == mutant.breaks), replace(wanted, most=1))
        first = list(alone.counterexamples)
    found = [*first, *others][: wanted.most]
    return Gathered(tuple(Scenario(origin, run, one) for one in found), whole.unfinished)


def _naming(name: str, one: Counterexample) -> Counterexample:
    """The counterexample with this property named before the others that it breaks."""
    others = tuple(p for p in one.cause.properties if p != name)
    return replace(one, cause=replace(one.cause, properties=(name, *others)))


def of_world(name: str, wanted: Wanted) -> Gathered:
    """What breaks in a world; where nothing does, what one more fault of a kind breaks. Raises NotKnown."""
    scenarios: list[Scenario] = []
    unfinished = _add_all(scenarios, list(_asking(Origin(world=name))), wanted)
    if scenarios or unfinished:
        return Gathered(tuple(scenarios), unfinished)
    before = budgets(Origin(world=name).run())
    raised = [{fault: count + 1} for fault, count in before.items() if count < FAULTS_MOST]
    for more in raised:
        if len(scenarios) < wanted.most:
            origins = list(_asking(Origin(world=name, tolerated=more)))
            unfinished = _add_all(scenarios, origins, wanted) or unfinished
    return Gathered(tuple(scenarios), unfinished, tuple(fault for more in raised for fault in more))


def _asking(origin: Origin) -> Iterator[Origin]:
    """The origin as it is; and, where a liveness property is decided in its world, as one that asks that."""
    from ..specs.decided import asked

    yield origin
    if any(one.world == origin.world for one in asked()):
        yield replace(origin, lively=True)


def _add_all(scenarios: list[Scenario], origins: list[Origin], wanted: Wanted) -> str | None:
    """Add what is found of other causes than those known; why there may be more."""
    unfinished: str | None = None
    for origin in origins:
        left = wanted.most - len(scenarios)
        if not left:
            return _asked_for(wanted)
        run = origin.run()
        found = _found(run, replace(wanted, most=left))
        unfinished = unfinished or found.unfinished
        scenarios += [Scenario(origin, run, one) for one in found.counterexamples if _is_new(one, scenarios)]
    return unfinished


def _is_new(one: Counterexample, scenarios: list[Scenario]) -> bool:
    return not any(s.counterexample.cause.covers(one.cause) for s in scenarios)


def _found(run: Run, wanted: Wanted) -> Found:
    asks_graph = bool(run.system.of_kind(*LIVENESS)) and not run.system.of_kind(Kind.ALWAYS, Kind.STEP)
    search = find_lost if asks_graph else find
    return search(run, most=wanted.most, counted=COUNTED, limits=wanted.limits)


def _only(run: Run, kept: Callable[[str], bool]) -> Run:
    """The run that asks some of its properties only; assumptions stay."""
    asked = (Kind.ALWAYS, Kind.STEP, *LIVENESS)
    properties = tuple(p for p in run.system.properties if p.kind not in asked or kept(p.name))
    return Run(replace(run.system, properties=properties), run.world)


def _asked_for(wanted: Wanted) -> str:
    return f"{wanted.most} were asked for"


# --------------------------------------------------------------------------------------------------------- a plan
def of_plan(file: Path, wanted: Wanted) -> Gathered:
    """What breaks a plan at its real sizes, without faults first; where nothing does, what one more fault breaks.

    Raises BadInput for a plan that cannot be used.
    """
    from ..inputs.load import load_plan
    from ..planning import FAULT_WORDS

    plan = load_plan(file)
    counts = {name: getattr(plan.faults, name) for name in FAULT_WORDS}
    most = FAULTS_MOST if wanted.faults is None else wanted.faults
    levels = [dict.fromkeys(counts, 0), {name: min(count, most) for name, count in counts.items()}]
    found = _Planned(file, wanted)
    for tolerated in levels[: 1 if levels[0] == levels[1] else 2]:
        found.add({name: n for name, n in tolerated.items() if n != counts[name]})
    if found.scenarios or found.unfinished:
        return Gathered(tuple(found.scenarios), found.unfinished)
    raised = {name: n + 1 for name, n in counts.items() if n < most}
    for name, n in raised.items():
        found.add({name: n})
    return Gathered(tuple(found.scenarios), found.unfinished, tuple(raised))


class _Planned:
    """The scenarios of a plan, with more and more faults."""

    def __init__(self, file: Path, wanted: Wanted) -> None:
        self.file, self.wanted = file, wanted
        self.as_it_is = Origin(plan=file)
        self.scenarios: list[Scenario] = []
        self.unfinished: str | None = None

    def add(self, tolerated: dict[str, int]) -> None:
        """One counterexample for each property that breaks: without the one found, the plan is asked about again.

        With fewer faults than the plan tolerates, it is one of the plan as it is.
        """
        asked = Origin(plan=self.file, tolerated=tolerated).run()
        before = budgets(self.as_it_is.run())
        raised = {name: n for name, n in tolerated.items() if n > before[name]}
        origin = replace(self.as_it_is, tolerated=raised)
        run, found = origin.run(), set[str]()
        while not self.unfinished:
            verdict = _decide(asked)
            if isinstance(verdict, Unknown):
                self.unfinished = verdict.why
            if not isinstance(verdict, Violated):
                return
            one = shrink(Scale(run, COUNTED), verdict.steps, verdict.property, verdict.initial)
            if self.wanted.faults is not None and one.cost.faults > self.wanted.faults:
                self.unfinished = f"what else was found has more faults than {self.wanted.faults}"
            elif _is_new(one, self.scenarios):
                self.scenarios.append(Scenario(origin, run, one))
            if len(self.scenarios) == self.wanted.most:
                self.unfinished = _asked_for(self.wanted)
            if verdict.property == NEVER_STUCK:  # which the engine cannot do without
                return
            found.add(verdict.property)
            asked = _only(asked, lambda name: name not in found)


def _decide(run: Run) -> Verdict:
    from ..checkers.plans.verify import verify
    from ..specs.proved import proved_for

    return verify(run, proved_for(run.system), ())
