"""What effects on the machine do: the host VM, the hand-off map, and the two hypervisors of an exchange.

Each returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..driver import Copy, HostVmState, MapState, Place, Power, Stage
from .guests import check
from .state import GARBAGE, Guest, Reality

MachineEffect = Callable[[Reality], str]


def nested(world: Reality) -> Iterable[Guest]:
    """The VMs that have memory in the host VM."""
    return (vm for vm in world.vms.values() if Place.GUEST in vm.copies)


def _create(world: Reality) -> str:
    machine, start = world.machine, world.machine.start
    if machine.host_vm is not HostVmState.ABSENT:
        return ""
    if machine.old is not Power.RUNNING:
        return "the old hypervisor does not run"
    machine.host_vm, machine.carrier, machine.guest = HostVmState.RUNNING, Place.OLD, Power.RUNNING
    world.take(start.sizes.guest_pages + start.sizes.host_vm_pages, inside=start.sizes.guest_pages)
    return ""


def _destroy(world: Reality) -> str:
    if world.machine.host_vm is HostVmState.ABSENT:
        return ""
    if world.machine.host_vm is HostVmState.STORED:
        return "the host VM is in storage only"
    drop_host_vm(world, "the host VM was destroyed with the VM in it")
    return ""


def drop_host_vm(world: Reality, why: str) -> None:
    """The host VM is gone, and with it everything in it; migrations that it was an end of are given up."""
    machine, start = world.machine, world.machine.start
    for vm in world.vms.values():
        if Place.GUEST in vm.copies or vm.target is Place.GUEST:  # frames that were to pass have no copy there yet
            _drop_nested(world, vm, why)
    machine.host_vm, machine.carrier, machine.guest, machine.map = HostVmState.ABSENT, None, Power.ABSENT, MapState.NONE
    machine.copy, machine.image.needed_pages = Copy.ORIGINAL, 0
    world.take(-start.sizes.guest_pages - start.sizes.host_vm_pages, inside=-start.sizes.guest_pages)


def _drop_nested(world: Reality, vm: Guest, why: str) -> None:
    """The copy in the host VM is gone: that of a receiver, of a source, or the only one."""
    vm.copies.pop(Place.GUEST, None)
    if Place.GUEST in vm.unpaused:
        vm.unpaused.remove(Place.GUEST)
    if vm.target is Place.GUEST and vm.source in vm.copies:
        _receiver_gone(world, vm)
    elif vm.stage is Stage.COMMITTED:
        vm.stage = Stage.FENCED
    else:
        if vm.target is not None:
            vm.copies.pop(vm.target, None)
        vm.target, vm.stage = None, Stage.SETTLED
        world.lose(vm, why)
    world.recharge(vm)


def _receiver_gone(world: Reality, vm: Guest) -> None:
    committed = vm.stage is Stage.COMMITTED
    vm.target, vm.gave_up = None, "destination_killed"
    vm.stage = Stage.STOPPED if committed else Stage.SETTLED
    if not committed and vm.source not in vm.unpaused:
        vm.unpaused.append(vm.source)
        world.rouse(vm)


def _suspend(world: Reality) -> str:
    machine = world.machine
    if machine.host_vm is HostVmState.SUSPENDED:
        return ""
    if machine.host_vm is not HostVmState.RUNNING:
        return "there is no host VM that runs"
    machine.host_vm = HostVmState.SUSPENDED
    for vm in nested(world):
        world.stun(vm)
    return ""


def _build(world: Reality) -> str:
    machine = world.machine
    if machine.map is not MapState.NONE:
        return ""
    if machine.host_vm is not HostVmState.SUSPENDED or machine.old is not Power.RUNNING:
        return "the host VM is not suspended on the old hypervisor"
    where = ";".join(f"{vm.start.name}={vm.copies[Place.GUEST]}" for vm in nested(world))
    machine.map, machine.map_bytes, machine.map_read = MapState.BUILT, where.encode() or b"nothing", b""
    machine.map_right = machine.map_bytes
    return ""


def _seal(world: Reality) -> str:
    machine = world.machine
    if machine.map is MapState.NONE:
        return "there is no map"
    if machine.map is MapState.BUILT:
        machine.map = MapState.SEALED
    return ""


def _launch(world: Reality) -> str:
    machine = world.machine
    if machine.new is not Power.ABSENT:
        return ""
    machine.new, machine.boot_hangs = Power.BOOTING, False
    world.take(machine.start.sizes.new_pages)
    return ""


def _finish_boot(world: Reality) -> str:
    """Up, or ended: what hangs must not come up later; in a partition of its own it is left to be ended."""
    machine = world.machine
    if machine.new is Power.ABSENT:
        return "the new hypervisor is not booting"
    if machine.new is Power.HUNG:
        return "boot_hung"
    if machine.boot_hangs:
        end_new(world, "boot_hung")
        return "boot_hung"
    machine.new = Power.RUNNING
    return ""


def end_new(world: Reality, why: str) -> None:
    """The new hypervisor ends, before it carries anything; a map that it was given goes with it."""
    machine = world.machine
    if machine.new is not Power.ABSENT:
        world.take(-machine.start.sizes.new_pages)
    machine.new, machine.boot_hangs = Power.ABSENT, False
    if machine.map in (MapState.PASSED, MapState.VALIDATED):
        machine.map = MapState.NONE
    if why:
        machine.faults.append(why)


def _pass(world: Reality) -> str:
    machine = world.machine
    if machine.map in (MapState.PASSED, MapState.VALIDATED):
        return ""
    if machine.map is not MapState.SEALED or machine.new is not Power.RUNNING:
        return "there is no sealed map, or the new hypervisor does not run"
    machine.map = MapState.PASSED
    return ""


def _validate(world: Reality) -> str:
    machine = world.machine
    if machine.map is MapState.VALIDATED:
        return ""
    if machine.map is not MapState.PASSED:
        return "the new hypervisor has no map to read"
    machine.map, machine.map_read = MapState.VALIDATED, machine.map_bytes
    return ""


def _tear_down(world: Reality) -> str:
    """What the old hypervisor holds goes with it; the host VM, if somebody has taken it over, does not."""
    machine = world.machine
    if machine.old is Power.ABSENT:
        return ""
    if machine.new is not Power.RUNNING or machine.map is not MapState.VALIDATED:
        return "no new hypervisor has read the map and answers"
    end_old(world)
    return ""


def end_old(world: Reality) -> None:
    """The old hypervisor ends, and with it all that it holds; the host VM is the new one's to carry."""
    machine = world.machine
    machine.old, machine.carrier = Power.ABSENT, Place.NEW
    world.take(-machine.start.sizes.old_pages)
    for vm in world.vms.values():
        if Place.OLD in vm.copies:
            _drop_on_old(world, vm)


