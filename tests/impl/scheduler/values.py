"""What a snapshot may say: values that cannot be are refused, each with its message, and what its parts compute is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product

from holdfast.impl.scheduler.snapshot import MachineMemory, Settings, Snapshot, Targets, VmMemory

EXACT: dict[str, Callable[[], bool]] = {}
"""By name; the name begins with the number in the catalogue. Functions are looked up when asked: one may be a mutant."""


def exactly(name: str) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    """Register what a function must compute."""

    def registered(holds: Callable[[], bool]) -> Callable[[], bool]:
        EXACT[name] = holds
        return holds

    return registered


def refused(make: Callable[[], object]) -> str:
    """The message with which something is refused, or nothing where it is not."""
    try:
        make()
    except ValueError as error:
        return str(error)
    return ""


WHOLE = VmMemory("vm", 3, 0, 3, 1, 0)
"""A VM of three pages, none of them touched."""


def told(message: str, make: Callable[..., object], *arguments: object) -> bool:
    """Whether something is refused with that message; with none where it is not refused."""
    return refused(lambda: make(*arguments)) == message


@exactly("D2 settings are percentages: of a tax below all, of a balloon at most all, of headroom any")
def settings_that_can_be() -> bool:
    near = (-1, 0, 1, 99, 100, 101)
    message = "a tax lies below 100 %, a balloon holds at most 100 %, headroom is not negative"
    return all(
        told("" if 0 <= tax < 100 and 0 <= balloon <= 100 and room >= 0 else message, Settings, tax, room, balloon)
        for tax, balloon, room in product(near, near, (-1, 0, 1))
    )


@exactly("M1 a VM has no more pages than its size, and a limit between reservation and size")
def vms_that_can_be() -> bool:
    def of_parts(*pages: int) -> VmMemory:
        resident, ballooned, swapped, balloon, swap, overhead, shareable = pages
        return VmMemory("vm", 3, 0, 3, 1, resident, ballooned, swapped, balloon, swap, overhead, shareable)

    def within(reservation: int, limit: int, shares: int) -> VmMemory:
        return VmMemory("vm", 3, reservation, limit, shares, 0)

    parts, bounds = (
        "vm: its pages are not negative, and no more than its size",
        "vm: reservation ≤ limit ≤ size, and it has shares",
    )
    some = [(*pages, *rest) for pages in product(range(-1, 3), repeat=3) for rest in product((-1, 0, 1), repeat=4)]
    return all(
        told("" if min(pages) >= 0 and sum(pages[:3]) <= 3 else parts, of_parts, *pages) for pages in some
    ) and all(
        told("" if 0 <= least <= most <= 3 and shares >= 1 else bounds, within, least, most, shares)
        for least, most, shares in product(range(-1, 5), range(-1, 5), range(3))
    )


@exactly("M1 a machine has no more frames in use than it has, and at least the hypervisor's")
def machines_that_can_be() -> bool:
    frames = "the frames in use are at least the hypervisor's, and no more than the machine's"
    others = "swap and promises are not negative"
    return all(
        told(
            frames if not 0 <= theirs <= used <= 2 else others if min(swap, promised) < 0 else "",
            MachineMemory,
            *(2, used, theirs, swap, promised),
        )
        for used, theirs, swap, promised in product(range(-1, 4), range(-1, 4), (-1, 0, 1), (-1, 0, 1))
    )


@exactly("M1 the VMs of a machine have no more frames and slots than there are, and names of their own")
def snapshots_that_can_be() -> bool:
    def made(resident: int, overhead: int, swapped: int, other: str) -> Snapshot:
        vm = replace(WHOLE, resident_pages=resident, overhead_pages=overhead, swapped_pages=swapped)
        return Snapshot(0, MachineMemory(9, 4, 1, 1), (vm, replace(WHOLE, name=other)))

    def wrong(resident: int, overhead: int, swapped: int, other: str) -> str:
        if resident + overhead + 1 > 4:
            return "the VMs and the hypervisor have no more frames than are in use"
        if swapped > 1:
            return "no more pages are swapped than there are slots"
        return "" if other != "vm" else "each VM has a name of its own"

    every = product(range(3), range(4), range(2), ("vm", "other"))
    return all(told(wrong(*asked), made, *asked) for asked in every) and told(wrong(0, 0, 2, "a"), made, 0, 0, 2, "a")


@exactly("M1 a VM is found by its name, and nobody by another")
def found_by_name() -> bool:
    vms = (WHOLE, replace(WHOLE, name="other"))
    snapshot = Snapshot(0, MachineMemory(9, 4, 1, 1), vms)
    try:
        snapshot.vm("nobody")
    except KeyError as error:
        return error.args == ("nobody",) and all(snapshot.vm(vm.name) is vm for vm in vms)
    return False


@cache
def asked_for() -> tuple[tuple[VmMemory, Targets], ...]:
    """A VM with all that its balloon and swap can hold, and all that they may be asked for."""
    held = product(range(3), range(2))
    vms = [replace(WHOLE, ballooned_pages=ballooned, swapped_pages=swapped) for ballooned, swapped in held]
    return tuple((vm, Targets(balloon, swap)) for vm in vms for balloon in range(4) for swap in range(4))


@exactly("M3 what is owed lacks at the target, and what is granted is left by it")
def owed_exactly() -> bool:
    for vm, asked in asked_for():
        by_balloon = len(range(vm.ballooned_pages, asked.balloon_pages))
        by_swap = len(range(vm.swapped_pages, asked.swap_pages))
        owed = (asked.owed_by_balloon(vm), asked.owed_by_swap(vm), asked.owed(vm))
        granted = vm.size_pages - asked.balloon_pages - asked.swap_pages
        if (*owed, asked.granted(vm)) != (by_balloon, by_swap, by_balloon + by_swap, granted):
            return False
    return True


@exactly("M9 at hand is all that neither balloon nor swap holds and is to keep")
def at_hand_exactly() -> bool:
    def kept(holds: int, target: int) -> int:
        return len(set(range(holds)) & set(range(target)))

    return all(
        asked.at_hand(vm)
        == vm.size_pages - kept(vm.ballooned_pages, asked.balloon_pages) - kept(vm.swapped_pages, asked.swap_pages)
        for vm, asked in asked_for()
    )
