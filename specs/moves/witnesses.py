"""What must be seen to happen where VMs move otherwise."""

from __future__ import annotations

from ...model.inventory import HostVmState, Machine, Vm
from ...model.language import Truth, any_of, sometimes
from ...model.moves import Network, Passage, Transfer
from ..properties import exchanged


@sometimes("S17", "S3")
def moved_away_and_exchanged() -> Truth:
    """A VM has moved to another machine, and the one that it left is exchanged."""
    return any_of((t.vm.machine != t.origin) & exchanged(t.origin) for t in Transfer)


@sometimes("X4")
def swapped_on_its_way() -> Truth:
    """A VM is on its way with a page swapped, for which a slot is set aside."""
    return any_of(t.slots > 0 for t in Transfer)


@sometimes("X2", "S1")
def stunned_on_its_way() -> Truth:
    """A VM is stunned, all that it has is sent, and frames are set aside for it."""
    return any_of((t.passage == Passage.STUNNED) & (t.sent == t.content) & (t.frames > 0) for t in Transfer)


@sometimes("X2", "X3", "S2")
def fetched_in_the_end() -> Truth:
    """A VM that ran at the other end before its pages were there has fetched some."""
    return any_of((t.passage == Passage.FETCHING) & (t.missing == 0) for t in Transfer)


@sometimes("S17")
def network_spent() -> Truth:
    """All the pages that the plan allows have crossed."""
    return any_of((n.crossed == n.allowed) & (n.allowed > 0) for n in Network)


@sometimes("X2", "S1")
def remapped_without_room_for_a_copy() -> Truth:
    """Frames are changing hands on a machine that has no room for a second copy of them."""
    return any_of(vm.remapped & (vm.machine.capacity < vm.machine.used + vm.resident) for vm in Vm)


@sometimes("S17")
def exchange_done_in_place() -> Truth:
    """A machine is exchanged, and no page has crossed."""
    done = any_of(exchanged(m) & (m.host_vm.state == HostVmState.ABSENT) for m in Machine)
    return done & any_of(n.crossed == 0 for n in Network)