def _drop_on_old(world: Reality, vm: Guest) -> None:
    del vm.copies[Place.OLD]
    if Place.OLD in vm.unpaused:
        vm.unpaused.remove(Place.OLD)
    if vm.source is Place.OLD and vm.stage is not Stage.COMMITTED:
        world.lose(vm, "it was on the old hypervisor when that was ended", "S4")
    elif vm.stage is Stage.COMMITTED:
        vm.stage = Stage.FENCED
    world.recharge(vm)


def _resume(world: Reality) -> str:
    machine = world.machine
    if machine.host_vm is HostVmState.RUNNING and machine.carrier is Place.NEW:
        return ""
    if machine.host_vm is not HostVmState.SUSPENDED or machine.carrier is not Place.NEW:
        return "the new hypervisor does not carry a suspended host VM"
    wrong = machine.map_read != machine.map_right
    machine.host_vm, machine.map = HostVmState.RUNNING, MapState.NONE
    go_on(world, wrong)
    return ""


def go_on(world: Reality, wrong: bool) -> None:
    """What is in the host VM runs again, with the pages that it was given."""
    for vm in list(nested(world)):
        if wrong:
            vm.copies[Place.GUEST] = [GARBAGE] * len(vm.truth)
        world.rouse(vm)
        check(world, vm, Place.GUEST)


def _roll_back(world: Reality) -> str:
    machine = world.machine
    if machine.host_vm is HostVmState.RUNNING and machine.carrier is Place.OLD:
        return ""
    if machine.host_vm is not HostVmState.SUSPENDED or machine.carrier is not Place.OLD:
        return "the old hypervisor does not carry a suspended host VM"
    end_new(world, "")
    machine.host_vm, machine.map = HostVmState.RUNNING, MapState.NONE
    go_on(world, wrong=False)
    return ""


ON_MACHINE: Mapping[str, MachineEffect] = {
    "create_host_vm": _create,
    "destroy_host_vm": _destroy,
    "suspend": _suspend,
    "build_map": _build,
    "seal_map": _seal,
    "launch_new": _launch,
    "finish_boot": _finish_boot,
    "pass_map": _pass,
    "validate_map": _validate,
    "tear_down_old": _tear_down,
    "resume": _resume,
    "roll_back": _roll_back,
}
