"""What must hold: the safety properties of the exchange and of its memory, each a sentence and a predicate.

The names S1, M1, X2 … are those of the catalogue of requirements; "O" stands for *never overcommitted beyond limits*.
"""

from __future__ import annotations

from ..model.inventory import HostVm, HostVmState, Machine, Map, Power, Stage, Vm
from ..model.language import Quantity, Truth, after, all_of, always, implies, step, total, where


def exchanged(machine: Machine) -> Truth:
    """The exchange of this machine is over: only the new hypervisor is there."""
    return (
        (machine.new.power == Power.RUNNING)
        & (machine.old.power == Power.ABSENT)
        & (machine.host_vm.state == HostVmState.ABSENT)
    )


def nested(vm: Vm) -> Truth:
    """The VM is on, in the guest hypervisor, and not in flight."""
    return vm.on & ~vm.in_flight & (vm.source == vm.guest)


def all_nested(machine: Machine) -> Truth:
    """Every VM of the machine that is on is in the guest hypervisor, and none is in flight."""
    return all_of(implies(vm.on, nested(vm)) for vm in Vm.where(machine=machine))


def suspended(machine: Machine) -> Truth:
    """The host VM stands still, in memory or in storage."""
    return machine.host_vm.suspended


def preserved(machine: Machine) -> Truth:
    """The host VM stands still in memory, to be handed over by a map."""
    return machine.host_vm.state == HostVmState.SUSPENDED


def all_on_new(machine: Machine) -> Truth:
    """Every VM of the machine that is on is on the new hypervisor, and nothing of the exchange is left."""
    settled = all_of(implies(vm.on, vm.settled & (vm.source == machine.new)) for vm in Vm.where(machine=machine))
    return settled & (machine.host_vm.guest.power == Power.ABSENT) & (machine.map == Map.NONE) & (machine.mapped == 0)


def needed(machine: Machine) -> Quantity:
    """What the machine must hold when nothing but the new hypervisor and its VMs is there."""
    theirs = total(vm.resident + where(vm.on, machine.new.vm_overhead, 0) for vm in Vm.where(machine=machine))
    return machine.new.footprint + theirs


def kept_for_new(machine: Machine) -> Quantity:
    """What a machine whose host VM is suspended in memory keeps for the new hypervisor until that is there."""
    return where(preserved(machine) & (machine.new.power == Power.ABSENT), machine.new.footprint, 0)


def second_copy(vm: Vm) -> Quantity:
    """The second copy, as the migration's own counter has it."""
    return where(vm.settled, 0, vm.copied)


def _same_pages(vm: Vm) -> Truth:
    """The step leaves every page of the VM in its class."""
    hot = (after(vm.unreclaimable) == vm.unreclaimable) & (after(vm.active_anonymous) == vm.active_anonymous)
    cold = (after(vm.inactive_anonymous) == vm.inactive_anonymous) & (after(vm.inactive_buffer) == vm.inactive_buffer)
    rest = (after(vm.active_buffer) == vm.active_buffer) & (after(vm.free) == vm.free)
    return hot & cold & rest & (after(vm.untouched) == vm.untouched)


# ------------------------------------------------------------------------------------------------- the exchange
@always("S1")
def one_authority() -> Truth:
    """Every VM has one authoritative hypervisor: once authority has passed, the source does not execute."""
    return all_of(implies(vm.stage == Stage.COMMITTED, ~vm.running) for vm in Vm)


@step("S1")
def authority_passes_at_rest() -> Truth:
    """Authority passes from one hypervisor to another only while the VM executes nowhere."""
    return all_of((after(vm.home) == vm.home) | ~vm.running for vm in Vm)


@always("S1")
def stunned_only_to_commit() -> Truth:
    """A VM that is on executes at its one authoritative hypervisor, unless it is in stop-and-copy or has committed."""
    stunned = (Stage.STOPPED, Stage.COMMITTED)
    return all_of(implies(vm.on, vm.running | vm.leaving | vm.stage.one_of(*stunned)) for vm in Vm)


