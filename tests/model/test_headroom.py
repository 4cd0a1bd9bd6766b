"""D6: the published formula; and the smallest machine on which the model itself can do the exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Vacuous
from holdfast.model import headroom
from holdfast.model.headroom import Headroom, Sizes
from holdfast.model.inventory import Vm
from holdfast.model.language import System, Truth, World, all_of, sometimes
from holdfast.specs.hosts import GuestPages, HostPages, Release
from holdfast.specs.model import system
from holdfast.specs.questions import CLEAN, FAULTLESS, STILL, on_one

PLAIN = Sizes(old=1, new=1, guest=1, host_vm=1)
LARGER_NEW = Sizes(old=1, new=4, guest=1)
GROWING = Sizes(old=1, new=1, guest=2, guest_per_vm=2, new_per_vm=1)
SHRINKING = Sizes(old=1, new=1, guest=1, old_per_vm=2)
LARGER_OUT = Sizes(old=1, new=2, guest=1, new_per_vm=3)
SMALL = [
    ((1,), PLAIN),
    ((1, 2), PLAIN),
    ((2, 2), LARGER_NEW),
    ((1, 2), GROWING),
    ((1, 1, 1), GROWING),
    ((1, 2), SHRINKING),
    ((1, 1, 2), SHRINKING),
    ((1, 2), LARGER_OUT),
]


@sometimes()
def every_vm_twice() -> Truth:
    """Every VM is in flight, and all its pages are at both ends."""
    return all_of(~vm.settled & (vm.copied == vm.resident) for vm in Vm)


def machine(capacity: int, consumed: Sequence[int], sizes: Sizes) -> HostPages:
    """A machine of these sizes, on which only frames can be short."""
    inside = headroom.while_nested(consumed, sizes)
    old, new = Release(sizes.old, sizes.old_per_vm), Release(sizes.new, sizes.new_per_vm)
    return HostPages("host", capacity, old, new, Release(sizes.guest, sizes.guest_per_vm), inside, sizes.host_vm, 1000)


def seen(part: System, left_out: tuple[str, ...], capacity: int, consumed: Sequence[int], sizes: Sizes) -> bool:
    """Whether the only property of this system, a witness, is shown on a machine of so many frames."""
    vms = [GuestPages(f"vm{i}", pages, {"active_anonymous": pages}) for i, pages in enumerate(consumed)]
    there = {a.name for a in part.actions}
    left = {name: "frames decide" for name in (*STILL, *FAULTLESS, *CLEAN, "cancel", *left_out) if name in there}
    verdict = explore(Run(part, World("small", *on_one(machine(capacity, consumed, sizes), *vms), leave_out=left)))
    (asked,) = part.properties
    return not (isinstance(verdict, Vacuous) and asked.name in verdict.never_witnessed)


def smallest(part: System, left_out: tuple[str, ...], consumed: Sequence[int], sizes: Sizes) -> int:
    """The fewest frames on which it is shown."""
    first = headroom.at_first(consumed, sizes)
    return next(n for n in range(first, 1000) if seen(part, left_out, n, consumed, sizes))


def asking(parts: tuple[str, ...], *, done: bool) -> System:
    """The model with one witness: that the exchange is done, or that every VM is there twice."""
    whole = system(parts, ("exchange",))
    return replace(whole, properties=(whole.property("exchange_done") if done else every_vm_twice,))


@pytest.mark.parametrize(("consumed", "sizes"), SMALL)
def test_the_model_needs_what_the_formula_says(consumed: tuple[int, ...], sizes: Sizes) -> None:
    assert smallest(asking((), done=True), (), consumed, sizes) == headroom.exchange(consumed, sizes)


@pytest.mark.parametrize(("consumed", "sizes"), [((1, 2), PLAIN), ((1, 2), GROWING), ((1, 1, 2), PLAIN)])
def test_all_at_once_needs_every_vm_twice(consumed: tuple[int, ...], sizes: Sizes) -> None:
    entering = headroom.consolidation(consumed, sizes, at_once=len(consumed))
    found = smallest(asking((), done=False), ("suspend",), consumed, sizes)

    assert found == headroom.at_first(consumed, sizes) + entering
    assert entering == headroom.reserved_consolidation(consumed, sizes)


@pytest.mark.parametrize(("consumed", "sizes"), [((1, 2), PLAIN), ((2, 2), GROWING), ((2, 2), SHRINKING)])
def test_remapping_needs_metadata_only(consumed: tuple[int, ...], sizes: Sizes) -> None:
    copying = ("consolidate", "disassociate", "withdraw")
    moves = {a.name for a in system(("moves",), ()).actions} - {a.name for a in system((), ()).actions}
    others = tuple(moves - {"remap_in", "remap_out", "pass_frames"})
    found = smallest(asking(("moves",), done=True), (*copying, *others), consumed, sizes)

    assert found == headroom.remapped_exchange(consumed, sizes)
    assert found <= headroom.exchange(consumed, sizes)


# ------------------------------------------------------------------------------------------------ the published form
def test_serial_copying_takes_the_largest_vm_again() -> None:
    assert headroom.consolidation((4, 9, 2), Sizes(old=8, new=8, guest=5, host_vm=1)) == 5 + 1 + 9


def test_so_many_at_once_take_as_many_of_the_largest() -> None:
    sizes = Sizes(old=8, new=8, guest=5, host_vm=1)

    assert [headroom.consolidation((4, 9, 2, 7), sizes, k) for k in (1, 2, 3, 4)] == [15, 22, 26, 28]


def test_overhead_that_grows_is_added() -> None:
    sizes = Sizes(old=8, new=8, guest=5, old_per_vm=1, guest_per_vm=3)

    assert headroom.consolidation((6, 6, 6), sizes) == 5 + 6 + 3 + 2 * 2


def test_leaving_has_the_same_formula_on_the_new_hypervisor() -> None:
    sizes = Sizes(old=1, new=10, guest=5, host_vm=1)
    out = headroom.copies((4, 9, 2), sizes.guest_per_vm, sizes.new_per_vm)

    assert headroom.exchange((4, 9, 2), sizes) == sizes.new + headroom.while_nested((4, 9, 2), sizes) + out


def test_another_way_takes_other_things() -> None:
    sizes = Sizes(old=8, new=12, guest=5, host_vm=1)

    assert headroom.partition_move((4, 9), sizes) == Headroom(frames=5 + 1 + 12, processors=1)
    assert headroom.by_storage((4, 9), sizes) == Headroom(frames=5 + 1 + 9, storage=5 + 4 + 9)


def test_no_vm_takes_no_copy() -> None:
    assert headroom.copies((), 0, 3) == 0
