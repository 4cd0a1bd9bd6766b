"""What must be seen of frames: without these the properties say little."""

from __future__ import annotations

from ...model.frame_handoff import listed_exactly
from ...model.frames import Entry, Frame, FramePool, Owner
from ...model.inventory import Machine, Map, Stage, Vm
from ...model.language import Truth, all_of, any_of, sometimes, total
from .properties import one_if, shared_beyond_one, suspended


@sometimes("S2", "S3", "M12")
def written_and_moved() -> Truth:
    """A VM runs at the other end of a migration with a page that it wrote to, and the source has freed its copy."""
    return any_of(
        e.present & e.vm.runs & e.vm.settled & (e.page.written > 0) & (e.at == e.vm.guest) & (e.frame.version > 0)
        & all_of(~other.left_behind | ~other.present for other in Entry.where(vm=e.vm))
        for e in Entry
    )  # fmt: skip


@sometimes("S3")
def copy_is_stale() -> Truth:
    """A copy at the target holds another version than the page at the source."""
    return any_of(e.present & e.arriving & ~e.whole for e in Entry)


@sometimes("M12")
def residue_is_free() -> Truth:
    """A free frame still holds what a VM wrote, while another VM has a page without a frame."""
    return any_of(
        f.free & (f.version > 0) & any_of(vm.runs & (vm.untouched > 0) & (vm != f.author.vm) for vm in Vm)
        for f in Frame
    )


@sometimes("S8", "S9")
def booted_beside() -> Truth:
    """The new hypervisor has taken a frame while a page that a VM wrote to is preserved."""
    return any_of(f.boot & suspended(f.machine) for f in Frame) & any_of(f.preserved & (f.version > 0) for f in Frame)


@sometimes("S9")
def resumed_and_still_listed() -> Truth:
    """A VM runs on the new hypervisor while a frame of it is still on the list."""
    return any_of(f.unconsumed for f in Frame)


@sometimes("S10")
def corrupted_list_passed() -> Truth:
    """A map that is not what was sealed was passed to the new hypervisor."""
    return any_of((m.map == Map.PASSED) & ~listed_exactly(m) for m in Machine)


@sometimes("S10")
def list_validated() -> Truth:
    """A map that lists several frames was validated."""
    return any_of((m.map == Map.VALIDATED) & (m.mapped > 1) for m in Machine)


@sometimes("X1")
def no_frame_free() -> Truth:
    """Every frame of a machine is taken, once."""
    return any_of(p.taken == p.frames for p in FramePool)


@sometimes("X1")
def both_copies_in_frames() -> Truth:
    """A VM in flight has every page in a frame at both ends."""
    return any_of((vm.stage == Stage.STOPPED) & (vm.copied == vm.resident) for vm in Vm)


@sometimes("X5")
def shared_to_the_last_frame() -> Truth:
    """Two pages share a frame, and every idle frame would be needed if they did not."""
    beyond, idle = total(shared_beyond_one(f) for f in Frame), total(one_if(f.idle) for f in Frame)
    return any_of(f.references > 1 for f in Frame) & (beyond == idle)


@sometimes("X1")
def new_beneath_host_vm() -> Truth:
    """The new hypervisor has a frame of its own, and the host VM, resumed on it, one of a VM."""
    return any_of(f.owner == Owner.NEW for f in Frame) & any_of(f.owner == Owner.HOST_VM for f in Frame)