@always("S2")
def no_vm_lost() -> Truth:
    """No VM is lost: its pages are whole, and the hypervisor with its authority has not gone from under it."""
    return all_of(~vm.lost for vm in Vm)


@always("S3")
def whole_at_commit() -> Truth:
    """Authority passes only to a copy of all pages, none of them stale: the VM goes on with what it was stunned with."""
    return all_of(implies(vm.stage == Stage.COMMITTED, (vm.copied == vm.resident) & (vm.dirty == 0)) for vm in Vm)


@step("S3")
def still_at_rest() -> Truth:
    """While a VM is stunned or suspended no page of it is used, freed or written: it resumes with what it had then."""
    return all_of(vm.awake | ~(vm.on & after(vm.on)) | (_same_pages(vm) & (after(vm.dirty) <= vm.dirty)) for vm in Vm)


@always("S4")
def consolidated_before_exchange() -> Truth:
    """While the old hypervisor is replaced no VM is on it or in flight; once it is gone none is on it or moves to it."""
    replaced = all_of(implies(suspended(m) | m.split, all_nested(m)) for m in Machine)
    gone = all_of(
        implies(
            vm.on & (vm.machine.old.power == Power.ABSENT),
            (vm.source != vm.machine.old) & (vm.target != vm.machine.old),
        )
        for vm in Vm
    )
    return replaced & gone


@step("S5")
def nested_post_state() -> Truth:
    """The first state after the exchange is the full nested stack: VMs, guest hypervisor, host VM, new hypervisor."""
    return all_of(
        implies(
            suspended(m) & after((m.host_vm.state == HostVmState.RUNNING) & (m.host_vm.carrier == m.new)),
            after(all_nested(m) & (m.host_vm.guest.power == Power.RUNNING) & (m.new.power == Power.RUNNING)),
        )
        for m in Machine
    )


@always("S5")
def guest_hypervisor_with_host_vm() -> Truth:
    """The guest hypervisor is there exactly while the host VM is, and what carries the host VM in memory runs."""
    return all_of(
        ((m.host_vm.state == HostVmState.ABSENT) == (m.host_vm.guest.power == Power.ABSENT))
        & m.host_vm.guest.power.one_of(Power.ABSENT, Power.RUNNING)
        & implies(
            (m.host_vm.state != HostVmState.ABSENT) & m.host_vm.in_memory, m.host_vm.carrier.power == Power.RUNNING
        )
        for m in Machine
    )


@always("S6")
def only_toward_the_living() -> Truth:
    """No VM moves toward where it is, toward a hypervisor that is not running, or to the old one beside the new one."""
    return all_of(
        implies(
            ~vm.settled,
            (vm.source != vm.target)
            & vm.target.executes
            & implies(vm.target == vm.machine.old, vm.machine.new.power == Power.ABSENT),
        )
        for vm in Vm
    )


@always("S7")
def done_means_done() -> Truth:
    """When the old hypervisor and the host VM are gone, every VM is on the new hypervisor, and no map is left."""
    return all_of(implies(exchanged(m), all_on_new(m)) for m in Machine)


@always("S7")
def no_page_leaked() -> Truth:
    """When the exchange is done the machine holds the new hypervisor and what its VMs need there, and not a page more."""
    return all_of(implies(exchanged(m), m.used == needed(m)) for m in Machine)


@always("S10")
def map_complete() -> Truth:
    """A map exists only while the host VM is suspended in memory, and covers all of its pages."""
    return all_of(implies(m.map != Map.NONE, preserved(m) & (m.mapped == m.host_vm.used)) for m in Machine)


@always("S10")
def validated_before_teardown() -> Truth:
    """The old hypervisor ends only once the new one has validated the map that it will resume from."""
    return all_of(implies(preserved(m) & (m.old.power == Power.ABSENT), m.map == Map.VALIDATED) for m in Machine)


