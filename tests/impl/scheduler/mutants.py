"""Policies with one deliberate fault: each replaces one function, and must be caught by the property that it names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from typing import Any
from unittest.mock import patch

from holdfast.impl.scheduler import division, estimates, memory_state, policy, settling, targets, technique
from holdfast.impl.scheduler.estimates import ClassPages, Estimate
from holdfast.impl.scheduler.memory_state import Lines, MemoryState
from holdfast.impl.scheduler.snapshot import Memory, Settings, Snapshot, Targets, VmMemory
from holdfast.impl.scheduler.targets import Standing
from holdfast.impl.scheduler.technique import Liveness, Technique

PACKAGE = "holdfast.impl.scheduler."


@dataclass(frozen=True)
class Mutant:
    """A name, what is replaced by what, and the beginning of the name of the property that must break.

    `also` are numbers of the catalogue that say the same in other words, so that a report may name them instead.
    """

    name: str
    original: Callable[..., Any]
    replacement: Callable[..., Any]
    breaks: str
    also: tuple[str, ...] = ()


@contextmanager
def broken_by(original: Callable[..., Any], replacement: Callable[..., Any]) -> Generator[None]:
    """The scheduler with one function replaced wherever it is known by name. Raises AssertionError where it is nowhere."""
    modules = [m for name, m in sys.modules.items() if name.startswith(PACKAGE)]
    classes = {c for m in modules for c in vars(m).values() if isinstance(c, type) and c.__module__.startswith(PACKAGE)}
    known = [(o, name) for o in (*modules, *classes) for name, value in vars(o).items() if value is original]
    assert known, f"{original.__name__} is not known by name"
    patches = [patch.object(owner, name, replacement) for owner, name in known]
    for p in patches:
        p.start()
    try:
        yield
    finally:
        for p in patches:
            p.stop()


# --------------------------------------------------------------------------------------------------------- estimates
def rounded_down(pages: int, seen: ClassPages) -> ClassPages:
    return ClassPages(*(pages * count // seen.total for count in astuple(seen)))


def rest_to_the_first(pages: int, seen: ClassPages) -> ClassPages:
    down = rounded_down(pages, seen)
    return replace(down, unreclaimable=down.unreclaimable + pages - down.total)


def as_it_was(then: ClassPages, _resident_pages: int) -> ClassPages:
    return then


def however_old(vm: VmMemory, now_s: int, _settings: Settings) -> Estimate | None:
    return estimates.estimate(vm.sample, vm.resident_pages, now_s) if vm.sample else None


# ----------------------------------------------------------------------------------------------------- memory states
def no_hysteresis(_previous: MemoryState, lines: Lines, free_pages: int) -> MemoryState:
    return memory_state.state_at(lines, free_pages)


def never_eased(previous: MemoryState, lines: Lines, free_pages: int) -> MemoryState:
    return max(previous, memory_state.state_at(lines, free_pages))


# --------------------------------------------------------------------------------------------------------- technique
def balloon_at_equality(lines: Lines, free_pages: int, balloon: Liveness) -> Technique:
    return Technique.BALLOON if free_pages >= lines.hard_pages and balloon is Liveness.ACTIVE else Technique.SWAP


def whoever_answers(lines: Lines, free_pages: int, _balloon: Liveness) -> Technique:
    return Technique.BALLOON if free_pages > lines.hard_pages else Technique.SWAP


def always_swap(_lines: Lines, _free_pages: int, _balloon: Liveness) -> Technique:
    return Technique.SWAP


def never_given_up(_vm: VmMemory, _now_s: int, _given_up_at_s: int | None) -> Liveness:
    return Liveness.ACTIVE


def forgiven(vm: VmMemory, now_s: int, _given_up_at_s: int | None) -> Liveness:
    return LIVENESS(vm, now_s, None)


LIVENESS = technique.liveness


# ----------------------------------------------------------------------------------------------------------- targets
def above_limit(vm: VmMemory, found: Estimate | None, entitlement_pages: int, settings: Settings) -> int:
    working = found.pages.working if found else 0
    return working if working > vm.limit_pages else ALLOCATED(vm, found, entitlement_pages, settings)


def without_reservation(vm: VmMemory, found: Estimate | None, entitlement_pages: int, settings: Settings) -> int:
    return ALLOCATED(replace(vm, reservation_pages=0), found, entitlement_pages, settings)


ALLOCATED = targets.allocated


def all_resident(standing: Standing) -> int:
    idle = standing.vm.resident_pages - standing.allocated_pages
    return 0 if standing.vm.pinned or standing.estimate is None else max(0, idle)


def not_scaled(_found: Estimate, need_pages: int) -> int:
    return need_pages


def boundless(vm: VmMemory, _targets: Targets, _balloon_percent: int) -> int:
    return vm.size_pages


def even_the_short(standing: Standing, asked: Targets, settings: Settings) -> int:
    if not standing.short_pages:
        return SPARE_BY(standing, asked, settings)
    idle = standing.estimate.pages.idle if standing.estimate and not standing.vm.pinned else 0
    return max(0, idle - asked.owed(standing.vm))


SPARE_BY = targets.spare_by


def balloon_first(asked: Targets, short_pages: int) -> Targets:
    by_balloon = min(asked.balloon_pages, short_pages)
    return Targets(asked.balloon_pages - by_balloon, asked.swap_pages - min(asked.swap_pages, short_pages - by_balloon))


def below_nothing(asked: Targets, short_pages: int) -> Targets:
    return Targets(asked.balloon_pages, asked.swap_pages - short_pages)


def never_relieved(asked: Targets, _short_pages: int) -> Targets:
    return asked


def at_once(_vm: VmMemory, _before: Targets, after: Targets) -> Targets:
    return after


# ---------------------------------------------------------------------------------------------------------- settling
def not_replaced(_standing: Standing, asked: Targets, _slots: int) -> Targets:
    return asked


def still_asked(_standing: Standing, asked: Targets) -> Targets:
    return asked


def slots_without_end(_snapshot: Snapshot, _targets: object) -> int:
    return 1 << 40


def pinned_too(
    snapshot: Snapshot, lines: Lines, standings: tuple[Standing, ...], state: MemoryState
) -> dict[str, settling.Settled]:
    freed = [replace(s, vm=replace(s.vm, pinned=False)) for s in standings]
    return SETTLE(snapshot, lines, freed, state)


SETTLE = settling.settle


# ------------------------------------------------------------------------------------------------------------ policy
def tax_ignored(givers: list[division.Giver], wanted_pages: int, _idle_price: Fraction) -> dict[str, int]:
    return REVOKE(givers, wanted_pages, Fraction(1))


def in_order(givers: list[division.Giver], wanted_pages: int, _idle_price: Fraction) -> dict[str, int]:
    taken: dict[str, int] = {}
    for g in givers:
        taken[g.name] = min(g.spare_pages, max(0, wanted_pages - sum(taken.values())))
    return taken


REVOKE = division.revoke


def half_of_it(*arguments: Any) -> int:
    return WANTED(*arguments) // 2


WANTED = policy.wanted_pages


def twice_as_much(*arguments: Any) -> int:
    return WANTED(*arguments) * 2


def nothing_for_the_short(
    snapshot: Snapshot, lines: Lines, state: MemoryState, standings: Any, settled: dict[str, settling.Settled]
) -> int:
    none_due = {name: settling.Settled(s.taken, s.taken) for name, s in settled.items()}
    return WANTED(snapshot, lines, state, standings, none_due)


def down_to_nothing(
    snapshot: Snapshot, lines: Lines, standings: tuple[Standing, ...], taken: dict[str, Targets]
) -> int:
    return ROOM(snapshot, replace(lines, low_pages=-1), standings, taken)


ROOM = policy.room_pages


def forgotten(_vm: VmMemory, _memory: Memory, _targets: Targets) -> int:
    return 0


def block_outside_low(standing: Standing, asked: Targets, _state: MemoryState) -> bool:
    return asked.owed_by_swap(standing.vm) > 0 and not standing.vm.pinned


def block_everybody(standing: Standing, _targets: Targets, state: MemoryState) -> bool:
    return state is MemoryState.LOW and not standing.vm.pinned


def block_whoever_owes(standing: Standing, asked: Targets, state: MemoryState) -> bool:
    return state is MemoryState.LOW and asked.owed(standing.vm) > 0 and not standing.vm.pinned


MUTANTS = (
    Mutant("estimates do not sum", estimates.apportion, rounded_down, "M2"),
    Mutant("what is left over goes to one class", estimates.apportion, rest_to_the_first, "D1 an estimate is in"),
    Mutant("estimates are of the VM as it was", estimates.carried_forward, as_it_was, "M2"),
    Mutant("stale samples count", targets.fresh_estimate, however_old, "D1 nothing is asked"),
    Mutant("no hysteresis", memory_state.next_state, no_hysteresis, "D4 a state"),
    Mutant("a state is never left", memory_state.next_state, never_eased, "D4 a state"),
    Mutant("balloon at equality", technique.choose, balloon_at_equality, "M6"),
    Mutant("dead balloons are asked", technique.choose, whoever_answers, "M6"),
    Mutant("swap above the threshold", technique.choose, always_swap, "M6"),
    Mutant("no balloon is ever given up", technique.liveness, never_given_up, "F5 a balloon that is given up"),
    Mutant("balloons that were given up are trusted again", technique.liveness, forgiven, "F5 a balloon that was"),
    Mutant("allocated above limit", targets.allocated, above_limit, "M10"),
    Mutant("reservations are ignored when taking", targets.allocated, without_reservation, "M5 consumed", ("D3",)),
    Mutant("pages in use are targeted", targets.beyond, all_resident, "M4 no page"),
    Mutant("swap takes all of a need", targets.blind, not_scaled, "M7"),
    Mutant("balloons without bound", targets.balloon_room, boundless, "M5 no balloon", ("D2",)),
    Mutant("the short are asked for more", targets.spare_by, even_the_short, "M8 who is short is"),
    Mutant("the balloon falls before swap", targets.relieved, balloon_first, "D3 the swap"),
    Mutant("negative target", targets.relieved, below_nothing, "M3"),
    Mutant("the short are never relieved", targets.relieved, never_relieved, "M8 who is short is"),
    Mutant("increase before decrease", targets.ungiven, at_once, "M9 nothing is given"),
    Mutant("dead balloons are never replaced", settling.replaced, not_replaced, "F5 a balloon that is given up"),
    Mutant("owed whatever became of the pages", settling.asked_less, still_asked, "M4 no page"),
    Mutant("swap without slots", settling.slots_left, slots_without_end, "M13"),
    Mutant("suspended VMs are reclaimed from", settling.settle, pinned_too, "X3 what is"),
    Mutant("the tax is ignored", division.revoke, tax_ignored, "D2 who pays"),
    Mutant("prices are ignored", division.revoke, in_order, "D2 who pays"),
    Mutant("half of what is wanted is taken", policy.wanted_pages, half_of_it, "F1 from"),
    Mutant("more is taken than is wanted", policy.wanted_pages, twice_as_much, "D2 no more is asked"),
    Mutant("nothing is taken for the short", policy.wanted_pages, nothing_for_the_short, "F2"),
    Mutant("giving into Low", policy.room_pages, down_to_nothing, "M9 what is given"),
    Mutant("room is given twice", policy.untaken_pages, forgotten, "M9 what is given"),
    Mutant("block outside Low", policy.blocks, block_outside_low, "M14 only"),
    Mutant("block those who owe nothing", policy.blocks, block_everybody, "M14 only"),
    Mutant("block those who must run to give", policy.blocks, block_whoever_owes, "F4"),
)
