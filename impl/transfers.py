"""A VM that goes to another machine, since it cannot stay on one that is to be exchanged.

Each machine has a controller of its own. The one of the machine that the VM leaves leads, from the first page to the last:
it alone may stop the VM, it knows what was written since, and until authority passes the VM is its own. The other machine
is asked, not led: what it has, what it offers, and whether it is in the middle of its exchange, it says itself
(`World.others`). All that the VM may come to hold is set aside there by the first effect, so that its own controller reckons
with it from then on, and waits with its exchange until the VM has arrived, which is when it first sees the VM.

Authority passes once, at once, with `hand_over`. Before it the VM can always go on where it is; after it, nothing leads
back. By post-copy it passes with `switch_early`: the VM runs there at once, and what it lacks is fetched, for as long as
both machines live; so it is for plans that say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .driver import GONE, LEAVING, Effect, HostVmState, MachineView, OtherMachine, Place, Power, Stage, VmView
from .errors import Contradiction
from .plan import Plan, Step

LEAVES_OLD = ("suspend", "suspend_to_storage", "split_machine")
"""Effects after which only the new hypervisor is to carry what is on the machine."""


def next_of_transfer(step: Step, machine: str, vm: VmView, rounds_most: int) -> Effect | None:
    """The next effect of a transfer; None once the VM is on the other machine. Raises Contradiction.

    Pre-copy goes over what was written since as often as `rounds_most`, before the VM is stunned for the rest.
    """
    if vm.lost or (vm.stage is Stage.ELSEWHERE and vm.abroad == step.to):
        return None
    if vm.stage is Stage.SETTLED and vm.source is not Place.GUEST:
        return Effect("transfer", machine, vm.name, to=step.to, to_new=step.to_new)
    if vm.stage not in (*LEAVING, Stage.FETCHED) or vm.abroad != step.to:
        raise Contradiction(f"{step.name}: {vm.name} is where this step does not move it from")
    bound = Effect("switch_early", machine, vm.name, to=step.to, to_new=step.to_new)
    if vm.stage is Stage.FETCHED:
        return to_fetch(bound, vm)
    return bound if step.early and vm.stage is Stage.STUNNED else _under_way(bound, vm, rounds_most)


def to_fetch(effect: Effect, vm: VmView) -> Effect:
    """What is missing is fetched, and then the way is closed; forward only, since authority has passed."""
    action = "fetch" if vm.missing_pages else "finish_fetching"
    return replace(effect, action=action, amount=vm.missing_pages or None, to=vm.abroad)


def _under_way(effect: Effect, vm: VmView, rounds_most: int) -> Effect:
    action, pages = "stun" if vm.stage is Stage.SENDING else "hand_over", 0
    if vm.copied_pages < vm.content_pages:
        action, pages = "send", vm.content_pages - vm.copied_pages
    elif vm.dirty_pages and (vm.stage is Stage.STUNNED or vm.rounds < rounds_most):
        action, pages = "send_again", vm.dirty_pages
    return Effect(action, effect.machine, effect.vm, pages or None, to=effect.to, to_new=effect.to_new)


def unwelcome(plan: Plan, effect: Effect, others: Mapping[str, OtherMachine]) -> str:
    """Why the other machine does not take a VM now, whatever room it has; "" where it does.

    It has to run the hypervisor (S2), not to be in the middle of its exchange (S4), and to offer the virtual hardware (S3).
    """
    if effect.action != "transfer":
        return ""
    other = others.get(effect.to or "")
    if other is None:
        return f"{effect} waits: no such machine is reached"
    goal, place = other.machine, effect.place_there
    if (goal.new if effect.to_new else goal.old) is not Power.RUNNING:
        return f"{effect} waits: the {place.value} hypervisor does not run there (S2)"
    split = goal.partitions is not None and goal.partitions.division.split
    if split or goal.host_vm not in (HostVmState.ABSENT, HostVmState.RUNNING):
        return f"{effect} waits: {goal.name} is in the middle of its exchange (S4)"
    hardware = plan.vm_named[effect.vm or ""].hardware
    return (
        "" if other.offer(place).offers(hardware) else f"{effect} waits: hardware {hardware} is not offered there (S3)"
    )


def not_yet_here(effect: Effect, machine: MachineView) -> str:
    """Why the host VM is not suspended: a VM from another machine is still to come, and would be left behind (S4)."""
    if effect.action not in LEAVES_OLD or not (machine.set_aside_pages or machine.slots_set_aside_pages):
        return ""
    return f"{effect} waits until what is on its way here from another machine has arrived (S4)"


def not_offered(plan: Plan, effect: Effect, vms: Iterable[VmView]) -> str:
    """Why the host VM is not suspended: the new hypervisor does not offer the virtual hardware of a VM in it (S3)."""
    if effect.action not in LEAVES_OLD:
        return ""
    here = (vm.name for vm in vms if not vm.lost and vm.stage not in GONE)
    cannot_stay = [name for name in here if not plan.hardware.offers(plan.vm_named[name])]
    waits = (
        f"{effect} waits until {', '.join(cannot_stay)} has gone: the new hypervisor lacks its virtual hardware (S3)"
    )
    return waits if cannot_stay else ""
