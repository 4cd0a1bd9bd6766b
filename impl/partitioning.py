"""The exchange by a second partition: what may come next, and what keeps the two partitions apart (US10445123).

The host VM crosses to the new hypervisor, page by page and device by device: one side lets go before the other takes. Then
the old one bequeaths what it still has, and ends; the new one claims that only once the timer has expired and the end was
observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from .driver import Effect, HostVmState, MachineView, Place, Power
from .partitions import PARTITIONED, Bequest, Part, PartitionsView


# -------------------------------------------------------------------------------------------------------------- the order
def forward(machine: MachineView) -> Iterator[Effect]:
    """What leads to one partition, the new hypervisor's: whatever is not so yet, in the order in which it is wanted."""
    partitions = _of(machine)
    on = _Ordering(machine.name)
    if not partitions.division.split:
        yield from (on.part("split_machine", part) for part in partitions.division.processors)
        return
    yield from (on.part("restart_device", device) for device in partitions.division.devices if device.quiesced)
    if machine.new in _COMING_UP:
        yield on.whole(_COMING_UP[machine.new])
    if _runs_on(machine, Place.OLD):
        yield on.whole("cross")
    elif machine.host_vm is HostVmState.CROSSING:
        yield from _across(on, partitions)
    elif _runs_on(machine, Place.NEW):
        yield from _to_the_end(on, machine, partitions)


def back(machine: MachineView) -> Iterator[Effect]:
    """What leads to one partition, the old hypervisor's, as it was."""
    partitions = _of(machine)
    on = _Ordering(machine.name)
    if not partitions.division.homeward:
        yield on.whole("turn_back")
    yield from (on.part("restart_device", device) for device in partitions.division.devices if device.quiesced)
    if machine.host_vm is HostVmState.CROSSING:
        yield from _home(on, partitions)
    elif machine.new is not Power.ABSENT:
        yield on.whole("end_new")
    yield from (on.part("take_back_processor", part) for part in partitions.division.processors if not part.with_old)
    yield on.whole("join_old")


_COMING_UP: Mapping[Power, str] = {Power.ABSENT: "boot_beside", Power.BOOTING: "finish_boot", Power.HUNG: "end_new"}


class _Ordering:
    """Effects on one machine."""

    def __init__(self, machine: str) -> None:
        self.machine = machine

    def whole(self, action: str, amount: int | None = None) -> Effect:
        return Effect(action, self.machine, amount=amount)

    def part(self, action: str, part: Part) -> Effect:
        return Effect(action, self.machine, part=part.name)


def _quieted(on: _Ordering, partitions: PartitionsView) -> Iterator[Effect]:
    for device in partitions.division.devices:
        if not device.quiesced:
            yield on.part("quiesce_device", device)
        if device.name in partitions.dma:
            yield on.part("dma_ends", device)


def _across(on: _Ordering, partitions: PartitionsView) -> Iterator[Effect]:
    """The host VM's pages and devices, from the old hypervisor to the new one."""
    yield from _quieted(on, partitions)
    rest_pages = partitions.content_pages - partitions.released_pages - partitions.claimed_pages
    if rest_pages > 0:
        yield on.whole("publish_pages", rest_pages)
    if partitions.released_pages:
        yield on.whole("claim_pages", partitions.released_pages)
    yield from (on.part("detach_device", device) for device in partitions.division.devices if device.with_old)
    yield from (on.part("attach_device", device) for device in partitions.division.devices if device.with_nobody)
    yield on.whole("arrive")


def _home(on: _Ordering, partitions: PartitionsView) -> Iterator[Effect]:
    """The host VM's pages and devices, back to the old hypervisor."""
    yield from _quieted(on, partitions)
    if partitions.claimed_pages:
        yield on.whole("return_pages", partitions.claimed_pages)
    if partitions.released_pages:
        yield on.whole("take_pages_back", partitions.released_pages)
    yield from (on.part("detach_device", device) for device in partitions.division.devices if device.with_new)
    yield from (on.part("attach_device", device) for device in partitions.division.devices if device.with_nobody)
    yield on.whole("return_home")


def _to_the_end(on: _Ordering, machine: MachineView, partitions: PartitionsView) -> Iterator[Effect]:
    """Processors one by one; then the bequest, the end of the old hypervisor, and what it leaves."""
    division = partitions.division
    yield from (on.part("take_processor", part) for part in division.processors if part.with_nobody)
    if division.bequest is Bequest.NONE:
        yield from (on.part("give_processor", part) for part in division.processors if part.with_old)
        yield on.whole("bequeath")
    if machine.old is Power.RUNNING:
        yield on.whole("terminate_old")
    if not division.end_observed:
        yield on.whole("observe_end")
    if division.bequest is Bequest.PUBLISHED:
        yield on.whole("expire_timer")
    if not division.alarm:
        yield on.whole("raise_alarm")
    if partitions.old_pages:
        yield on.whole("claim_last")
    yield from (on.part("inherit_processor", part) for part in division.processors if part.with_old)
    yield on.whole("join_new")