@step("S11")
def replaced_only_when_suspended() -> Truth:
    """The old hypervisor ends only while every instance is inside the host VM, which is suspended or runs on the new one."""
    return all_of(
        implies(
            (m.old.power == Power.RUNNING) & (after(m.old.power) != Power.RUNNING),
            all_nested(m) & (suspended(m) | (m.split & (m.host_vm.carrier == m.new))),
        )
        for m in Machine
    )


@always("S18")
def format_checked_first() -> Truth:
    """Nothing is suspended, and no machine split, for a new hypervisor that cannot read the old one's hand-off format."""
    return all_of(
        implies(
            suspended(m) | m.split,
            (m.new.reads_from <= m.old.writes_format) & (m.old.writes_format <= m.new.reads_upto),
        )
        for m in Machine
    )


# ----------------------------------------------------------------------------------- accounting and page classes
@always("X2")
def both_copies_charged() -> Truth:
    """While a copying migration runs both copies are charged to the machine; otherwise exactly one is, if any is there."""
    in_memory = all_of(vm.charged == where(vm.in_storage, 0, vm.resident + vm.overhead + second_copy(vm)) for vm in Vm)
    return in_memory & all_of(implies(vm.settled, vm.copied == 0) for vm in Vm)


@step("X3")
def frozen_while_in_flight() -> Truth:
    """Nothing is reclaimed from a VM that is in flight, suspended or preserved, and its targets do not change."""
    return all_of(
        (vm.awake & ~vm.in_flight)
        | ~(vm.on & after(vm.on))
        | (
            (after(vm.ballooned) == vm.ballooned)
            & (after(vm.swapped) <= vm.swapped)
            & (after(vm.balloon_target) == vm.balloon_target)
            & (after(vm.swap_target) == vm.swap_target)
        )
        for vm in Vm
    )


@always("X6")
def reservations_fit_inside() -> Truth:
    """The host VM's size covers the reservations of all that is in it or on its way in."""
    return all_of(h.promised <= h.size for h in HostVm)


@step("M3")
def reclaimed_up_to_target() -> Truth:
    """The balloon takes pages only up to its target, and so does swapping; a lowered target is made up for later."""
    return all_of(
        ~vm.on
        | ((after(vm.ballooned) <= vm.ballooned) | (after(vm.ballooned) <= vm.balloon_target))
        & ((after(vm.swapped) <= vm.swapped) | (after(vm.swapped) <= vm.swap_target))
        for vm in Vm
    )


@always("M1")
def pages_conserved() -> Truth:
    """Every page of a VM is in one class, in the balloon, swapped, or was never touched."""
    return all_of(vm.resident + vm.untouched + vm.ballooned + vm.swapped == vm.size for vm in Vm)


@always("O")
def machine_not_overcommitted() -> Truth:
    """No machine ever holds more frames than it has, transient double copies included."""
    return all_of(m.used <= m.capacity for m in Machine)


@always("O")
def commitments_within_limit() -> Truth:
    """No machine ever promises more frames than its limit, double copies and frames kept for the new hypervisor included."""
    return all_of(m.committed + kept_for_new(m) <= m.commit_limit for m in Machine)


@always("O")
def room_kept_for_new() -> Truth:
    """While the host VM is suspended in memory there are frames for the new hypervisor, whether it is there yet or not."""
    return all_of(implies(preserved(m), m.used + kept_for_new(m) <= m.capacity) for m in Machine)


@always("O")
def host_vm_not_overcommitted() -> Truth:
    """No host VM ever holds more frames than its size."""
    return all_of(h.used <= h.size for h in HostVm)


@always("O")
def swap_not_overcommitted() -> Truth:
    """No machine ever has more pages swapped than it has swap slots."""
    return all_of(m.swapped <= m.swap for m in Machine)
