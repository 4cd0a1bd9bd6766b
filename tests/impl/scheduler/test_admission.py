"""The gate: who is admitted is promised nothing that somebody uses, has reserved or waits for (D7, M11)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.impl.scheduler import admission
from holdfast.impl.scheduler.admission import Admission, Newcomer, Outcome, Refusal, admit
from holdfast.impl.scheduler.estimates import ClassPages, Sample
from holdfast.impl.scheduler.memory_state import Lines, lines_of
from holdfast.impl.scheduler.snapshot import MachineMemory, Snapshot, VmMemory
from holdfast.impl.scheduler.targets import Standing, allocated, entitlements, fresh_estimate

from .mutants import Mutant, broken_by
from .properties import answers
from .snapshots import Between, snapshots, stream

Asked = tuple[Snapshot, Newcomer]
Predicate = Callable[[Snapshot, Newcomer, Admission], bool]


def newcomer(between: Between) -> Newcomer:
    """A VM that comes; often small enough."""
    size = between(1, 200)
    reservation = between(0, size)
    return Newcomer(size, reservation if between(0, 1) else size, between(0, size), between(0, 3))


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """Somebody who asks in some snapshot."""
    return draw(snapshots()), newcomer(lambda least, most: draw(st.integers(least, most)))


# ------------------------------------------------------------------------------------------------- counted once more
def uses_at_most(s: Snapshot, vm: VmMemory) -> int:
    """The most that a VM may be using, by its sample's bound; all that it has, where nobody knows."""
    found = fresh_estimate(vm, s.now_s, s.settings)
    if found is None or vm.pinned:
        return vm.resident_pages
    return min(vm.resident_pages, found.pages.working + found.error_pages)


def untaken(s: Snapshot, vm: VmMemory) -> int:
    """What it was given before and may still take."""
    granted = vm.size_pages - vm.balloon_target_pages - vm.swap_target_pages
    return max(0, min(s.memory.granted_up_to.get(vm.name, 0), granted) - vm.resident_pages)


def stays(s: Snapshot) -> int:
    """What stays free: to the Soft line, for those who wait, and what was given before."""
    kept = lines_of(s.machine.memory_pages).soft_pages + s.machine.promised_pages
    return kept + sum(untaken(s, vm) for vm in s.vms)


def extra(s: Snapshot, a: Admission) -> dict[str, int]:
    """What each VM is asked for by the plan, beyond what its balloon holds or was asked for."""
    return {n: t - max(s.vm(n).balloon_target_pages, s.vm(n).ballooned_pages) for n, t in a.balloon_plan.items()}


# --------------------------------------------------------------------------------------------------------- properties
def reservations_hold(s: Snapshot, new: Newcomer, a: Admission) -> bool:
    """Whoever is admitted has its reservation beside everybody else's, and those who wait."""
    theirs = sum(vm.reservation_pages + vm.overhead_pages for vm in s.vms) + s.machine.hypervisor_pages
    all_of_it = theirs + s.machine.promised_pages + new.reservation_pages + new.overhead_pages
    return a.outcome is Outcome.REJECT or all_of_it <= s.machine.memory_pages


def swap_room_holds(s: Snapshot, new: Newcomer, a: Admission) -> bool:
    """Whoever is admitted can be swapped down to its reservation."""
    needs = new.size_pages - new.reservation_pages
    theirs = sum(vm.size_pages - vm.reservation_pages for vm in s.vms)
    return a.outcome is Outcome.REJECT or needs == 0 or needs + theirs <= s.machine.swap_pages


def no_worse_than_soft(s: Snapshot, new: Newcomer, a: Admission) -> bool:
    """Whoever is admitted leaves the machine at the Soft line or above, and others what they wait for; so does a plan."""
    needs = max(new.reservation_pages, new.working_pages) + new.overhead_pages
    comes = a.on_the_way_pages + sum(extra(s, a).values()) if a.outcome is Outcome.AFTER_RECLAIM else 0
    return a.outcome is Outcome.REJECT or s.machine.free_pages + comes - needs >= stays(s)