# ------------------------------------------------------------------------------------------------ what keeps them apart
def _of(machine: MachineView) -> PartitionsView:
    assert machine.partitions is not None, "whoever asks has seen that the machine can be split"
    return machine.partitions


def _runs_on(machine: MachineView, place: Place) -> bool:
    return machine.host_vm is HostVmState.RUNNING and machine.carrier is place


def joined(machine: MachineView) -> bool:
    """Whether the exchange by a second partition is over: the machine is one again, and the new hypervisor's."""
    return not _of(machine).division.split and machine.carrier is Place.NEW


def past_no_return(machine: MachineView) -> bool:
    """Whether nothing can be rolled back to the old hypervisor: it is gone, or has bequeathed what it has."""
    bequeathed = machine.partitions is not None and machine.partitions.division.bequest is not Bequest.NONE
    return machine.old is Power.ABSENT or bequeathed


Needs = Callable[[MachineView, PartitionsView, Effect], bool]


def _crossing(machine: MachineView, _: PartitionsView, __: Effect) -> bool:
    return machine.host_vm is HostVmState.CROSSING


def _on_old(machine: MachineView, _: PartitionsView, __: Effect) -> bool:
    return _runs_on(machine, Place.OLD)


def _old_lives(machine: MachineView, _: PartitionsView, __: Effect) -> bool:
    return machine.old is Power.RUNNING


def _new_lives(machine: MachineView, _: PartitionsView, __: Effect) -> bool:
    return machine.new is Power.RUNNING


def _is_split(_: MachineView, partitions: PartitionsView, __: Effect) -> bool:
    return partitions.division.split


def _homeward(_: MachineView, partitions: PartitionsView, __: Effect) -> bool:
    return partitions.division.homeward


def _unbequeathed(_: MachineView, partitions: PartitionsView, __: Effect) -> bool:
    return partitions.division.bequest is Bequest.NONE


def _expired(_: MachineView, partitions: PartitionsView, __: Effect) -> bool:
    return partitions.division.bequest is Bequest.EXPIRED


def _not(needs: Needs) -> Needs:
    return lambda machine, partitions, effect: not needs(machine, partitions, effect)


def _part(partitions: PartitionsView, effect: Effect) -> Part:
    named = (*partitions.division.processors, *partitions.division.devices)
    return next(part for part in named if part.name == effect.part)


def _free(_: MachineView, partitions: PartitionsView, effect: Effect) -> bool:
    return _part(partitions, effect).with_nobody


def _free_or_left(machine: MachineView, partitions: PartitionsView, effect: Effect) -> bool:
    left = partitions.division.homeward and machine.new is Power.ABSENT
    return not _part(partitions, effect).with_new or left


def _within(pages: Callable[[PartitionsView], int]) -> Needs:
    return lambda _, partitions, effect: (effect.amount or 0) <= pages(partitions)


def _unpublished(partitions: PartitionsView) -> int:
    return partitions.content_pages - partitions.released_pages - partitions.claimed_pages


_STOPPED = (_crossing, "the host VM is not stopped")
_LIVING_OLD = (_old_lives, "the old hypervisor does not run")
_LIVING_NEW = (_new_lives, "the new hypervisor does not run")
_SPLIT = (_is_split, "the machine is not split")
_HOMEWARD = (_homeward, "the exchange is not being given up")
_EXPIRED = (_expired, "the timer has not expired")
_UNBEQUEATHED = (_unbequeathed, "the old hypervisor has bequeathed what it has")
_RELEASED = (_within(lambda p: p.released_pages), "not so many pages are released")
_FREE = (_free, "somebody has it")

