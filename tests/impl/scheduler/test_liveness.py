"""F1 to F5 in a simulated world, over many rounds; and that they can fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.impl.scheduler import policy, rounds, settling, technique
from holdfast.impl.scheduler.memory_state import MemoryState, lines_of
from holdfast.impl.scheduler.snapshot import Settings

from . import mutants
from .mutants import broken_by
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
    """A VM that gave its idle pages wants them again from the second minute on."""
    growing = guest("a", 300, 50, 200, wants=lambda now_s: 50 if now_s < 60 else 220, shares=4000)
    return world(15, growing, guest("b", 300, 60, 220))


def stuck() -> World:
    """Memory is soft, and the balloon that should give hangs."""
    return world(30, guest("a", 300, 60, 200, stuck=True), guest("b", 200, 150, 20, shares=4000))


# ------------------------------------------------------------------------------------------------ what is to be seen
def low_memory_recovers() -> bool:
    """F1: memory is not scarce any more, and stays so."""
    seen = run(full(), ROUNDS)
    return seen.states[0] is MemoryState.LOW and set(seen.states[-10:]) <= {MemoryState.HIGH, MemoryState.CLEAR}


def the_short_get_memory() -> bool:
    """F2: who wants more than it has gets it, though others must give first."""
    w = squeezed()
    seen = run(w, ROUNDS)
    a = w.guest("a")
    return any(r.given_pages.get("a") for r in seen.rounds) and a.classes.working == 220 and a.refused == 0


def nothing_oscillates() -> bool:
    """F3: while guests want the same, targets and states come to rest."""
    w = full()
    seen = run(w, ROUNDS)
    changes = sum(a != b for a, b in zip(seen.states, seen.states[1:], strict=False))
    last_told = max((at for at, *_ in w.log), default=0)
    return changes <= 3 and last_told < w.now_s // 2


def the_blocked_run_again() -> bool:
    """F4: somebody is blocked while memory is low, and nobody for ever."""
    w = full()
    run(w, ROUNDS)
    blocked = [name for _, what, name, _ in w.log if what == "block"]
    return bool(blocked) and not any(g.blocked for g in w.guests)


def dead_balloons_are_replaced() -> bool:
    """F5: what the balloon that hangs does not give is swapped, and memory recovers."""
    w = stuck()
    seen = run(w, ROUNDS)
    asked = any(what == "set_balloon" and name == "a" for _, what, name, _ in w.log)
    calm = seen.states[-1] in (MemoryState.HIGH, MemoryState.CLEAR)
    return asked and w.guest("a").swapped > 0 and w.guest("a").owed == 0 and calm


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
