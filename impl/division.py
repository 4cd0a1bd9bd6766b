"""What effects on partitions, and what strikes there, make of the control of a machine: for comparing world and journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from .driver import Effect, HostVmState, Place, Power
from .partitions import Bequest, Division, Part

if TYPE_CHECKING:
    from .deviations import MachineControl

WHOLE = Division()
After = Callable[[Division, str], Division]


def _change(parts: tuple[Part, ...], name: str, change: Callable[[Part], Part]) -> tuple[Part, ...]:
    return tuple(change(part) if part.name == name else part for part in parts)


def processor(division: Division, name: str, *, with_old: bool, with_new: bool) -> Division:
    """That processor is with the old hypervisor, with the new one, or with nobody."""

    def moved(part: Part) -> Part:
        return part._replace(with_old=with_old, with_new=with_new)

    return division._replace(processors=_change(division.processors, name, moved))


def device(division: Division, name: str, change: Callable[[Part], Part]) -> Division:
    """That device is changed so."""
    return division._replace(devices=_change(division.devices, name, change))


def _split(division: Division, name: str) -> Division:
    return processor(division, name, with_old=False, with_new=True)._replace(split=True)


def _give(division: Division, name: str) -> Division:
    kept = next((part.with_new for part in division.processors if part.name == name), False)
    return processor(division, name, with_old=False, with_new=kept)


def _take(division: Division, name: str) -> Division:
    kept = next((part.with_old for part in division.processors if part.name == name), False)
    return processor(division, name, with_old=kept, with_new=True)


def _detach(division: Division, name: str) -> Division:
    home = division.homeward
    return device(division, name, lambda d: d._replace(with_old=d.with_old and home, with_new=d.with_new and not home))


def _attach(division: Division, name: str) -> Division:
    home = division.homeward
    return device(division, name, lambda d: d._replace(with_old=d.with_old or home, with_new=d.with_new or not home))


DIVIDED: Mapping[str, After] = {
    "split_machine": _split,
    "quiesce_device": lambda d, name: device(d, name, lambda part: part._replace(quiesced=True)),
    "restart_device": lambda d, name: device(d, name, lambda part: part._replace(quiesced=False)),
    "detach_device": _detach,
    "attach_device": _attach,
    "give_processor": _give,
    "take_processor": _take,
    "take_back_processor": lambda d, name: processor(d, name, with_old=True, with_new=False),
    "inherit_processor": lambda d, name: processor(d, name, with_old=False, with_new=True),
    "bequeath": lambda d, _: d._replace(bequest=Bequest.PUBLISHED) if d.bequest is Bequest.NONE else d,
    "expire_timer": lambda d, _: d._replace(bequest=Bequest.EXPIRED),
    "observe_end": lambda d, _: d._replace(end_observed=True),
    "raise_alarm": lambda d, _: d._replace(alarm=True),
    "join_new": lambda d, _: d._replace(split=False, bequest=Bequest.NONE, end_observed=False, alarm=False),
    "turn_back": lambda d, _: d._replace(homeward=True),
    "join_old": lambda d, _: d._replace(split=False, homeward=False),
}
"""What each effect makes of a division; the others leave it as it is."""


def _turned(m: MachineControl) -> MachineControl:
    away = m.host_vm is HostVmState.RUNNING and m.carrier is Place.NEW
    return m._replace(host_vm=HostVmState.CROSSING) if away else m


_MACHINE: Mapping[str, Callable[[MachineControl], MachineControl]] = {
    "boot_beside": lambda m: m._replace(new=Power.BOOTING),
    "cross": lambda m: m._replace(host_vm=HostVmState.CROSSING),
    "arrive": lambda m: m._replace(host_vm=HostVmState.RUNNING, carrier=Place.NEW),
    "terminate_old": lambda m: m._replace(old=Power.ABSENT),
    "turn_back": _turned,
    "return_home": lambda m: m._replace(host_vm=HostVmState.RUNNING, carrier=Place.OLD),
    "end_new": lambda m: m._replace(new=Power.ABSENT),
}


def after(m: MachineControl, effect: Effect) -> MachineControl:
    """The machine after an effect on its partitions."""
    if effect.action in _MACHINE:
        m = _MACHINE[effect.action](m)
    if effect.action in DIVIDED and m.division is not None:
        m = m._replace(division=DIVIDED[effect.action](m.division, effect.part or ""))
    return m


def faults(m: MachineControl) -> Iterator[tuple[str, MachineControl]]:
    """What strikes a machine that is split; and, without a name, the time-out that passes by itself."""
    division = m.division
    if division is None or not division.split:
        return
    if division.bequest is Bequest.PUBLISHED:
        yield "", m._replace(division=division._replace(bequest=Bequest.EXPIRED))
    if m.new is Power.BOOTING:
        yield "boot_hung", m._replace(new=Power.HUNG)
    if m.old is Power.RUNNING and division.bequest is not Bequest.NONE:
        yield "old_hung", m._replace(old=Power.HUNG)
    if m.old is Power.RUNNING and m.host_vm is HostVmState.RUNNING and m.carrier is Place.NEW:
        yield "old_ended_early", m._replace(old=Power.ABSENT)
