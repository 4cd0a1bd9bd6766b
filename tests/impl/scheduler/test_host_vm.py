"""Room for the host VM: held to a count of every way in which its residents can go in (D6, X2), and to the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.impl.scheduler import host_vm as host_vm_module
from holdfast.impl.scheduler.admission import Outcome, Refusal
from holdfast.impl.scheduler.estimates import ClassPages, Sample
from holdfast.impl.scheduler.host_vm import HostVm, Resident, headroom_pages, make_room
from holdfast.impl.scheduler.snapshot import MachineMemory, Snapshot, VmMemory
from holdfast.model.headroom import Sizes, consolidation, remapped_consolidation, reserved_consolidation

from .mutants import Mutant, broken_by

residents = st.builds(Resident, st.integers(0, 20), st.integers(0, 3))


@st.composite
def host_vms(draw: st.DrawFn) -> HostVm:
    """A host VM large enough for anything here."""
    return HostVm(
        size_pages=200,
        footprint_pages=draw(st.integers(0, 10)),
        overhead_pages=draw(st.integers(0, 5)),
        vm_overhead_pages=draw(st.integers(0, 5)),
        reserved_pages=draw(st.one_of(st.just(0), st.integers(0, 200))),
        at_once=draw(st.integers(1, 3)),
        beside_pages=draw(st.integers(0, 30)),
    )


def subsets(items: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """All choices of at most so many."""
    for size in range(min(most, len(items)) + 1):
        yield from combinations(items, size)


def taken(host_vm: HostVm, within: Iterable[Resident]) -> int:
    """The frames of a host VM with these in it."""
    inside = host_vm.footprint_pages + sum(vm.pages + host_vm.vm_overhead_pages for vm in within)
    return host_vm.overhead_pages + max(host_vm.reserved_pages, inside)


def most_at_any_time(host_vm: HostVm, inside: list[Resident], outside: list[Resident], created: bool) -> int:
    """Every choice of who has moved and who is in flight, counted out; and the new hypervisor beside all of them."""
    held = taken(host_vm, inside) if created else 0
    everybody = list(range(len(outside)))
    peaks = [0]
    for moved in subsets(everybody, len(everybody)):
        freed = sum(outside[i].pages + outside[i].overhead_pages for i in moved)
        for flying in subsets([i for i in everybody if i not in moved], host_vm.at_once):
            within = [*inside, *(outside[i] for i in (*moved, *flying))]
            peaks.append(taken(host_vm, within) - freed - held)
            if len(moved) == len(everybody):
                peaks.append(peaks[-1] + host_vm.beside_pages)
    return max(peaks)


@given(host_vms(), st.lists(residents, max_size=2), st.lists(residents, max_size=4), st.booleans())
def test_the_most_that_is_taken_is_that_of_the_worst_way_in(
    host_vm: HostVm, inside: list[Resident], outside: list[Resident], created: bool
) -> None:
    there = inside if created else []

    assert headroom_pages(host_vm, there, outside, created=created) == most_at_any_time(
        host_vm, there, outside, created
    )


def held_to_the_count(host_vm: HostVm) -> bool:
    """Whether the most that is said is the most that is counted, by the module's own function as it is now."""
    said = host_vm_module.headroom_pages(host_vm, [], THREE, created=False)
    return said == most_at_any_time(host_vm, [], THREE, False)


def both_copies_charged(host_vm: HostVm) -> bool:
    """Whether at least the largest, that goes in first, is counted once more than what is in use."""
    said = host_vm_module.headroom_pages(host_vm, [], THREE, created=False)
    return said >= taken(host_vm, [max(THREE, key=lambda vm: vm.pages)])


HELD: dict[str, Callable[[HostVm], bool]] = {
    "D6 the most that is taken is that of the worst way in": held_to_the_count,
    "X2 both copies of a VM are charged while it moves": both_copies_charged,
}
"""By name; the name begins with the number in the catalogue."""


def without_copies(host_vm: HostVm, inside: list[Resident], outside: list[Resident], *, created: bool) -> int:
    return headroom_pages(
        replace(host_vm, at_once=1), inside, [Resident(0, vm.overhead_pages) for vm in outside], created=created
    )


def one_by_one(host_vm: HostVm, inside: list[Resident], outside: list[Resident], *, created: bool) -> int:
    return headroom_pages(replace(host_vm, at_once=1), inside, outside, created=created)


