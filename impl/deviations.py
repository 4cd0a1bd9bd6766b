"""What explains a difference between what the journal says and what is observed: an effect that happened, or a fault.

Everything else is a contradiction. Only control is compared; quantities are the gate's concern (`gate.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from .driver import Effect, HostVmState, MachineView, MapState, Place, Power, Stage, VmView
from .errors import Contradiction

ENDS = {
    "consolidate": (Place.OLD, Place.GUEST),
    "disassociate": (Place.GUEST, Place.NEW),
    "withdraw": (Place.GUEST, Place.OLD),
}
"""Each migration: from where, to where."""


class VmControl(NamedTuple):
    """Where a VM is, and how far its migration has come."""

    source: Place
    target: Place | None
    stage: Stage

    def __str__(self) -> str:
        """As a person would say it."""
        toward = f" toward {self.target.value}" if self.target else ""
        return f"{self.stage.value} at {self.source.value}{toward}"


class MachineControl(NamedTuple):
    """Which hypervisors are there, the host VM, and the map."""

    old: Power
    guest: Power
    new: Power
    host_vm: HostVmState
    carrier: Place | None
    map: MapState

    def __str__(self) -> str:
        """As a person would say it."""
        powers = f"old {self.old.value}, guest {self.guest.value}, new {self.new.value}"
        carrier = f" on {self.carrier.value}" if self.carrier else ""
        return f"{powers}, host VM {self.host_vm.value}{carrier}, map {self.map.value}"


def control_of_vm(view: VmView) -> VmControl:
    """The part of a view that is compared."""
    return VmControl(view.source, view.target, view.stage)


def control_of_machine(view: MachineView) -> MachineControl:
    """The part of a view that is compared."""
    return MachineControl(view.old, view.guest, view.new, view.host_vm, view.carrier, view.map)


def vm_deviation(before: VmView, now: VmView, effect: Effect | None) -> str:
    """The fault that explains how a VM is now; "" where none is needed. Raises Contradiction.

    `effect` is one that may or may not have happened since.
    """
    _check_executing(now)
    seen = control_of_vm(now)
    if now.lost:
        return "vm_lost"
    could = [control_of_vm(before)]
    if effect is not None and effect.vm == now.name:
        could.append(_vm_after(could[0], effect))
    if seen in could:
        return ""
    for fault, result in (pair for control in could for pair in _vm_faults(control)):
        if seen == result:
            return now.gave_up if fault == "gave_up" and now.gave_up else fault
    raise Contradiction(f"the journal has {now.name} {could[-1]}; the world has it {seen}")


def _check_executing(now: VmView) -> None:
    """Wherever it executes it has to have its authority, and nobody else may execute it (S1)."""
    if any(place is not now.authority for place in now.running_at):
        where = ", ".join(place.value for place in now.running_at)
        rightly = now.authority.value if now.authority else "nowhere"
        raise Contradiction(f"{now.name} executes at {where}; its authority is {rightly}")


def _vm_after(control: VmControl, effect: Effect) -> VmControl:
    source, target, _ = control
    if effect.action in ENDS:
        return VmControl(*ENDS[effect.action], Stage.COPYING)
    if effect.action == "activate" and target is not None:
        return VmControl(target, None, Stage.SETTLED)
    if effect.action == "cancel":
        return VmControl(source, None, Stage.SETTLED)
    return VmControl(source, target, _STAGE_AFTER.get(effect.action, control.stage))


_STAGE_AFTER = {"stop": Stage.STOPPED, "commit": Stage.COMMITTED, "fence": Stage.FENCED}


def _vm_faults(control: VmControl) -> Iterator[tuple[str, VmControl]]:
    """What faults can make of a VM. A receiver's death before the commit gives the migration up; after it, somebody has to."""
    source, target, stage = control
    if stage in (Stage.COPYING, Stage.STOPPED):
        yield "gave_up", VmControl(source, None, Stage.SETTLED)
    if stage in (Stage.STOPPED, Stage.COMMITTED):
        yield "destination_killed", VmControl(source, None, Stage.STOPPED)
    if stage is Stage.COMMITTED:
        yield "source_killed", VmControl(source, target, Stage.FENCED)


def machine_deviation(before: MachineView, now: MachineView, effect: Effect | None) -> str:
    """The fault that explains how the machine is now; "" where none is needed. Raises Contradiction."""
    seen = control_of_machine(now)
    could = [control_of_machine(before)]
    if effect is not None and effect.action in _MACHINE_AFTER:
        could.append(_MACHINE_AFTER[effect.action](could[0]))
    if seen in could:
        return ""
    for fault, result in (pair for control in could for pair in _machine_faults(control)):
        if seen == result:
            struck = now.faults[len(before.faults) :]
            return struck[-1] if fault and struck else fault
    raise Contradiction(f"the journal has {now.name} with {could[-1]}; the world has it with {seen}")


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
    if m.host_vm is not HostVmState.ABSENT:
        gone = m._replace(guest=Power.ABSENT, host_vm=HostVmState.ABSENT, carrier=None, map=MapState.NONE)
        yield "host_vm_killed", gone
