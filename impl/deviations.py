"""What explains a difference between what the journal says and what is observed: an effect that happened, or a fault.

Everything else is a contradiction. Only control is compared; quantities are the gate's concern (`gate.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from . import division as divided
from .driver import (
    GONE,
    LEAVING,
    Copy,
    Effect,
    HostVmState,
    ImageState,
    MachineView,
    MapState,
    Place,
    Power,
    Stage,
    VmView,
)
from .errors import Contradiction
from .partitions import PARTITIONED, Division

ENDS = {
    "consolidate": (Place.OLD, Place.GUEST),
    "disassociate": (Place.GUEST, Place.NEW),
    "withdraw": (Place.GUEST, Place.OLD),
}
"""Each migration: from where, to where."""

REMAPS = {"remap_in": (Place.OLD, Place.GUEST), "remap_out": (Place.GUEST, Place.NEW)}
"""The same of those that copy nothing."""


class VmControl(NamedTuple):
    """Where a VM is, and how far its migration has come."""

    source: Place
    target: Place | None
    stage: Stage
    abroad: str | None = None

    def __str__(self) -> str:
        """As a person would say it."""
        if self.stage in GONE:
            return f"on another machine, {self.abroad}"
        to = self.target.value if self.target else self.abroad
        toward = f" toward {to}" if to else ""
        return f"{self.stage.value} at {self.source.value}{toward}"


class MachineControl(NamedTuple):
    """Which hypervisors are there, the host VM, the map, and the image with what of it lies in memory, and how the
    machine is divided."""

    old: Power
    guest: Power
    new: Power
    host_vm: HostVmState
    carrier: Place | None
    map: MapState
    image: ImageState = ImageState.NONE
    copy: Copy = Copy.ORIGINAL
    division: Division | None = None

    def __str__(self) -> str:
        """As a person would say it."""
        powers = f"old {self.old.value}, guest {self.guest.value}, new {self.new.value}"
        carrier = f" on {self.carrier.value}" if self.carrier else ""
        stored = f", image {self.image.value}" if self.image is not ImageState.NONE else ""
        copy = f", {self.copy.value} in memory" if self.copy is not Copy.ORIGINAL else ""
        divided = f", {self.division}" if self.division and self.division.split else ""
        return f"{powers}, host VM {self.host_vm.value}{carrier}, map {self.map.value}{stored}{copy}{divided}"


def control_of_vm(view: VmView) -> VmControl:
    """The part of a view that is compared."""
    return VmControl(view.source, view.target, view.stage, view.abroad)


def control_of_machine(view: MachineView) -> MachineControl:
    """The part of a view that is compared."""
    division = view.partitions.division if view.partitions else None
    return MachineControl(
        view.old, view.guest, view.new, view.host_vm, view.carrier, view.map, view.image, view.copy, division
    )


def vm_deviation(before: VmView, now: VmView, effect: Effect | None) -> tuple[str, ...]:
    """The faults that explain how a VM is now; none where it is as it was. Raises Contradiction.

    `effect` is one that may or may not have happened since.
    """
    _check_executing(now)
    if now.lost:
        return ("vm_lost",)
    was, seen = control_of_vm(before), control_of_vm(now)
    about = effect if effect is not None and effect.vm == now.name else None
    faults = _shortest(was, seen, (lambda c: _vm_after(c, about)) if about else None, _vm_faults)
    if faults is None:
        raise Contradiction(f"the journal has {now.name} {was}; the world has it {seen}")
    return tuple(now.gave_up if fault == "gave_up" and now.gave_up else fault for fault in faults)


Control = TypeVar("Control", "VmControl", "MachineControl")
"""What is explained: the control of a VM, or of the machine."""


def _shortest(
    was: Control,
    seen: Control,
    effect: Callable[[Control], Control] | None,
    faults: Callable[[Control], Iterator[tuple[str, Control]]],
) -> tuple[str, ...] | None:
    """The fewest faults that lead from one control to the other, the effect once, or not, among them; None for none."""
    if was == seen:
        return ()
    layer: dict[tuple[Control, bool], tuple[str, ...]] = {(was, effect is None): ()}
    known = set(layer)
    while layer:
        if effect is not None:
            layer |= {(effect(key[0]), True): struck for key, struck in layer.items() if not key[1]}
        there = [struck for key, struck in layer.items() if key[0] == seen]
        if there:
            return there[0]
        layer = {key: so_far for key, so_far in _one_fault_later(layer, faults).items() if key not in known}
        known |= set(layer)
    return None


def _one_fault_later(
    layer: Mapping[tuple[Control, bool], tuple[str, ...]], faults: Callable[[Control], Iterator[tuple[str, Control]]]
) -> dict[tuple[Control, bool], tuple[str, ...]]:
    later: dict[tuple[Control, bool], tuple[str, ...]] = {}
    for control, spent in layer:
        so_far: tuple[str, ...] = layer[control, spent]
        for fault, result in faults(control):
            later.setdefault((result, spent), (*so_far, fault) if fault else so_far)
    return later


def _check_executing(now: VmView) -> None:
    """Wherever it executes it has to have its authority, and nobody else may execute it (S1)."""
    if any(place is not now.authority for place in now.running_at):
        where = ", ".join(place.value for place in now.running_at)
        rightly = now.authority.value if now.authority else "nowhere"
        raise Contradiction(f"{now.name} executes at {where}; its authority is {rightly} (S1)")


def _vm_after(control: VmControl, effect: Effect) -> VmControl:
    source, target, _, _ = control
    if effect.action in TRANSFERS:
        return after_transferring(control, effect)
    if effect.action in ENDS:
        return VmControl(*ENDS[effect.action], Stage.COPYING)
    if effect.action in REMAPS:
        return VmControl(*REMAPS[effect.action], Stage.PASSING)
    if effect.action in ("activate", "pass_frames") and target is not None:
        return VmControl(target, None, Stage.SETTLED)
    if effect.action == "cancel":
        return VmControl(source, None, Stage.SETTLED)
    return VmControl(source, target, _STAGE_AFTER.get(effect.action, control.stage))


_STAGE_AFTER = {"stop": Stage.STOPPED, "commit": Stage.COMMITTED, "fence": Stage.FENCED}


def _vm_faults(control: VmControl) -> Iterator[tuple[str, VmControl]]:
    """What faults can make of a VM; and, without a name, what goes on by itself: pre-copy ends when a hypervisor likes.

    A receiver's death gives a migration up before the commit; after it, somebody has to.
    """
    source, target, stage, _ = control
    yield from _transfer_faults(control)
    if stage is Stage.COPYING:
        yield "", VmControl(source, target, Stage.STOPPED)
    if stage in (Stage.COPYING, Stage.STOPPED, Stage.PASSING):
        yield "gave_up", VmControl(source, None, Stage.SETTLED)
    if stage in (Stage.STOPPED, Stage.COMMITTED):
        yield "destination_killed", VmControl(source, None, Stage.STOPPED)
    if stage is Stage.COMMITTED:
        yield "source_killed", VmControl(source, target, Stage.FENCED)


TRANSFERS = (
    *("transfer", "send", "send_again", "stun", "hand_over", "call_off"),
    *("switch_early", "fetch", "finish_fetching"),
)
"""The effects that take a VM to another machine, or leave it where it is."""


def after_transferring(control: VmControl, effect: Effect) -> VmControl:
    """Where a VM is after an effect that is to take it to another machine; of where it was there, nothing is left."""
    match effect.action:
        case "transfer":
            return control._replace(stage=Stage.SENDING, abroad=effect.to)
        case "stun":
            return control._replace(stage=Stage.STUNNED)
        case "switch_early":
            return VmControl(Place.OLD, None, Stage.FETCHED, effect.to)
        case "hand_over" | "finish_fetching":
            return VmControl(Place.OLD, None, Stage.ELSEWHERE, effect.to)
        case "call_off":
            return VmControl(control.source, None, Stage.SETTLED)
        case _:
            return control


def _transfer_faults(control: VmControl) -> Iterator[tuple[str, VmControl]]:
    """What goes on by itself, or by the doing of another machine's controller: it sends VMs here."""
    if control.stage is Stage.SENDING:
        yield "", control._replace(stage=Stage.STUNNED)
    if control.stage in LEAVING:
        yield "transfer_failed", VmControl(control.source, None, Stage.SETTLED)
    if control.stage is Stage.FETCHED:
        yield "", control._replace(stage=Stage.ELSEWHERE)
    if control.stage is Stage.FETCHING:
        yield "", control._replace(stage=Stage.SETTLED)
    if control.stage is Stage.ELSEWHERE:
        arrived = (Stage.SETTLED, Stage.FETCHING)
        yield from (("", VmControl(place, None, stage)) for place in (Place.OLD, Place.NEW) for stage in arrived)