def elastic(host_vm: HostVm, inside: list[Resident], outside: list[Resident], *, created: bool) -> int:
    return headroom_pages(replace(host_vm, reserved_pages=0), inside, outside, created=created)


def alone(host_vm: HostVm, inside: list[Resident], outside: list[Resident], *, created: bool) -> int:
    return headroom_pages(replace(host_vm, beside_pages=0), inside, outside, created=created)


THREE = [Resident(10, 1), Resident(40, 1), Resident(25, 1)]

LARGE = HostVm(200, 5, 2, 3, reserved_pages=150, at_once=2, beside_pages=140)

CASES = [
    replace(LARGE, reserved_pages=0, beside_pages=0),
    replace(LARGE, reserved_pages=0),
    replace(LARGE, beside_pages=0),
]

MUTANTS = (
    Mutant("second copies are not charged", headroom_pages, without_copies, "X2 both copies of a VM"),
    Mutant("as if one moved at a time", headroom_pages, one_by_one, "D6 the most"),
    Mutant("as if it were elastic", headroom_pages, elastic, "D6 the most"),
    Mutant("no room for the new hypervisor", headroom_pages, alone, "D6 the most"),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "-"))
def test_mutant_is_caught(mutant: Mutant) -> None:
    (holds,) = [holds for name, holds in HELD.items() if name.startswith(mutant.breaks)]

    assert all(held(case) for held in HELD.values() for case in CASES)
    with broken_by(mutant.original, mutant.replacement):
        assert not all(holds(case) for case in CASES)


@pytest.mark.parametrize(
    ("at_once", "reserved", "pages"),
    [
        (1, 0, 5 + 2 + 40 + 3 + 2 * 2),  # guest hypervisor, host VM, the largest again, growth of overhead
        (2, 0, 5 + 2 + 40 + 25 + 2 * 3 + 2),
        (3, 0, 5 + 2 + 40 + 25 + 10 + 3 * 3),
        (1, 90, 2 + 90),  # fully reserved: all of them
    ],
)
def test_headroom_as_published(at_once: int, reserved: int, pages: int) -> None:
    host_vm = HostVm(90, 5, 2, 3, reserved_pages=reserved, at_once=at_once)

    assert headroom_pages(host_vm, [], THREE, created=False) == pages


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.integers(0, 4), st.integers(0, 4), st.integers(1, 3))
def test_it_covers_what_the_model_says_of_a_good_order(
    consumed: list[int], here: int, there: int, at_once: int
) -> None:
    """The model's arithmetic is about the best order of batches; this is about any order."""
    sizes = Sizes(old=0, new=0, guest=7, host_vm=2, old_per_vm=here, guest_per_vm=there)
    outside = [Resident(pages, here) for pages in consumed]
    nothing = [Resident(0, here) for _ in consumed]
    full = 7 + sum(consumed) + len(consumed) * there

    def said(vms: list[Resident], reserved: int = 0, flying: int = 1) -> int:
        host_vm = HostVm(1000, 7, 2, there, reserved_pages=reserved, at_once=flying)
        return headroom_pages(host_vm, [], vms, created=False)

    assert said(outside, flying=at_once) >= consolidation(consumed, sizes, at_once)
    assert said(outside, reserved=full) == reserved_consolidation(consumed, sizes)
    assert said(nothing) >= remapped_consolidation(consumed, sizes)
    if here == there:
        assert said(outside, flying=at_once) == consolidation(consumed, sizes, at_once)
        assert said(nothing) == remapped_consolidation(consumed, sizes)


# ------------------------------------------------------------------------------------------------------------- the gate
def vm(name: str, resident: int, reservation: int = 0, *, pinned: bool = False) -> VmMemory:
    """A VM all of whose pages are in use, as far as anybody knows."""
    return VmMemory(name, resident, reservation, resident, 1000, resident, overhead_pages=1, pinned=pinned)


def machine(*vms: VmMemory, other: int, promised: int = 0) -> Snapshot:
    """A machine of a thousand pages, which keeps 39 of them free."""
    used = other + sum(v.resident_pages + v.overhead_pages for v in vms)
    return Snapshot(0, MachineMemory(1000, used, other, 0, promised), vms)


ELASTIC = HostVm(size_pages=500, footprint_pages=5, overhead_pages=2, vm_overhead_pages=3)


