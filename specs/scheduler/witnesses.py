"""What must be seen to happen where the memory scheduler sets the targets."""

from __future__ import annotations

from ...model.inventory import Machine, Vm
from ...model.language import Truth, any_of, sometimes, total
from ...model.sampling import Balloon, MemoryState, Scheduler, Watch, owed, serves
from ..properties import exchanged


@sometimes("M2")
def estimate_is_stale() -> Truth:
    """An estimate that still serves is wrong by now: the guest uses pages that were found idle."""
    return any_of((w.age < w.lasts) & (w.active < w.vm.active_anonymous + w.vm.active_buffer) for w in Watch)


@sometimes("M3", "M6", "M7")
def balloon_and_swap_asked() -> Truth:
    """A VM has both a balloon target and a swap target."""
    return any_of((vm.balloon_target > 0) & (vm.swap_target > 0) for vm in Vm)


@sometimes("M4", "M5")
def nothing_left_to_spare() -> Truth:
    """Memory is scarce, and a VM from which pages were taken has none left to spare."""
    return any_of(
        serves(s, w.vm) & (s.lacking > 0) & (w.spare == 0) & (w.age < w.lasts) & (w.vm.ballooned + w.vm.swapped > 0)
        for w in Watch
        for s in Scheduler
    )


@sometimes("M6", "F5")
def swapped_for_a_dead_balloon() -> Truth:
    """A balloon was given up, and pages are swapped instead."""
    return any_of((w.balloon == Balloon.UNCOOPERATIVE) & (w.vm.swapped > 0) for w in Watch)


@sometimes("M8", "M10")
def short_of_what_was_taken() -> Truth:
    """A VM is short of memory that was taken from it."""
    return any_of((w.due > 0) & (w.age < w.lasts) for w in Watch)


@sometimes("M9")
def waits_for_another_to_give() -> Truth:
    """A VM is short, and has to wait until another one has given what was asked of it."""
    return any_of((w.due > 0) & (w.vm != other) & (owed(other) > 0) for w in Watch for other in Vm)


@sometimes("M13")
def every_slot_promised() -> Truth:
    """Memory is scarce, and there is not one swap slot that no target asks for."""
    return any_of((s.lacking > 0) & (s.machine.swap > 0) & (s.machine.swap == s.machine.swapped) for s in Scheduler)


@sometimes("M14", "F4")
def blocked_in_low() -> Truth:
    """Memory is low, and a VM is blocked."""
    return any_of(vm.blocked & serves(s, vm) & (s.state == MemoryState.LOW) for vm in Vm for s in Scheduler)


@sometimes("M3")
def exchanged_for_what_was_taken() -> Truth:
    """A machine is exchanged that had no room for host VM and guest hypervisor beside all pages of its VMs."""
    return any_of(
        exchanged(m)
        & (
            m.capacity
            < m.old.footprint
            + m.host_vm.overhead
            + m.host_vm.guest.footprint
            + total(vm.size for vm in Vm.where(machine=m))
        )
        for m in Machine
    )


@sometimes("M9")
def given_inside() -> Truth:
    """Inside a host VM, one VM has given pages, and another has got back all that was taken from it."""
    return any_of(
        s.inside & serves(s, a) & serves(s, b) & (a.ballooned > 0) & (b.ballooned + b.swapped == 0)
        for s in Scheduler
        for a in Vm
        for b in Vm
    )


@sometimes("F3")
def between_line_and_margin() -> Truth:
    """More is available than the line of the memory's state says, and less than it takes to leave it."""
    return any_of((s.state == MemoryState.LOW) & (s.low_line < s.available) for s in Scheduler)