def machine_deviation(before: MachineView, now: MachineView, effect: Effect | None) -> tuple[str, ...]:
    """The faults that explain how the machine is now; none where it is as it was. Raises Contradiction."""
    was, seen = control_of_machine(before), control_of_machine(now)
    faults = _shortest(was, seen, _after(effect), _machine_faults)
    if faults is None:
        raise Contradiction(f"the journal has {now.name} with {was}; the world has it with {seen}")
    told = now.faults[len(before.faults) :]
    return told if len(told) == len(faults) else faults


def _after(effect: Effect | None) -> Callable[[MachineControl], MachineControl] | None:
    if effect is not None and effect.action in PARTITIONED:
        return lambda m: divided.after(m, effect)
    return _MACHINE_AFTER.get(effect.action) if effect is not None else None


_MACHINE_AFTER: Mapping[str, Callable[[MachineControl], MachineControl]] = {
    "create_host_vm": lambda m: m._replace(guest=Power.RUNNING, host_vm=HostVmState.RUNNING, carrier=Place.OLD),
    "destroy_host_vm": lambda m: m._replace(guest=Power.ABSENT, host_vm=HostVmState.ABSENT, carrier=None),
    "suspend": lambda m: m._replace(host_vm=HostVmState.SUSPENDED),
    "build_map": lambda m: m._replace(map=MapState.BUILT),
    "seal_map": lambda m: m._replace(map=MapState.SEALED),
    "launch_new": lambda m: m._replace(new=Power.BOOTING),
    "finish_boot": lambda m: m._replace(new=Power.RUNNING),
    "pass_map": lambda m: m._replace(map=MapState.PASSED),
    "validate_map": lambda m: m._replace(map=MapState.VALIDATED),
    "tear_down_old": lambda m: m._replace(old=Power.ABSENT, carrier=Place.NEW),
    "resume": lambda m: m._replace(host_vm=HostVmState.RUNNING, map=MapState.NONE),
    "roll_back": lambda m: m._replace(host_vm=HostVmState.RUNNING, new=Power.ABSENT, map=MapState.NONE),
    "suspend_to_storage": lambda m: m._replace(host_vm=HostVmState.HALTED),
    "write_image": lambda m: m._replace(image=ImageState.WRITTEN),
    "sync_image": lambda m: m._replace(image=ImageState.DURABLE),
    "verify_image": lambda m: m._replace(image=ImageState.READ),
    "discard_image": lambda m: m._replace(image=ImageState.NONE),
    "free_pages": lambda m: m._replace(host_vm=HostVmState.STORED),
    "retire_old": lambda m: m._replace(old=Power.ABSENT, carrier=Place.NEW),
    "boot_new": lambda m: m._replace(new=Power.BOOTING),
    "load_image": lambda m: m._replace(host_vm=HostVmState.HALTED, copy=Copy.LOADED),
    "verify_loaded": lambda m: m._replace(copy=Copy.READ),
    "drop_loaded": lambda m: m._replace(host_vm=HostVmState.STORED, copy=Copy.ORIGINAL),
    "wake": lambda m: m._replace(host_vm=HostVmState.RUNNING, copy=Copy.ORIGINAL),
    "delete_image": lambda m: m._replace(image=ImageState.NONE),
}