def plans_suffice(s: Snapshot, new: Newcomer, a: Admission) -> bool:
    """What is planned, and what balloons will surely give anyway, makes exactly the room that is missing."""
    needs = max(new.reservation_pages, new.working_pages) + new.overhead_pages
    missing = needs + stays(s) - s.machine.free_pages - a.on_the_way_pages
    return a.outcome is not Outcome.AFTER_RECLAIM or sum(extra(s, a).values()) == max(0, missing)


def working_sets_kept(s: Snapshot, _: Newcomer, a: Admission) -> bool:
    """Nobody is asked for a page that it may be using, or has reserved, or that sharing will free anyway."""
    for name, pages in extra(s, a).items():
        vm = s.vm(name)
        before = max(0, vm.balloon_target_pages - vm.ballooned_pages) + max(0, vm.swap_target_pages - vm.swapped_pages)
        left = vm.resident_pages - pages - before - vm.shareable_pages
        if left < max(uses_at_most(s, vm), vm.reservation_pages):
            return False
    return True


def balloons_can(s: Snapshot, _: Newcomer, a: Admission) -> bool:
    """Only balloons that answer are asked, above the Hard line, and up to 65 % of their VMs."""
    ample = s.machine.free_pages > lines_of(s.machine.memory_pages).hard_pages
    for name, target in a.balloon_plan.items():
        vm = s.vm(name)
        if not (ample and answers(s, vm)) or 100 * target > 65 * vm.size_pages:
            return False
    return True


def nobody_sent_away_who_fits(s: Snapshot, new: Newcomer, a: Admission) -> bool:
    """Who fits as things are is admitted at once."""
    needs = max(new.reservation_pages, new.working_pages) + new.overhead_pages
    fits = s.machine.free_pages - needs >= stays(s)
    certain = a.refusal not in (Refusal.RESERVATION, Refusal.SWAP)
    return a.outcome is Outcome.ADMIT or not (fits and certain)


def the_short_give_nothing(s: Snapshot, _: Newcomer, a: Admission) -> bool:
    """Nobody is asked for so much that it would be short afterwards: it would be given back."""
    due = entitlements(s, lines_of(s.machine.memory_pages))
    for name in a.balloon_plan:
        vm = s.vm(name)
        left = vm.resident_pages - extra(s, a)[name] - vm.targets.owed(vm)
        if left < allocated(vm, fresh_estimate(vm, s.now_s, s.settings), due[name], s.settings):
            return False
    return True


PROPERTIES: dict[str, Predicate] = {
    "M11 reservations hold": reservations_hold,
    "M13 swap room holds": swap_room_holds,
    "M11 no worse than Soft": no_worse_than_soft,
    "D7 plans suffice": plans_suffice,
    "M11 working sets are kept": working_sets_kept,
    "M6 balloons can": balloons_can,
    "D7 nobody is sent away who fits": nobody_sent_away_who_fits,
    "M8 the short give nothing": the_short_give_nothing,
}
"""By name; the name begins with the number in the catalogue."""


@settings(max_examples=250)
@given(asked())
def test_every_answer_has_every_property(case: Asked) -> None:
    snapshot, new = case
    answer = admit(snapshot, new)

    assert [name for name, holds in PROPERTIES.items() if not holds(snapshot, new, answer)] == []


# ------------------------------------------------------------------------------------------------------------ mutants
def by_point_estimate(standing: Standing) -> int:
    found = standing.estimate
    idle = 0 if found is None or standing.vm.pinned else found.pages.idle
    return max(0, min(idle, standing.vm.resident_pages - standing.allocated_pages) - standing.vm.shareable_pages)


def by_working_set_alone(standing: Standing) -> int:
    vm, found = standing.vm, standing.estimate
    if found is None or vm.pinned:
        return 0
    return max(0, vm.resident_pages - found.upper(found.pages.working) - vm.shareable_pages)


def without_end(*_: Any) -> int:
    return 1 << 40


def soft_too(snapshot: Snapshot, lines: Lines) -> int:
    return AVAILABLE(snapshot, lines) + lines.soft_pages


def promised_too(snapshot: Snapshot, lines: Lines) -> int:
    return AVAILABLE(snapshot, lines) + snapshot.machine.promised_pages


AVAILABLE = admission.available_pages


def whatever_answers(standing: Standing, balloon_percent: int) -> int:
    room = standing.vm.size_pages * balloon_percent // 100 - standing.vm.ballooned_pages
    return max(0, min(room, admission.surely_idle(standing) - standing.vm.targets.owed(standing.vm)))


