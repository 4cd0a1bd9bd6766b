"""What must hold of frames by identity: no content lost or shown to others, none overwritten, none counted twice."""

from __future__ import annotations

from ...model.actors import pages
from ...model.frame_handoff import listed_exactly
from ...model.frames import Entry, Frame, FramePool, Kernel, Page
from ...model.inventory import HostVmState, Machine, Map, Vm
from ...model.language import Quantity, Truth, after, all_of, always, any_of, implies, quantity, step, total, where


def one_if(condition: Truth) -> Quantity:
    """One page where the condition holds, else none."""
    return where(condition, quantity(1, pages), 0)


def suspended(machine: Machine) -> Truth:
    """The host VM of the machine is suspended in memory."""
    return machine.host_vm.state == HostVmState.SUSPENDED


def kept(frame: Frame) -> Truth:
    """What is in the frame is the same after the step."""
    return (after(frame.version) == frame.version) & ((frame.version == 0) | (after(frame.author) == frame.author))


def shared_beyond_one(frame: Frame) -> Quantity:
    """How many of the pages that share a frame would need another one if none shared it."""
    needing = total(one_if(e.present & ~e.left_behind) for e in Entry.where(frame=frame))
    return where(needing > 1, needing - 1, 0)


# ------------------------------------------------------------------------------------------------ content
@always("S2", "S3", "M12")
def no_page_lost() -> Truth:
    """Every page that a guest wrote to has a frame at the hypervisor that has the authority over the VM."""
    return all_of(
        (page.written == 0) | any_of(e.present & (e.at == page.vm.home) for e in Entry.where(page=page))
        for page in Page
    )


@always("S3", "M12")
def memory_as_written() -> Truth:
    """The frames of a VM, at the hypervisor that has the authority over it, hold what it last wrote to each page."""
    return all_of(implies(e.present & (e.at == e.vm.home), e.whole) for e in Entry)


@step("S3")
def nothing_changes_at_rest() -> Truth:
    """What a VM wrote is as it was at the stun, or when it was suspended, for as long as the VM does not run."""
    return all_of(page.vm.runs | (after(page.written) == page.written) for page in Page)


@always("M12")
def zeroed_before_another() -> Truth:
    """No VM has a frame that still holds what another VM wrote."""
    return all_of(implies(e.present, (e.frame.version == 0) | (e.frame.author.vm == e.vm)) for e in Entry)


# -------------------------------------------------------------------------------------------- the exchange
@step("S8")
def preserved_untouched() -> Truth:
    """While the host VM is suspended in memory no frame in it is written, and no page in it moves or is copied elsewhere."""
    still = all_of(implies(suspended(f.machine), kept(f) | (~f.preserved & (after(f.version) == 0))) for f in Frame)
    return still & all_of(
        implies(
            suspended(e.machine) & (e.at == e.machine.host_vm.guest),
            (after(e.present) == e.present) & (after(e.frame) == e.frame),
        )
        for e in Entry
    )


@always("S9")
def preserved_out_of_reach() -> Truth:
    """A preserved frame is neither on the free list nor in the new hypervisor's footprint, until it is consumed."""
    return all_of(implies(f.preserved, ~f.free & ~f.boot) for f in Frame)


@step("S10")
def list_complete_when_sealed() -> Truth:
    """When the map is sealed it lists every preserved frame, and no other."""
    return all_of(implies((m.map != Map.SEALED) & (after(m.map) == Map.SEALED), listed_exactly(m)) for m in Machine)


@always("S10")
def list_sound_when_validated() -> Truth:
    """A map that the new hypervisor has validated lists every preserved frame, and no other."""
    return all_of(implies(m.map == Map.VALIDATED, listed_exactly(m)) for m in Machine)


# --------------------------------------------------------------------------------------------- accounting
@always("X1")
def one_client() -> Truth:
    """Every frame is in one account: free, a hypervisor's own, the new hypervisor's footprint, or that of VMs' pages."""
    return all_of(
        one_if(f.free) + one_if(f.kernel != Kernel.NONE) + one_if(f.boot) + one_if(f.references > 0)
        == quantity(1, pages)
        for f in Frame
    )


@always("X1")
def counted_once() -> Truth:
    """The pool has counted each frame that is not free once, preserved ones included."""
    return all_of(p.taken == total(one_if(~f.free) for f in Frame.where(pool=p)) for p in FramePool)


@always("X1")
def counts_are_of_frames() -> Truth:
    """As many pages as the model counts for a VM, at the source and at the target, are in frames there."""
    here = all_of(
        vm.resident == total(one_if(e.present & (e.at == vm.source)) for e in Entry.where(vm=vm)) for vm in Vm
    )
    there = all_of(vm.copied == total(one_if(e.present & e.arriving) for e in Entry.where(vm=vm)) for vm in Vm)
    return here & there


@always("X1")
def footprints_are_of_frames() -> Truth:
    """A hypervisor has no more frames for itself than the model counts for it."""
    return all_of(
        total(one_if(f.boot & ~f.orphaned) for f in Frame.where(machine=m)) <= m.new.held for m in Machine
    ) & all_of(
        total(one_if((f.kernel != Kernel.NONE) & ~f.orphaned) for f in Frame.where(machine=m))
        <= m.old.held + m.host_vm.guest.held
        for m in Machine
    )


@always("X5")
def sharing_may_end() -> Truth:
    """For every page that shares a frame there is one that is free, or about to be freed: all of them may stop sharing."""
    return all_of(
        total(shared_beyond_one(f) for f in Frame.where(pool=p)) <= total(one_if(f.idle) for f in Frame.where(pool=p))
        for p in FramePool
    )
