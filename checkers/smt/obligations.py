"""Proof for any number of members of every sort, and any sizes: the obligations, each with its name and its fate.

The `always` properties are proved together, by induction: they hold in every initial state, and each action preserves
each of them from any state in which all of them hold. Every assignment stays in its field's range. Every action can
happen in such a state, or its proofs would be empty. What sums may be taken to do is proved too (the lemmas).

A proof speaks of every world whose constants are not negative, that meets the assumptions (`assume`), and whose
fields start as declared; `uncovered` says what a given world lacks.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...model.language import Action, Field, Kind, Property, System, Term
from ..interpret import Run
from ..verdict import Figures, Holds, Unknown
from .anysize import Scene
from .meaning import bounded, footprint
from .scopes import Blocking, Question, blocking
from .z3types import conj, neg


class Status(enum.Enum):
    """What became of an obligation."""

    PROVED = "proved"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Obligation:
    """Something that had to be shown. `blocking` is a state that shows it false; `why` says what else ended it.

    A lemma that is not proved is not used: what is proved without it stands.
    """

    name: str
    action: str | None
    property: str | None
    status: Status
    seconds: float
    blocking: Blocking | None = None
    why: str = ""
    lemma: bool = False


@dataclass(frozen=True)
class Proof:
    """The obligations of a system for any size."""

    obligations: tuple[Obligation, ...]
    properties: tuple[str, ...]
    assumptions: tuple[str, ...]
    seconds: float

    @property
    def open(self) -> tuple[Obligation, ...]:
        """The obligations that are not proved (lemmas aside)."""
        return tuple(o for o in self.obligations if o.status is not Status.PROVED and not o.lemma)

    @property
    def proved(self) -> bool:
        """Every obligation is."""
        return not self.open

    @property
    def inductive(self) -> bool:
        """Every obligation about an action is proved; whether a world starts well is left to `uncovered`."""
        return all(o.action is None for o in self.open)

    def named(self, name: str) -> Obligation:
        """The obligation of that name. Raises KeyError."""
        for o in self.obligations:
            if o.name == name:
                return o
        raise KeyError(name)

    def verdict(self) -> Holds | Unknown:
        """Holds for any world that the assumptions allow, or Unknown: a state that blocks may not be reachable."""
        figures = Figures(seconds=self.seconds)
        if self.proved:
            how = f"inductive for any number of members and any sizes, in {len(self.obligations)} obligations"
            return Holds("any world", how, self.properties, figures, self.assumptions)
        return Unknown("any world", "; ".join(f"{o.name}: {o.status.value}" for o in self.open), figures)


ANY_WORLD = ("Constants are not negative.", "Fields start as declared.")


def prove(system: System, properties: Iterable[Property] | None = None, *, seconds: float = 20.0) -> Proof:
    """Prove `always` and `step` properties (all of them, unless given) together, for any number of members.

    `seconds` limits each question to z3.
    """
    started = time.perf_counter()
    goals = tuple(system.of_kind(Kind.ALWAYS, Kind.STEP) if properties is None else properties)
    prover = Prover(system, goals, seconds)
    found = tuple(prover.obligations())
    assumed = (*ANY_WORLD, *(p.sentence for p in system.of_kind(Kind.ASSUME, Kind.INITIALLY)))
    return Proof(found, tuple(p.name for p in goals), assumed, time.perf_counter() - started)


def uncovered(run: Run, properties: Iterable[Property] | None = None) -> Iterator[str]:
    """Why a proof for any size does not speak of this world; nothing if it does.

    The initial states are looked at one by one, so a world may start its fields elsewhere than declared.
    """
    system, instance = run.system, run.instance
    goals = tuple(system.of_kind(Kind.ALWAYS) if properties is None else properties)
    for f, values in instance.fixed.items():
        if bounded(f) and min(values, default=0) < 0:
            yield f"{f!r} is negative"
    asked = [p for p in (*system.of_kind(Kind.ASSUME), *goals) if p.kind is not Kind.STEP]
    for state in run.initial():
        limits = zip(state, instance.highs, strict=True)
        if any(value < 0 or value > high for value, high in limits):
            yield f"an initial state is out of range: {run.shown(state)}"
        yield from (f"not so in an initial state: {p.sentence}" for p in asked if not run.holds(p, state))


class Prover:
    """The obligations of a system, one after the other. Lemmas are proved when first asked for."""

    def __init__(self, system: System, goals: tuple[Property, ...], seconds: float) -> None:
        """Nothing proved yet."""
        self.system, self.goals, self.seconds = system, goals, seconds
        given = system.of_kind(Kind.ASSUME)
        self.invariants = tuple(p for p in goals if p.kind is Kind.ALWAYS)
        self.constant = tuple(p for p in given if all(f.rigid for f in footprint(p.term)))
        self.held = (*self.constant, *self.invariants)
        self.at_start = (*given, *system.of_kind(Kind.INITIALLY))
        self.lemmas: dict[object, Obligation] = {}
        self.base: Scene | None = None

    def obligations(self) -> Iterator[Obligation]:
        """Every obligation; those about initial states first, lemmas last."""
        yield from self._starts()
        for p in self.invariants:
            yield self._initially(p)
        for a in self.system.actions:
            yield from self.about(a)
        yield from self.lemmas.values()

    def about(self, action: Action) -> Iterator[Obligation]:
        """The obligations of one action."""
        yield self._possible(action)
        yield self._typed(action)
        for p in self.goals:
            yield self.keeps(action, p)

    # ---------------------------------------------------------------------------------------------- lemmas
    def positive(self, total: Term, *, starting: bool) -> bool:
        """No member contributes less than nothing."""
        key = total, starting
        if key not in self.lemmas:
            scene = Scene(self.system, starting=starting)
            if not starting:
                scene.assume(*(p.term for p in self.held))
            var, _, _ = total.args
            env = {v: scene.anything(v, "of") for v in total.free}
            scene.facts.append(scene.contribution(total, env, scene.someone(var.sort, "any"), after=False) < 0)
            when = " at the start" if starting else ""
            scene.deepen(total)
            self._lemma(key, f"lemma: no contribution to {total} is negative{when}", None, scene)
        return self.lemmas[key].status is Status.PROVED

    def framed(self, action: Action, total: Term) -> bool:
        """Only the members that the action writes change what they contribute."""
        key = action, total
        if key not in self.lemmas:
            scene = self._before(action)  # not a fork: a scene may ask for this lemma while it is being refuted
            bystander = scene.someone(total.args[0].sort, "bystander")
            env = {v: scene.anything(v, "of") for v in total.free}
            scene.facts += [neg(bystander == m) for m in scene.acting(total)]
            before, after = (scene.contribution(total, env, bystander, after=x) for x in (False, True))
            scene.facts.append(after != before)
            scene.deepen(total)
            self._lemma(key, f"lemma: {action.name} leaves bystanders' contributions to {total}", action.name, scene)
        return self.lemmas[key].status is Status.PROVED

    def _lemma(self, key: object, name: str, action: str | None, scene: Scene) -> None:
        started = time.perf_counter()
        result = scene.refuted(self.seconds)
        status = Status.PROVED if result == "proved" else Status.UNKNOWN
        spent = time.perf_counter() - started
        self.lemmas[key] = Obligation(name, action, None, status, spent, why=_why(result), lemma=True)

    # ---------------------------------------------------------------------------------------------- initial states
    def _starts(self) -> Iterator[Obligation]:
        """Every field whose start is not obviously in its range starts there."""
        for s in self.system.sorts:
            for f in s.fields:
                if not f.rigid and bounded(f) and isinstance(f.start, (int, Field)) and f.start != 0:
                    scene = Scene(self.system, starting=True, lemmas=self)
                    scene.assume(*(p.term for p in self.at_start))
                    scene.facts.append(neg(conj(scene.start_in_range(f, scene.someone(s, "any")))))
                    yield self._settle(f"{f!r} starts in its range", None, None, scene, None)

    def _initially(self, p: Property) -> Obligation:
        scene = Scene(self.system, starting=True, lemmas=self)
        scene.assume(*(x.term for x in self.at_start))
        scene.deny(p.term, after=False)
        asked = Question(self.system, self.at_start, broken=p, starting=True)
        return self._settle(f"initially {p.name}", None, p, scene, asked)

    # ---------------------------------------------------------------------------------------------- actions
    def _scene(self, action: Action) -> Scene:
        """Before the action: its requirements and all that is held are true."""
        if self.base is None or self.base.action is not action:
            self.base = self._before(action)
        return self.base.fork()

    def _before(self, action: Action) -> Scene:
        scene = Scene(self.system, action, lemmas=self)
        scene.assume(*(r.term for r in action.requires), *(p.term for p in self.held))
        return scene

    def _possible(self, action: Action) -> Obligation:
        """Requirements and invariants can be true together: a state is shown in which they are."""
        started = time.perf_counter()
        shown = blocking(Question(self.system, self.held, action), self.seconds, least=False)
        status, why = Status.PROVED, ""
        if shown is None:
            status, why = Status.UNKNOWN, "no state with few members was found in which it can happen"
            if self._scene(action).refuted(self.seconds, comparing=True) == "proved":
                status, why = (
                    Status.FAILED,
                    "what it requires contradicts the invariants or itself: proofs about it are empty",
                )
        spent = time.perf_counter() - started
        return Obligation(f"{action.name} can happen", action.name, None, status, spent, shown, why)

    def _typed(self, action: Action) -> Obligation:
        scene = self._scene(action)
        scene.facts.append(neg(scene.in_range()))
        asked = Question(self.system, self.held, action, leaves=True)
        return self._settle(f"{action.name} assigns within range", action, None, scene, asked)

    def keeps(self, action: Action, p: Property) -> Obligation:
        """The action keeps the property, if all that is held was so before."""
        name = f"{action.name} keeps {p.name}"
        if p.kind is Kind.ALWAYS and footprint(p.term).isdisjoint(w.field for w in action.writes):
            return Obligation(name, action.name, p.name, Status.PROVED, 0.0, why="it writes nothing that is read there")
        scene = self._scene(action)
        scene.facts.append(scene.in_range())
        scene.deny(p.term, after=p.kind is Kind.ALWAYS)
        return self._settle(name, action, p, scene, Question(self.system, self.held, action, broken=p))

    # ---------------------------------------------------------------------------------------------- fates
    def _settle(
        self, name: str, action: Action | None, p: Property | None, scene: Scene, asked: Question | None
    ) -> Obligation:
        """Refute the scene; failing that look for a real state; failing that compare sums as well."""
        started = time.perf_counter()
        shown: Blocking | None = None
        result = scene.refuted(self.seconds, comparing=scene.starting)
        if result != "proved" and asked is not None:
            shown = blocking(asked, self.seconds)
        if result != "proved" and shown is None and not scene.starting:
            result = scene.refuted(self.seconds, comparing=True)
        status = Status.PROVED if result == "proved" else Status.FAILED if shown else Status.UNKNOWN
        spent = time.perf_counter() - started
        why = "" if shown else _why(result)
        return Obligation(name, action.name if action else None, p.name if p else None, status, spent, shown, why)


def _why(result: str) -> str:
    if result == "open":
        return "neither a proof nor a blocking state with few members was found"
    return "" if result == "proved" else result