def half_a_plan(snapshot: Snapshot, taken: admission.Taken) -> dict[str, int]:
    return PLANNED(snapshot, {name: pages // 2 for name, pages in taken.items()})


PLANNED = admission.planned


def never_at_once(snapshot: Snapshot, lines: Lines) -> int:
    return min(-1, AVAILABLE(snapshot, lines))


MUTANTS = (
    Mutant("placement by point estimate", admission.surely_idle, by_point_estimate, "M11 working sets are kept"),
    Mutant("placement by working sets alone", admission.surely_idle, by_working_set_alone, "M8 the short give nothing"),
    Mutant("reservations of others are ignored", admission.unreserved_pages, without_end, "M11 reservations hold"),
    Mutant("swap room is ignored", admission.unreserved_slots, without_end, "M13 swap room holds"),
    Mutant("all that is free is given away", admission.available_pages, soft_too, "M11 no worse than Soft"),
    Mutant("what others wait for is given away", admission.available_pages, promised_too, "M11 no worse than Soft"),
    Mutant("dead balloons are planned with", admission.surely_spared, whatever_answers, "M6 balloons can"),
    Mutant("half of a plan", admission.planned, half_a_plan, "D7 plans suffice"),
    Mutant("nobody is admitted at once", admission.available_pages, never_at_once, "D7 nobody is sent away who fits"),
)


@cache
def pool() -> Collection[Asked]:
    """Those who ask."""
    random = Random(3)
    return [(s, newcomer(random.randint)) for s in islice(stream(3), 3000)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "-"))
def test_mutant_is_caught(mutant: Mutant) -> None:
    holds = PROPERTIES[mutant.breaks]

    with broken_by(mutant.original, mutant.replacement):
        assert not all(holds(s, new, admit(s, new)) for s, new in pool())


def test_every_property_can_fail_and_every_answer_is_given() -> None:
    given_all = {admit(s, new).outcome for s, new in pool()}
    refusals = {admit(s, new).refusal for s, new in pool()}

    assert {m.breaks for m in MUTANTS} == set(PROPERTIES)
    assert given_all == set(Outcome)
    assert refusals == {None, Refusal.RESERVATION, Refusal.SWAP, Refusal.MEMORY}


# ----------------------------------------------------------------------------------------------------------- by hand
def machine(used: int, *vms: VmMemory, swap: int = 0) -> Snapshot:
    """A machine of a thousand pages: Clear at 60, Soft at 39, Hard at 20."""
    frames = sum(vm.resident_pages for vm in vms)
    return Snapshot(0, MachineMemory(1000, used, used - frames, swap), vms)


def test_admitted_at_once_to_the_page() -> None:
    just = Newcomer(size_pages=100, reservation_pages=100, working_pages=50, overhead_pages=1)

    assert admit(machine(1000 - 39 - 101), just).outcome is Outcome.ADMIT
    answer = admit(machine(1000 - 39 - 100), just)
    assert (answer.outcome, answer.refusal, answer.lacking_pages) == (Outcome.REJECT, Refusal.MEMORY, 1)


def idle_vm(samples: int) -> VmMemory:
    """A VM of 400 pages, a quarter of which is in use, by so many samples."""
    seen = ClassPages(active_anonymous=samples // 4, inactive_buffer=samples - samples // 4)
    return VmMemory("idle", 400, 0, 400, 1000, 400, sample=Sample(400, seen, 0))


def test_admitted_after_reclaim_with_the_plan() -> None:
    answer = admit(machine(960, idle_vm(400)), Newcomer(100, 100, 0, 0))

    assert answer.outcome is Outcome.AFTER_RECLAIM
    assert (answer.available_pages, dict(answer.balloon_plan)) == (1, {"idle": 99})


def test_few_samples_are_not_enough_to_be_sure() -> None:
    big = Newcomer(250, 250, 0, 0)

    assert admit(machine(960, idle_vm(400)), big).outcome is Outcome.AFTER_RECLAIM
    answer = admit(machine(960, idle_vm(100)), big)
    assert (answer.outcome, answer.refusal) == (Outcome.REJECT, Refusal.MEMORY)
    assert answer.lacking_pages == 250 - 1 - answer.sparable_pages
