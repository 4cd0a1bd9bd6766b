"""What storage does: the host VM is halted, written to its image page by page, freed, and loaded again; and what strikes it.

Contents are real bytes: the generations of every block of every VM in the host VM. What was torn is loaded as it is, and
only a digest tells. Each effect returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..driver import Copy, Effect, HostVmState, ImageState, MapState, Place, Power
from .exchange import end_new, end_old, nested
from .guests import check
from .network import NOT_THERE
from .state import GARBAGE, Machine, Reality
from .storage import torn

StorageEffect = Callable[[Reality, Effect], str]


# ------------------------------------------------------------------------------------------------------ out of memory
def _halt(world: Reality, _: Effect) -> str:
    machine = world.machine
    if machine.host_vm is HostVmState.HALTED:
        return ""
    if machine.host_vm is not HostVmState.RUNNING:
        return "there is no host VM that runs"
    machine.host_vm, machine.copy = HostVmState.HALTED, Copy.ORIGINAL
    machine.halted = _contents(world)
    machine.image.needed_pages = machine.inside
    for vm in nested(world):
        world.stun(vm)
    return ""


def _contents(world: Reality) -> bytes:
    return json.dumps({vm.start.name: vm.copies[Place.GUEST] for vm in nested(world)}).encode()


def _write(world: Reality, effect: Effect) -> str:
    """Page by page into a cache; where the store has no room for them, what was written is dropped."""
    machine, image = world.machine, world.machine.image
    if machine.host_vm is not HostVmState.HALTED or machine.copy is not Copy.ORIGINAL:
        return "no original of a halted host VM is in memory"
    rest_pages = machine.inside - image.pages
    pages = rest_pages if effect.amount is None else min(effect.amount, rest_pages)
    if pages <= 0:
        return ""
    if machine.store.used_pages + pages > machine.store.capacity_pages:
        image.clear()
        return "storage_full"
    image.pages += pages
    end = -(-len(machine.halted) * image.pages // machine.inside)
    image.on_medium += machine.halted[len(image.on_medium) : end]
    image.state = ImageState.WRITTEN
    world.time_us += pages
    return ""


def _sync(world: Reality, _: Effect) -> str:
    image = world.machine.image
    if image.state in (ImageState.DURABLE, ImageState.READ):
        return ""
    if world.machine.host_vm is not HostVmState.HALTED or image.pages < world.machine.inside:
        return "the host VM is not halted, or pages are still to be written"
    image.state = ImageState.DURABLE
    return ""


def _verify(world: Reality, _: Effect) -> str:
    image = world.machine.image
    if image.state not in (ImageState.DURABLE, ImageState.READ):
        return "no durable image is there to be read"
    image.state, image.read = ImageState.READ, image.on_medium
    return ""


def _free(world: Reality, _: Effect) -> str:
    """The frames are free, whatever the image is like."""
    machine = world.machine
    if machine.host_vm is HostVmState.STORED:
        return ""
    if machine.host_vm is not HostVmState.HALTED:
        return "the host VM is not halted"
    _vacate(world)
    _miss(world, "its frames were freed, and its image is not what was in them", "S16")
    return ""


def _vacate(world: Reality) -> None:
    """What was in the memory of the host VM is gone from there."""
    machine, sizes = world.machine, world.machine.start.sizes
    held = machine.host_vm is not HostVmState.STORED
    machine.host_vm, machine.copy, machine.loaded = HostVmState.STORED, Copy.ORIGINAL, b""
    for vm in nested(world):
        vm.copies[Place.GUEST] = [NOT_THERE] * len(vm.truth)
        world.recharge(vm)
    if held:
        world.hold(-sizes.guest_pages - sizes.host_vm_pages)


def _miss(world: Reality, why: str, broken: str) -> None:
    """What is in storage only is lost where its image is not what was halted."""
    machine = world.machine
    if machine.host_vm is not HostVmState.STORED or machine.image.on_medium == machine.halted:
        return
    machine.whole = False
    for vm in list(nested(world)):
        if not vm.lost:
            world.lose(vm, why, broken)


def _retire(world: Reality, _: Effect) -> str:
    machine = world.machine
    if machine.old is Power.ABSENT:
        return ""
    if machine.host_vm is not HostVmState.STORED:
        return "the host VM is not in storage only, and the old hypervisor may carry it"
    end_old(world)
    return ""


# -------------------------------------------------------------------------------------------------- into memory again
def _boot(world: Reality, _: Effect) -> str:
    machine = world.machine
    if machine.new is not Power.ABSENT:
        return ""
    if machine.old is not Power.ABSENT:
        return "the old hypervisor is still there"
    machine.new, machine.boot_hangs = Power.BOOTING, False
    world.take(machine.start.sizes.new_pages)
    return ""


def _load(world: Reality, _: Effect) -> str:
    """What is on the medium is loaded, right or not."""
    machine, sizes = world.machine, world.machine.start.sizes
    if machine.host_vm is HostVmState.HALTED and machine.copy is not Copy.ORIGINAL:
        return ""
    if machine.host_vm is not HostVmState.STORED or not machine.image.pages:
        return "no host VM is in storage only"
    if machine.carrier is None or not machine.executes(machine.carrier):
        return "the hypervisor that is to carry the host VM does not run"
    machine.host_vm, machine.copy, machine.loaded = HostVmState.HALTED, Copy.LOADED, machine.image.on_medium
    for vm in nested(world):
        world.recharge(vm)
    world.hold(sizes.guest_pages + sizes.host_vm_pages)
    world.time_us += machine.image.pages
    return ""


def _verify_loaded(world: Reality, _: Effect) -> str:
    machine = world.machine
    if machine.host_vm is not HostVmState.HALTED or machine.copy is Copy.ORIGINAL:
        return "nothing was loaded"
    machine.copy = Copy.READ
    return ""


def _drop_loaded(world: Reality, _: Effect) -> str:
    machine = world.machine
    if machine.host_vm is HostVmState.STORED:
        return ""
    if machine.host_vm is not HostVmState.HALTED or machine.copy is Copy.ORIGINAL:
        return "nothing was loaded"
    _vacate(world)
    _miss(world, "what was loaded was dropped, and its image is not what was in memory", "S16")
    return ""


def _wake(world: Reality, _: Effect) -> str:
    """What is in the host VM runs, with the pages that lie there."""
    machine = world.machine
    if machine.host_vm is HostVmState.RUNNING:
        return ""
    if machine.host_vm is not HostVmState.HALTED or machine.carrier is None or not machine.executes(machine.carrier):
        return "no hypervisor that runs has the halted host VM in memory"
    if machine.copy is not Copy.ORIGINAL:
        _unpack(world, machine)
    machine.host_vm, machine.copy, machine.loaded = HostVmState.RUNNING, Copy.ORIGINAL, b""
    machine.image.needed_pages = 0
    for vm in list(nested(world)):
        world.rouse(vm)
        check(world, vm, Place.GUEST)
    return ""


def _unpack(world: Reality, machine: Machine) -> None:
    """The memory of each VM is what was loaded; where that makes no sense, it is garbage."""
    try:
        said: Any = json.loads(machine.loaded)
    except ValueError:
        said = {}
    for vm in nested(world):
        vm.copies[Place.GUEST] = said.get(vm.start.name, [GARBAGE] * len(vm.truth))


def _delete(world: Reality, _: Effect) -> str:
    world.machine.image.clear()
    _miss(world, "its image was deleted before it ran", "S16")
    return ""


ON_STORAGE: Mapping[str, StorageEffect] = {
    "suspend_to_storage": _halt,
    "write_image": _write,
    "sync_image": _sync,
    "verify_image": _verify,
    "discard_image": _delete,
    "free_pages": _free,
    "retire_old": _retire,
    "boot_new": _boot,
    "load_image": _load,
    "verify_loaded": _verify_loaded,
    "drop_loaded": _drop_loaded,
    "wake": _wake,
    "delete_image": _delete,
}


# -------------------------------------------------------------------------------------------------------- what strikes
def can_be_torn(world: Reality) -> bool:
    """Whether something was written that is not durable yet."""
    return world.machine.image.state is ImageState.WRITTEN


def tear_image(world: Reality) -> None:
    """What was written last does not reach the medium, and nobody notices."""
    image = world.machine.image
    image.on_medium = torn(image.on_medium, world.draw(len(image.on_medium)))
    _miss(world, "its frames were freed, and its image was torn before it was durable", "S16")


def run_out_of_room(world: Reality) -> None:
    """The store has less room than it promised: what was written is dropped."""
    world.machine.image.clear()
    world.machine.faults.append("storage_full")
    _miss(world, "its frames were freed, and its image was dropped before it was durable", "S16")


def tear_loaded(world: Reality) -> None:
    """What was read last does not reach memory, and nobody notices."""
    machine = world.machine
    machine.loaded = torn(machine.loaded, world.draw(len(machine.loaded)))


def can_lose_power(world: Reality) -> bool:
    """While the host VM stands still; where a battery carries the machine on, only once the image can be relied on."""
    machine = world.machine
    if machine.host_vm in (HostVmState.ABSENT, HostVmState.RUNNING, HostVmState.CROSSING):
        return False
    read = machine.image.state is ImageState.READ and machine.image.read == machine.halted
    return not machine.start.battery or (read and machine.host_vm is not HostVmState.SUSPENDED)


def lose_power(world: Reality) -> None:
    """What is in memory is gone, every hypervisor included, and what of an image was in a cache only."""
    machine, preserved = world.machine, world.machine.host_vm is HostVmState.SUSPENDED
    if machine.image.state is ImageState.WRITTEN:
        machine.image.on_medium = torn(machine.image.on_medium, 0)
    if machine.old is not Power.ABSENT:
        end_old(world)
    end_new(world, "power_lost")
    machine.map = MapState.NONE
    if preserved:  # nobody has stored it, and from here on nobody has it at all
        machine.halted, machine.image.needed_pages = _contents(world), machine.inside
    _vacate(world)
    _miss(world, "power was lost, and it was in memory only", "A14")
