"""What must hold where VMs move to other machines, or are remapped."""

from __future__ import annotations

from ...model.exchange import offers
from ...model.inventory import Machine, Stage, Vm
from ...model.language import Truth, after, all_of, always, any_of, assume, implies, step, total
from ...model.moves import Network, Passage, Transfer


@assume
def transfers_lead_elsewhere() -> Truth:
    """A transfer leads to a hypervisor of another machine that is no guest hypervisor, and a VM has one."""
    elsewhere = all_of((t.to.machine != t.origin) & ~t.to.nested for t in Transfer)
    return elsewhere & all_of((a == b) | (a.vm != b.vm) for a in Transfer for b in Transfer)


@step("S17")
def machines_change_by_transfer_only() -> Truth:
    """A VM comes to another machine only by a transfer that has stunned it: an exchange in place sends no VM away."""
    return all_of(
        (after(vm.machine) == vm.machine) | any_of(t.passage == Passage.STUNNED for t in Transfer.where(vm=vm))
        for vm in Vm
    )


@step("S17")
def pages_cross_by_transfer_only() -> Truth:
    """No page crosses the machine boundary but those of a VM that is being transferred, and the plan allows them."""
    sending = any_of(t.passage != Passage.NONE for t in Transfer)
    return all_of(((after(n.crossed) == n.crossed) | sending) & (after(n.crossed) <= n.allowed) for n in Network)


@always("S17")
def on_one_machine_or_the_other() -> Truth:
    """A VM on its way is still on its own machine until authority passes, and on the other one from then on."""
    return all_of(
        implies(t.outgoing, t.vm.machine == t.origin) & implies(t.passage == Passage.FETCHING, t.vm.machine == t.goal)
        for t in Transfer
    )


@always("X4")
def slots_follow_the_vm() -> Truth:
    """Swap slots follow the VM: a machine keeps none but those of its VMs, and those set aside for VMs on their way."""
    return all_of(m.slots_set_aside == total(t.slots for t in Transfer.where(goal=m)) for m in Machine)


@always("X2")
def set_aside_for_transfers_only() -> Truth:
    """Frames are set aside for VMs on their way, or for what they have yet to fetch: both ends are charged, and no more."""
    return all_of(
        m.set_aside
        == total(t.frames for t in Transfer.where(goal=m)) + total(t.missing for t in Transfer.where(origin=m))
        for m in Machine
    )


@always("S1")
def stunned_while_it_passes() -> Truth:
    """A VM that is about to pass to another machine, or whose frames are about to change hands, runs nowhere."""
    passing = all_of(implies(t.passage == Passage.STUNNED, ~t.vm.running) for t in Transfer)
    return passing & all_of(implies(vm.remapped, ~vm.running) for vm in Vm)


@step("S3")
def still_while_stunned() -> Truth:
    """A stunned VM writes nothing: what was sent of it stays what it is."""
    return all_of(implies(t.passage == Passage.STUNNED, after(t.stale) <= t.stale) for t in Transfer)


@always("X3")
def in_flight_while_pages_are_missing() -> Truth:
    """A VM of which pages are still elsewhere is in flight: nothing is reclaimed from it."""
    return all_of(implies(t.missing > 0, (t.passage == Passage.FETCHING) & t.vm.leaving) for t in Transfer)


@always("S2")
def lost_only_between_two_ends() -> Truth:
    """If a VM is lost, then while it ran at one end and part of it was at the other."""
    return all_of(implies(~t.vm.intact, t.missing > 0) for t in Transfer)


@always("S3")
def hardware_offered() -> Truth:
    """A VM is only where its virtual hardware is offered: its device state means there what it meant before."""
    return all_of(offers(vm.source, vm) for vm in Vm)


@always("X2")
def remapped_without_a_copy() -> Truth:
    """Frames that change hands by remapping are charged once: there is no second copy."""
    return all_of(
        implies(vm.remapped, (vm.stage == Stage.STOPPED) & (vm.charged == vm.resident + vm.overhead)) for vm in Vm
    )
