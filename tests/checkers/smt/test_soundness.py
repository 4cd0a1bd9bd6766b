"""Systems that are false for a reason that an unsound shortcut would miss; and each shortcut, caught by its system.

Each case names a system with a small world in which a property fails. It must not be proved; and with the shortcut
planted it is proved, so the case would notice if the care that it stands for were lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from holdfast.checkers.interpret import Run
from holdfast.checkers.smt import anysize, obligations
from holdfast.checkers.smt.anysize import Scene
from holdfast.checkers.smt.inplay import Member
from holdfast.checkers.smt.obligations import Prover, Status, prove, uncovered
from holdfast.checkers.smt.z3types import Value, plus
from holdfast.model.language import (
    ANYTHING,
    Actor,
    Entity,
    Kind,
    Property,
    Role,
    System,
    Truth,
    Unit,
    World,
    action,
    all_of,
    always,
    constant,
    implies,
    initially,
    require,
    total,
    varying,
    where,
)
from tests.plain_search import search

pounds = Unit("pounds")
ANYBODY = Actor("anybody", Role.ENVIRONMENT)


class Scale(Entity):
    """What everything is weighed on."""

    most = constant(pounds)
    extra = varying(pounds, upto=most)
    on = varying(bool)


class Crate(Entity):
    most = constant(pounds)
    weight = varying(pounds, upto=most, start=ANYTHING)
    lift = varying(pounds, upto=most, start=ANYTHING)
    shut = varying(bool, start=ANYTHING)


def scale(most: int = 3) -> Scale:
    return Scale("scale", most=most)


def crates(n: int, most: int = 3) -> list[Crate]:
    return [Crate(f"crate{i}", most=most) for i in range(n)]


# ------------------------------------------------------------------- two names for one member, in the change of a sum
@action(by=ANYBODY)
def lighten_both(one: Crate, other: Crate, s: Scale) -> None:
    """Where both are the same crate it loses one pound, not two."""
    require(one.weight > 0, "one weighs something")
    require(other.weight > 0, "the other weighs something")
    require(s.extra + 2 <= s.most, "the scale may carry two more")
    before = other.weight
    one.weight -= 1
    other.weight = before - 1
    s.extra += 2


@always()
def not_overloaded() -> Truth:
    """The crates and what is extra weigh no more than the scale carries."""
    return all_of(total(c.weight for c in Crate) + s.extra <= s.most for s in Scale)


@initially
def light() -> Truth:
    """At first nothing is too heavy."""
    return all_of(total(c.weight for c in Crate) + s.extra <= s.most for s in Scale)


# -------------------------------------------------------------------------- one write that changes what all contribute
@action(by=ANYBODY)
def switch_on(s: Scale) -> None:
    require(~s.on, "it is off")
    s.on = True


@always()
def shows_little() -> Truth:
    """What a scale shows is no more than it carries."""
    return all_of(total(where(s.on, c.weight, 0) for c in Crate) <= s.most for s in Scale)


# ---------------------------------------------------------------------------------- contributions that may be negative
@action(by=ANYBODY)
def load(crate: Crate) -> None:
    require(all_of(total(c.weight - c.lift for c in Crate) < s.most for s in Scale), "every scale carries one more")
    require(crate.weight < crate.most, "the crate holds one more")
    crate.weight += 1


@always()
def each_is_light() -> Truth:
    """No crate pulls down more than the scale carries."""
    return all_of(c.weight <= c.lift + s.most for c in Crate for s in Scale)


@initially
def all_are_light() -> Truth:
    """At first no crate pulls down more than the scale carries."""
    return all_of(c.weight <= c.lift + s.most for c in Crate for s in Scale)


# --------------------------------------------------------------------------------------------- sorts without a member
@action(by=ANYBODY)
def add(s: Scale) -> None:
    require(s.extra < 4, "fewer than four")
    require(s.extra < s.most, "the scale carries one more")
    s.extra += 1


@always()
def all_shut() -> Truth:
    """Every crate is shut."""
    return all_of(c.shut for c in Crate)


@always()
def none_shut() -> Truth:
    """No crate is shut."""
    return all_of(~c.shut for c in Crate)


@always()
def three_at_most() -> Truth:
    """Where every crate weighs something, three are added at most."""
    return all_of(implies(all_of(c.weight > 0 for c in Crate), s.extra <= 3) for s in Scale)


@initially
def contradictory() -> Truth:
    """There is no crate, as it would be shut and not shut."""
    return all_of(c.shut & ~c.shut for c in Crate)


# --------------------------------------------------------------------------------------------- reads through a write
@action(by=ANYBODY)
def empty(crate: Crate) -> None:
    require(crate.shut, "it is shut")
    crate.weight = 0


@always()
def none_is_empty() -> Truth:
    """Every crate weighs something."""
    return all_of(c.weight > 0 for c in Crate)


@initially
def full() -> Truth:
    """At first every crate weighs something."""
    return all_of(c.weight > 0 for c in Crate)


# ------------------------------------------------------------------- two names for one member, in the bound of a sum
@action(by=ANYBODY)
def fill(crate: Crate) -> None:
    require(all_of(total(c.weight for c in Crate) < s.most for s in Scale), "every scale carries one more")
    require(crate.weight < crate.most, "the crate holds one more")
    crate.weight += 1


@always()
def pairs_are_light() -> Truth:
    """No two crates weigh more than one pound above what the scale carries (nor one crate twice)."""
    return all_of(a.weight + b.weight <= s.most + 1 for a in Crate for b in Crate for s in Scale)


@initially
def all_empty() -> Truth:
    """At first every crate is empty."""
    return all_of(c.weight == 0 for c in Crate)


# --------------------------------------------------------------------------------------------------- other properties
@always()
def not_lifted() -> Truth:
    """No crate is lifted."""
    return all_of(c.lift <= c.weight for c in Crate)


@always()
def nothing_extra() -> Truth:
    """Nothing is extra."""
    return all_of(s.extra == 0 for s in Scale)


# --------------------------------------------------------------------------------------------------- the shortcuts
def count_names(self: Scene, t: Any, env: Any, at: Any) -> Value:
    """A sum changes by what each *name* of a written member contributes."""
    before = self.ghost(t, env, after=False)
    if not (at.after and self.changes(t)):
        return before
    refs = [ref for f, pairs in self.written.items() if f.owner is t.args[0].sort for ref, _ in pairs]
    new, old = ([self.contribution(t, env, m, after=x) for m in refs] for x in (True, False))
    return plus([before, *new]) - plus(old)


def bound_names(self: Scene, *_: Any) -> None:
    """A sum is at least what each *name* in play contributes."""
    for ghost in list(self.ghosts.values()):
        here = list(self.members[ghost.term.args[0].sort].values())
        parts = (self.contribution(ghost.term, ghost.env, m.term, after=False) for m in here)
        self.facts.append(ghost.symbol >= plus(parts))


def enter_all(self: Scene, sort: Any, member: Member) -> Value:
    """Every witness is real, whatever it is a witness of."""
    key = member.term.get_id()
    self.members[sort][key] = self.known[key] = replace(member, real=True)
    return member.term


def read_own_name(self: Scene, field: Any, ref: Value, at: Any) -> Value:
    """A write is seen under the name that it was written with, and no other."""
    value = self.stored(field, ref)
    for written, new in self.written.get(field, ()) if at.after else ():
        value = new if written.eq(ref) else value
    return value


def believe(*_: Any, **__: Any) -> bool:
    """A lemma that nobody proved."""
    return True


@dataclass(frozen=True)
class Case:
    """A false system, the world that shows it, and the shortcut that would miss it."""

    what: str
    system: System
    world: Callable[[], World]
    broken: str
    owner: Any
    name: str
    shortcut: Any


def system(*parts: Any) -> System:
    actions = tuple(p for p in parts if not isinstance(p, Property))
    return System((Scale, Crate), actions, tuple(p for p in parts if isinstance(p, Property)))


CASES = [
    Case(
        "a sum counts a written member once",
        system(lighten_both, not_overloaded, light),
        lambda: World("one crate", scale(), *crates(1, most=3)),
        "lighten_both keeps not_overloaded",
        Scene,
        "_sum",
        count_names,
    ),
    Case(
        "a sum may change with a member of another sort",
        system(switch_on, shows_little),
        lambda: World("a heavy crate", scale(1), *crates(1, most=2)),
        "switch_on keeps shows_little",
        Prover,
        "framed",
        believe,
    ),
    Case(
        "a sum is bounded from below only where nothing is negative",
        system(load, each_is_light, all_are_light),
        lambda: World("crates that lift", scale(1), *crates(2, most=2)),
        "load keeps each_is_light",
        Prover,
        "positive",
        believe,
    ),
    Case(
        "a sort may be empty",
        system(add, all_shut, none_shut, three_at_most, contradictory),
        lambda: World("no crates", scale(4)),
        "add keeps three_at_most",
        Scene,
        "enter",
        enter_all,
    ),
    Case(
        "a write is seen under every name",
        system(empty, none_is_empty, full),
        lambda: World("a full crate", *crates(1)),
        "empty keeps none_is_empty",
        Scene,
        "read",
        read_own_name,
    ),
    Case(
        "a sum is bounded by distinct members",
        system(fill, pairs_are_light, all_empty),
        lambda: World("one crate", scale(3), *crates(1, most=3)),
        "fill keeps pairs_are_light",
        Scene,
        "_bound",
        bound_names,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[c.what for c in CASES])
def test_what_is_false_in_a_small_world_is_not_proved(case: Case) -> None:
    run = Run(case.system, case.world())
    safety = case.system.of_kind(Kind.ALWAYS)
    assert list(uncovered(run, safety)) == [], "the proof speaks of this world"
    assert set(search(run).soonest) & {p.name for p in safety}, "a property fails in this world"
    found = prove(case.system).named(case.broken)
    assert found.status is Status.FAILED
    assert found.blocking is not None


@pytest.mark.parametrize("case", CASES, ids=[c.what for c in CASES])
def test_the_shortcut_would_prove_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case.owner, case.name, case.shortcut)
    assert prove(case.system).named(case.broken).status is Status.PROVED


def test_invariants_are_no_lemma_about_initial_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """That lift never exceeds weight is an invariant, and false at first: sums may not rely on it there."""
    each = replace(each_is_light, name="each_at_first")
    bounded = initially(_lifted_total)
    found = prove(system(fill, not_lifted, each, bounded))
    assert found.named("initially each_at_first").status is not Status.PROVED
    monkeypatch.setattr(Prover, "positive", believe)
    assert prove(system(fill, not_lifted, each, bounded)).named("initially each_at_first").status is Status.PROVED


def _lifted_total() -> Truth:
    """At first all crates together pull no more than the scale carries."""
    return all_of(total(c.weight - c.lift for c in Crate) <= s.most for s in Scale)


def test_a_scene_is_not_forked_while_it_is_being_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the fork would know what only the other scene denies."""
    scene = Scene(CASES[0].system, lighten_both)
    scene.assume(not_overloaded.term)
    fork = scene.fork()
    seen: list[str] = []

    def ask_in_the_middle(*_: Any) -> None:
        with pytest.raises(AssertionError, match="while one fork is being refuted"):
            scene.fork()
        seen.append("asked")

    monkeypatch.setattr(anysize.Scene, "_bound", ask_in_the_middle)
    assert fork.refuted(5.0) == "open"
    assert seen


def test_an_invariant_that_the_initial_states_have_and_an_action_breaks_is_not_proved() -> None:
    found = prove(system(add, nothing_extra))
    assert found.named("add keeps nothing_extra").status is Status.FAILED
    assert obligations.ANY_WORLD[0] in found.assumptions
