"""F1 to F5 in a simulated world, over many rounds; and that they can fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.impl.scheduler import memory_state, policy, rounds, settling, targets, technique
from holdfast.impl.scheduler.memory_state import MemoryState, lines_of
from holdfast.impl.scheduler.snapshot import Settings, Snapshot, Targets
from holdfast.impl.scheduler.targets import Standing

from . import mutants
from .mutants import Mutant, broken_by
from .simulated import Guest, History, World, guest, run

ROUNDS = 40

LINES = lines_of(1000)
"""Of the machine in these worlds."""


def hypervisor_for(free: int, guests: Sequence[Guest]) -> int:
    """What the rest of a machine takes, so that so much is free."""
    return 1000 - free - sum(g.classes.total for g in guests)


def world(free: int, *guests: Guest, slots: int = 1000) -> World:
    """A machine of a thousand pages with these guests and so much free."""
    return World(1000, hypervisor_for(free, guests), slots, list(guests))


def full() -> World:
    """Memory is low, and half of what VMs have is idle."""
    return world(4, guest("a", 300, 100, 150), guest("b", 300, 100, 150, shares=2000), guest("c", 200, 50, 80))


def squeezed() -> World:
    """A VM whose balloon holds half of it wants more than it has from the second half minute on; another has idle pages."""
    growing = guest("a", 300, 50, 20, wants=lambda now_s: 50 if now_s < 30 else 220, ballooned=150, balloon_target=150)
    growing.shares = 3000
    return world(45, growing, guest("b", 300, 60, 220))


def stuck() -> World:
    """Memory is soft, and the balloon that should give hangs."""
    return world(30, guest("a", 300, 60, 200, stuck=True), guest("b", 200, 150, 20, shares=4000))


def owing() -> World:
    """Memory is low, a balloon was asked for much, and there are no swap slots."""
    return world(4, guest("a", 300, 100, 150, balloon_target=120), guest("b", 300, 100, 150), slots=0)


def jittery() -> World:
    """Nobody has anything to spare, and what is free goes up and down by a few pages, about the Soft line."""
    w = world(LINES.soft_pages + 2, guest("a", 300, 100, 0), guest("b", 300, 200, 0))
    w.jitter = 4
    return w


# ------------------------------------------------------------------------------------------------ what is to be seen
def calm(seen: History) -> bool:
    """Whether memory is not scarce any more, and stays so."""
    return set(seen.states[-10:]) <= {MemoryState.HIGH, MemoryState.CLEAR}


def low_memory_recovers() -> bool:
    """F1: whether there are slots, or only balloons that were asked for enough."""
    seen = [run(w, ROUNDS) for w in (full(), owing())]
    return all(s.states[0] is MemoryState.LOW and calm(s) for s in seen)


def the_short_get_memory() -> bool:
    """F2: who wants more than it has gets it, though others must give first."""
    w = squeezed()
    seen = run(w, ROUNDS)
    a = w.guest("a")
    return any(r.given_pages.get("a") for r in seen.rounds) and a.classes.working == 220 and a.refused == 0


def nothing_oscillates() -> bool:
    """F3: while guests want the same, or nearly, targets and states come to rest."""
    for w in (full(), jittery()):
        seen = run(w, ROUNDS)
        changes = sum(a != b for a, b in zip(seen.states, seen.states[1:], strict=False))
        if changes > 3 or max((at for at, *_ in w.log), default=0) >= w.now_s // 2:
            return False
    return True


def the_blocked_run_again() -> bool:
    """F4: somebody is blocked while memory is low, and nobody for ever."""
    w, o = full(), owing()
    run(w, ROUNDS)
    run(o, ROUNDS)
    return any(what == "block" for _, what, *_ in w.log) and not any(g.blocked for g in (*w.guests, *o.guests))


def dead_balloons_are_replaced() -> bool:
    """F5: what the balloon that hangs does not give is swapped, and memory recovers."""
    w = stuck()
    seen = run(w, ROUNDS)
    asked = any(what == "set_balloon" and name == "a" for _, what, name, _ in w.log)
    return asked and w.guest("a").swapped > 0 and w.guest("a").owed == 0 and calm(seen)


def taken_before_given() -> bool:
    """M9: nobody is given a page while somebody owes one."""
    w = squeezed()
    seen = run(w, ROUNDS)
    return w.given_early == 0 and any(r.given_pages for r in seen.rounds)


SEEN: dict[str, Callable[[], bool]] = {
    "F1": low_memory_recovers,
    "F2": the_short_get_memory,
    "F3": nothing_oscillates,
    "F4": the_blocked_run_again,
    "F5": dead_balloons_are_replaced,
    "M9": taken_before_given,
}


@pytest.mark.parametrize("name", SEEN)
def test_it_is_seen(name: str) -> None:
    assert SEEN[name]()


# ------------------------------------------------------------------------------------------------- and what breaks it
def blocked_for_ever(standing: Standing, targets: Targets, state: MemoryState) -> bool:
    return standing.vm.blocked or BLOCKS(standing, targets, state)


BLOCKS = policy.blocks


def taken_for_granted(_seen: Snapshot, _decisions: object) -> bool:
    return True


BREAKS = (
    Mutant("half of what is wanted is taken", policy.wanted_pages, mutants.half_of_it, "F1"),
    Mutant("the short are never relieved", targets.relieved, mutants.never_relieved, "F2"),
    Mutant("no hysteresis", memory_state.next_state, mutants.no_hysteresis, "F3"),
    Mutant("blocked for ever", policy.blocks, blocked_for_ever, "F4"),
    Mutant("blocked who must run to give", policy.blocks, mutants.block_whoever_owes, "F4"),
    Mutant("no balloon is ever given up", technique.liveness, mutants.never_given_up, "F5"),
    Mutant("dead balloons are never replaced", settling.replaced, mutants.not_replaced, "F5"),
    Mutant("taken for granted", rounds.all_taken, taken_for_granted, "M9"),
    Mutant("increase before decrease", targets.ungiven, mutants.at_once, "M9"),
)


@pytest.mark.parametrize("mutant", BREAKS, ids=lambda m: m.name.replace(" ", "-"))
def test_mutant_is_caught(mutant: Mutant) -> None:
    with broken_by(mutant.original, mutant.replacement):
        assert not SEEN[mutant.breaks]()


def test_each_of_them_can_fail() -> None:
    assert {m.breaks for m in BREAKS} == set(SEEN)


# ------------------------------------------------------------------------------------------------------- any world
@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A machine at any level, with guests that keep wanting what they have in use."""
    guests = [
        guest(
            f"vm{i}",
            300,
            draw(st.integers(0, 120)),
            draw(st.integers(0, 120)),
            shares=draw(st.sampled_from([500, 1000, 4000])),
            pages_per_s=draw(st.integers(1, 30)),
            has_balloon=draw(st.booleans()),
            stuck=draw(st.integers(0, 3)) == 0,
        )
        for i in range(draw(st.integers(1, 3)))
    ]
    return world(draw(st.integers(0, 70)), *guests, slots=draw(st.sampled_from([0, 30, 1000])))


@settings(max_examples=40)
@given(worlds())
def test_in_any_world_it_comes_to_rest(w: World) -> None:
    seen = run(w, ROUNDS, Settings(sampled_every_s=1, headroom_percent=0))
    last = seen.rounds[-1].decision
    pressed = last.state >= MemoryState.SOFT
    can_give = [d for d in last.vms if d.spare_pages and w.slots > 30]

    assert w.given_early == 0
    assert max((at for at, *_ in w.log), default=0) < w.now_s * 3 // 4
    assert not (pressed and can_give)
    assert not any(g.blocked for g in w.guests)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("idle", [20, 60])
def test_that_samples_are_never_alike_makes_nothing_oscillate(seed: int, idle: int) -> None:
    w = world(8, guest("a", 300, 150, idle), guest("b", 300, 150, idle, shares=2000), guest("c", 200, 120, idle))
    w.samples, w.chance = 100, Random(seed)
    seen = run(w, ROUNDS)

    assert calm(seen)
    assert max(at for at, *_ in w.log) < w.now_s // 2