TURNS: Mapping[str, tuple[tuple[Needs, str], ...]] = {
    "split_machine": ((_not(_is_split), "the machine is split"), (_on_old, "the host VM does not run on the old one")),
    "boot_beside": (
        _SPLIT,
        (_not(_homeward), "the exchange is being given up"),
        (lambda m, _, __: m.new is Power.ABSENT, "the new hypervisor is there"),
    ),
    "give_processor": (_SPLIT, _LIVING_OLD),
    "take_processor": (_FREE, _LIVING_NEW),
    "take_back_processor": ((_free_or_left, "the new hypervisor has it"), _LIVING_OLD),
    "cross": ((_on_old, "the host VM does not run on the old one"), _LIVING_NEW),
    "quiesce_device": (_STOPPED,),
    "dma_ends": ((lambda _, p, e: e.part in p.dma, "no DMA is in flight"),),
    "publish_pages": (_STOPPED, (_within(_unpublished), "not so many pages are with the old hypervisor")),
    "claim_pages": (_RELEASED,),
    "detach_device": (_STOPPED,),
    "attach_device": (_FREE,),
    "arrive": (
        _STOPPED,
        (_not(_homeward), "the exchange is being given up"),
        (lambda _, p, __: p.claimed_pages == p.content_pages, "the new hypervisor has not every page"),
        (lambda _, p, __: all(d.with_new for d in p.division.devices), "the new hypervisor has not every device"),
    ),
    "restart_device": ((lambda m, _, __: m.host_vm is HostVmState.RUNNING, "the host VM does not run"),),
    "bequeath": (
        _SPLIT,
        (lambda m, _, __: _runs_on(m, Place.NEW), "the host VM does not run on the new hypervisor"),
        _UNBEQUEATHED,
    ),
    "terminate_old": ((_not(_unbequeathed), "the old hypervisor has bequeathed nothing"), _LIVING_OLD),
    "expire_timer": ((lambda _, p, __: p.division.bequest is Bequest.PUBLISHED, "no timer runs"),),
    "observe_end": (_SPLIT, (lambda m, _, __: m.old is Power.ABSENT, "the old hypervisor has not ended")),
    "raise_alarm": (_EXPIRED, (lambda _, p, __: not p.division.end_observed, "the end was observed")),
    "inherit_processor": ((lambda _, p, e: _part(p, e).with_old, "the old hypervisor did not have it"),),
    "join_new": (
        (lambda _, p, __: p.old_pages == 0, "the last memory has not been claimed"),
        (lambda _, p, __: all(c.with_new for c in p.division.processors), "processors are with the old hypervisor"),
    ),
    "turn_back": (_SPLIT, _LIVING_OLD, _UNBEQUEATHED),
    "return_pages": (_HOMEWARD, (_within(lambda p: p.claimed_pages), "the new hypervisor has not so many pages")),
    "take_pages_back": (_RELEASED,),
    "return_home": (
        _STOPPED,
        (lambda _, p, __: p.released_pages + p.claimed_pages == 0, "pages are not back yet"),
        (lambda _, p, __: all(d.with_old for d in p.division.devices), "the old hypervisor has not every device"),
    ),
    "end_new": (_SPLIT, (_on_old, "the host VM does not run on the old one")),
    "join_old": (
        _HOMEWARD,
        (lambda _, p, __: all(c.with_old for c in p.division.processors), "processors are with the new hypervisor"),
    ),
}
"""What each effect on partitions needs, and why it waits where that is not so."""

ONE_PARTITION = frozenset({"suspend", "suspend_to_storage", "destroy_host_vm", "disassociate", "withdraw", "remap_out"})
"""Effects on the host VM, and out of it, that wait until the machine is one partition."""


def out_of_turn(effect: Effect, machine: MachineView) -> str:
    """Why an effect has to wait for others on partitions (S12); "" where it need not."""
    partitions = machine.partitions
    if partitions is None:
        return "the machine cannot be split" if effect.action in PARTITIONED else ""
    if effect.action in ONE_PARTITION and partitions.division.split:
        return "the machine is split"
    turns = TURNS.get(effect.action, ())
    return next((why for needs, why in turns if not needs(machine, partitions, effect)), "")


def not_still(effect: Effect, machine: MachineView) -> str:
    """Why a device does not move, or pages are not released: a device may still write to them (S14, S15)."""
    partitions = machine.partitions
    if partitions is None or effect.action not in ("detach_device", "publish_pages", "return_pages"):
        return ""
    asked = [d for d in partitions.division.devices if effect.part in (None, d.name)]
    busy = [device.name for device in asked if not partitions.still(device)]
    return f"{', '.join(busy)} may still write to memory" if busy else ""


def left_without_processor(effect: Effect, machine: MachineView) -> str:
    """Why the old hypervisor keeps a processor: it would have no other (S14)."""
    if machine.partitions is None or effect.action not in ("split_machine", "give_processor"):
        return ""
    others = (part for part in machine.partitions.division.processors if part.name != effect.part)
    return "" if any(part.with_old for part in others) else "the old hypervisor would have no processor"


def away_too_early(effect: Effect, machine: MachineView) -> str:
    """Why the last memory, or a processor, is not claimed: the timer has to expire, and the end to be observed (S13)."""
    if machine.partitions is None or effect.action not in ("claim_last", "inherit_processor"):
        return ""
    division = machine.partitions.division
    if division.bequest is not Bequest.EXPIRED:
        return "the timer has not expired"
    return "" if division.end_observed else "the end of the old hypervisor was not observed"