def test_room_to_the_page() -> None:
    needs = 5 + 2 + 100 + 3 + 2
    vms = (vm("a", 100), vm("b", 50))
    used = sum(v.resident_pages + v.overhead_pages for v in vms)

    assert make_room(machine(*vms, other=1000 - 39 - needs - used), ELASTIC).outcome is Outcome.ADMIT
    refused = make_room(machine(*vms, other=1000 - 39 - needs - used + 1), ELASTIC)
    assert (refused.outcome, refused.refusal, refused.lacking_pages) == (Outcome.REJECT, Refusal.MEMORY, 1)
    assert refused.needs_pages == needs


def test_what_is_inside_is_not_copied_again() -> None:
    vms = (vm("a", 100), vm("b", 50))
    before = make_room(machine(*vms, other=400), ELASTIC, inside=())
    between = make_room(machine(*vms, other=400), ELASTIC, inside=("a",))
    done = make_room(machine(*vms, other=400), ELASTIC, inside=("a", "b"))

    assert [a.needs_pages for a in (before, between, done)] == [100 + 3 + 2, 50 + 3, 0]


def test_reservations_are_counted_once_and_twice_in_flight() -> None:
    vms = (vm("a", 100, 80), vm("b", 50, 50))
    answer = make_room(machine(*vms, other=400), ELASTIC)

    assert answer.reserves_pages == 5 + 2 + 80 + 3 + 2


def test_no_more_is_taken_than_is_needed_once_it_is_taken() -> None:
    """Half of what is taken from the largest comes twice: it is free, and need not be copied."""
    largest = replace(vm("largest", 300), sample=Sample(300, ClassPages(active_buffer=100, free=200), 0))
    needs = 5 + 2 + 300 + 3
    answer = make_room(machine(largest, other=1000 - 39 - 301 - needs + 100), ELASTIC)

    assert (answer.outcome, answer.planned_pages, answer.balloon_plan) == (Outcome.AFTER_RECLAIM, 50, {"largest": 50})


def test_who_fits_once_all_is_taken_is_not_rejected() -> None:
    largest = replace(vm("largest", 300), sample=Sample(300, ClassPages(active_buffer=200, free=100), 0))
    needs, spares = 5 + 2 + 300 + 3, 50
    free = needs - 2 * spares

    assert make_room(machine(largest, other=1000 - 39 - 301 - free), ELASTIC).planned_pages == spares
    refused = make_room(machine(largest, other=1000 - 39 - 301 - free + 1), ELASTIC)
    assert (refused.refusal, refused.lacking_pages) == (Refusal.MEMORY, 1)


def test_a_host_vm_that_is_too_small_is_refused() -> None:
    small = HostVm(size_pages=160, footprint_pages=5, overhead_pages=2, vm_overhead_pages=3)
    answer = make_room(machine(vm("a", 100), vm("b", 50), other=100), small)

    assert (answer.outcome, answer.refusal, answer.lacking_pages) == (Outcome.REJECT, Refusal.TOO_SMALL, 1)
    just = replace(small, size_pages=161)
    assert make_room(machine(vm("a", 100), vm("b", 50), other=100), just).outcome is Outcome.ADMIT


def test_what_is_remapped_needs_metadata_only() -> None:
    answer = make_room(machine(vm("a", 100, 80), vm("b", 50), other=400), replace(ELASTIC, remapped=True))

    assert (answer.needs_pages, answer.reserves_pages) == (5 + 2 + 3 + 2, 5 + 2 + 3 + 2)


def test_what_others_wait_for_is_not_given_to_the_host_vm() -> None:
    others = 1000 - 39 - (5 + 2 + 100 + 3) - 101

    assert make_room(machine(vm("a", 100), other=others), ELASTIC).outcome is Outcome.ADMIT
    assert make_room(machine(vm("a", 100), other=others, promised=1), ELASTIC).outcome is Outcome.REJECT


def test_a_vm_that_is_not_there_cannot_be_inside() -> None:
    with pytest.raises(KeyError, match="nobody"):
        make_room(machine(vm("a", 100), other=100), ELASTIC, inside=("nobody",))


def test_a_host_vm_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="reserves no more than its size"):
        HostVm(10, 0, 0, 0, reserved_pages=11)
    with pytest.raises(ValueError, match="reserves none from the start"):
        HostVm(10, 0, 0, 0, reserved_pages=10, remapped=True)
