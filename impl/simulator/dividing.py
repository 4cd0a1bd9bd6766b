"""What effects on partitions do: the machine is split, the host VM crosses, and one partition is left.

Hypervisors do what they are told, also what is unsafe: what broke is noted, and where pages are missing VMs run with
garbage. Each effect returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..division import DIVIDED
from ..driver import Effect, HostVmState, Place, Power
from ..partitions import Bequest, PartitionsView
from .exchange import end_new, end_old, go_on, nested
from .partitions import Partitions
from .state import Machine, Reality

TIMEOUT_US = 1_000_000
"""How long the time-out is that runs once the old hypervisor has bequeathed what it has."""

Dividing = Callable[[Reality, Partitions, Effect], str]


def carry_out(world: Reality, effect: Effect) -> str:
    """An effect on partitions. Where it changes how the machine is divided, that is noted last, and what broke by it."""
    parts = world.machine.partitions
    if parts is None:
        return "the machine cannot be split"
    named = (*parts.division.processors, *parts.division.devices)
    if effect.part is not None and effect.part not in {part.name for part in named}:
        return f"there is no {effect.part}"
    if effect.action not in ANYWHERE and not parts.division.split:
        return "the machine is one partition"
    why = ON_PARTITIONS[effect.action](world, parts, effect)
    if not why and effect.action in DIVIDED:
        parts.division = DIVIDED[effect.action](parts.division, effect.part or "")
    check_partitions(world)
    return why


def content(machine: Machine) -> int:
    """The pages of the host VM: what is inside, and what its carrier keeps for it. In pages."""
    return 0 if machine.host_vm is HostVmState.ABSENT else machine.inside + machine.start.sizes.host_vm_pages


def runs_on(machine: Machine, place: Place) -> bool:
    """Whether the host VM runs on that hypervisor."""
    return machine.host_vm is HostVmState.RUNNING and machine.carrier is place


def check_partitions(world: Reality) -> None:
    """Note what must never be in a machine that is split."""
    machine, parts = world.machine, world.machine.partitions
    if parts is None or not parts.division.split:
        return
    if parts.old + parts.new + parts.released != machine.start.capacity_pages:
        world.broke("frames of a split machine are counted twice, or not at all (S12)")
    if any(part.with_old and part.with_new for part in (*parts.division.processors, *parts.division.devices)):
        world.broke("both hypervisors use a processor, or a device (S15)")
    old, new = (_held(machine, parts, place) for place in (Place.OLD, Place.NEW))
    if old > parts.old or new > parts.new:
        world.broke("a partition holds more frames than it has (O)")
    for power, its in ((machine.old, "with_old"), (machine.new, "with_new")):
        if power is not Power.ABSENT and not any(getattr(part, its) for part in parts.division.processors):
            world.broke("a hypervisor has no processor to run on (S14)")


def _held(machine: Machine, parts: Partitions, place: Place) -> int:
    """The frames that a hypervisor and what it has of the host VM take."""
    power, own = (machine.old, machine.start.sizes.old_pages)
    here = content(machine) - parts.released - parts.claimed
    if place is Place.NEW:
        power, own, here = machine.new, machine.start.sizes.new_pages, parts.claimed
    if machine.host_vm is not HostVmState.CROSSING:
        here = content(machine) if machine.carrier is place else 0
    return here + (0 if power is Power.ABSENT else own)


# ------------------------------------------------------------------------------------------------------ two partitions
def _split(world: Reality, parts: Partitions, effect: Effect) -> str:
    if parts.division.split:
        has = any(part.with_new and part.name == effect.part for part in parts.division.processors)
        return "" if has else "the machine is split already"
    parts.old, parts.new = world.machine.start.capacity_pages - parts.given, parts.given
    return ""


def _boot(world: Reality, _: Partitions, __: Effect) -> str:
    machine = world.machine
    if machine.new is Power.ABSENT:
        machine.new, machine.boot_hangs = Power.BOOTING, False
        world.take(machine.start.sizes.new_pages)
    return ""


def _cross(world: Reality, _: Partitions, __: Effect) -> str:
    if world.machine.host_vm not in (HostVmState.RUNNING, HostVmState.CROSSING):
        return "there is no host VM that runs"
    _stop(world)
    return ""


def _stop(world: Reality) -> None:
    world.machine.host_vm = HostVmState.CROSSING
    for vm in nested(world):
        world.stun(vm)


def _moving(world: Reality, parts: Partitions, effect: Effect) -> str:
    device = next(part for part in parts.division.devices if part.name == effect.part)
    has = device.with_old if parts.division.homeward else device.with_new
    wanted = device.with_nobody if effect.action == "detach_device" else has
    if not wanted and not parts.still(device):
        world.broke(f"{device.name} moves while it may write to memory (S14)")
    return ""


def _dma_ends(_: Reality, parts: Partitions, effect: Effect) -> str:
    if effect.part in parts.dma:
        parts.dma.remove(effect.part)
    return ""


# --------------------------------------------------------------------------------------------------------------- pages
def _release(world: Reality, parts: Partitions, pages: int) -> int:
    if pages > 0 and not parts.all_still:
        world.broke("pages are released to which a device may still write (S15)")
    parts.released += max(0, pages)
    world.time_us += max(0, pages)
    return max(0, pages)


def _publish(world: Reality, parts: Partitions, effect: Effect) -> str:
    if world.machine.host_vm is not HostVmState.CROSSING:
        return "the host VM is not on its way"
    rest = content(world.machine) - parts.released - parts.claimed
    parts.old -= _release(world, parts, rest if effect.amount is None else min(effect.amount, rest))
    return ""


def _claim(_: Reality, parts: Partitions, effect: Effect) -> str:
    pages = parts.released if effect.amount is None else min(effect.amount, parts.released)
    parts.released -= pages
    parts.claimed += pages
    parts.new += pages
    return ""


def _return(world: Reality, parts: Partitions, effect: Effect) -> str:
    pages = parts.claimed if effect.amount is None else min(effect.amount, parts.claimed)
    pages = _release(world, parts, pages)
    parts.claimed -= pages
    parts.new -= pages
    return ""


def _take_back(_: Reality, parts: Partitions, effect: Effect) -> str:
    pages = parts.released if effect.amount is None else min(effect.amount, parts.released)
    parts.released -= pages
    parts.old += pages
    return ""


def _arrive(world: Reality, parts: Partitions, _: Effect) -> str:
    machine = world.machine
    if runs_on(machine, Place.NEW):
        return ""
    if machine.host_vm is not HostVmState.CROSSING or machine.new is not Power.RUNNING:
        return "no host VM is on its way, or the new hypervisor does not run"
    return _land(world, Place.NEW, wrong=parts.claimed != content(machine))


def _return_home(world: Reality, parts: Partitions, _: Effect) -> str:
    machine = world.machine
    if runs_on(machine, Place.OLD):
        return ""
    if machine.host_vm is not HostVmState.CROSSING or machine.old is not Power.RUNNING:
        return "no host VM is on its way, or the old hypervisor does not run"
    return _land(world, Place.OLD, wrong=parts.released + parts.claimed > 0)


def _land(world: Reality, place: Place, *, wrong: bool) -> str:
    """The host VM runs there, with the pages and devices that are there."""
    machine, parts = world.machine, world.machine.partitions
    assert parts is not None, "the machine is split"
    its = "with_old" if place is Place.OLD else "with_new"
    if not all(getattr(device, its) for device in parts.division.devices):
        world.broke("the host VM runs without a device of its own (S12)")
    machine.host_vm, machine.carrier, parts.claimed = HostVmState.RUNNING, place, 0
    go_on(world, wrong)
    return ""


# --------------------------------------------------------------------------------------------------------------- the end
def _terminate(world: Reality, parts: Partitions, _: Effect) -> str:
    machine = world.machine
    if machine.old is Power.ABSENT:
        return ""
    if machine.old is Power.HUNG:
        return "the old hypervisor hangs"
    if parts.division.bequest is Bequest.NONE:
        return "the old hypervisor has bequeathed nothing"
    if not runs_on(machine, Place.NEW):
        return "the old hypervisor may still carry the host VM"
    end_old(world)
    return ""


def _expire(world: Reality, parts: Partitions, _: Effect) -> str:
    if parts.division.bequest is Bequest.NONE:
        return "no timer runs"
    world.time_us += TIMEOUT_US
    return ""


def _observe_end(world: Reality, _: Partitions, __: Effect) -> str:
    return "" if world.machine.old is Power.ABSENT else "the old hypervisor has not ended"


def _only_told(_: Reality, __: Partitions, ___: Effect) -> str:
    """How the machine is divided is all that changes."""
    return ""


def _claim_last(world: Reality, parts: Partitions, _: Effect) -> str:
    its = parts.division
    if world.machine.old is not Power.ABSENT or its.bequest is not Bequest.EXPIRED or not its.end_observed:
        world.broke("the last memory or a processor is claimed before timer and end allow it (S13)")
    parts.new += parts.old
    parts.old = 0
    return ""


def _inherit(world: Reality, parts: Partitions, _: Effect) -> str:
    its = parts.division
    if world.machine.old is not Power.ABSENT or its.bequest is not Bequest.EXPIRED or not its.end_observed:
        world.broke("the last memory or a processor is claimed before timer and end allow it (S13)")
    return ""


def _join_new(world: Reality, parts: Partitions, _: Effect) -> str:
    if not parts.division.split:
        return ""
    if parts.old or not all(part.with_new for part in parts.division.processors):
        world.broke("the machine is one partition, and the new hypervisor has not all of it (S12)")
    parts.join()
    return ""


# -------------------------------------------------------------------------------------------------------- the way back
def _turn_back(world: Reality, parts: Partitions, _: Effect) -> str:
    machine = world.machine
    if machine.old is not Power.RUNNING or parts.division.bequest is not Bequest.NONE:
        return "the old hypervisor does not answer, or has bequeathed what it has"
    if runs_on(machine, Place.NEW):
        parts.claimed = content(machine)
        _stop(world)
    return ""


def _end_new(world: Reality, parts: Partitions, _: Effect) -> str:
    """What it has of the host VM ends with it."""
    if parts.claimed or runs_on(world.machine, Place.NEW):
        for vm in list(nested(world)):
            world.lose(vm, "the new hypervisor was ended with pages of the host VM")
    end_new(world, "")
    return ""


def _join_old(world: Reality, parts: Partitions, _: Effect) -> str:
    if not parts.division.split:
        return ""
    ended = world.machine.new is Power.ABSENT
    if not ended or not all(part.with_old for part in parts.division.processors):
        world.broke("the machine is one partition, and the old hypervisor has not all of it (S12)")
    parts.join()
    return ""


ANYWHERE = frozenset({"split_machine", "join_new", "join_old", "take_back_processor", "restart_device", "dma_ends"})
"""What can be done to a machine that is one partition, or has happened already there."""

ON_PARTITIONS: Mapping[str, Dividing] = {
    "split_machine": _split,
    "boot_beside": _boot,
    "cross": _cross,
    **dict.fromkeys(("quiesce_device", "restart_device", "bequeath", "raise_alarm"), _only_told),
    **dict.fromkeys(("give_processor", "take_processor", "take_back_processor"), _only_told),
    "dma_ends": _dma_ends,
    "publish_pages": _publish,
    "claim_pages": _claim,
    **dict.fromkeys(("detach_device", "attach_device"), _moving),
    "arrive": _arrive,
    "terminate_old": _terminate,
    "observe_end": _observe_end,
    "expire_timer": _expire,
    "claim_last": _claim_last,
    "inherit_processor": _inherit,
    "join_new": _join_new,
    "turn_back": _turn_back,
    "return_pages": _return,
    "take_pages_back": _take_back,
    "return_home": _return_home,
    "end_new": _end_new,
    "join_old": _join_old,
}


def view(machine: Machine) -> PartitionsView | None:
    """What is seen of it."""
    parts = machine.partitions
    if parts is None:
        return None
    return PartitionsView(
        parts.division,
        parts.given,
        content(machine),
        parts.old,
        parts.new,
        parts.released,
        parts.claimed,
        tuple(parts.dma),
    )