def _machine_faults(m: MachineControl) -> Iterator[tuple[str, MachineControl]]:
    """What faults can make of a machine; and, without a name, what goes on by itself."""
    if m.new is Power.BOOTING:
        yield "", m._replace(new=Power.RUNNING)
        yield "boot_failed", m._replace(new=Power.ABSENT)
    if m.new is Power.RUNNING and m.carrier is Place.OLD:
        read = m.map in (MapState.PASSED, MapState.VALIDATED)
        fault = "format_unreadable" if m.map is MapState.PASSED else "new_killed"
        yield fault, m._replace(new=Power.ABSENT, map=MapState.NONE if read else m.map)
    if m.host_vm not in (HostVmState.ABSENT, HostVmState.STORED):
        gone = m._replace(guest=Power.ABSENT, host_vm=HostVmState.ABSENT, carrier=None, map=MapState.NONE)
        yield "host_vm_killed", gone._replace(copy=Copy.ORIGINAL)
    yield from _storage_faults(m)
    yield from divided.faults(m)


def _storage_faults(m: MachineControl) -> Iterator[tuple[str, MachineControl]]:
    """What a store, and power that is lost while the host VM stands still, can make of a machine."""
    if m.image is ImageState.WRITTEN:
        yield "storage_full", m._replace(image=ImageState.NONE)
    if m.host_vm not in (HostVmState.ABSENT, HostVmState.RUNNING, HostVmState.CROSSING):
        dark = m._replace(old=Power.ABSENT, new=Power.ABSENT, carrier=Place.NEW, map=MapState.NONE)
        yield "power_lost", dark._replace(host_vm=HostVmState.STORED, copy=Copy.ORIGINAL)
