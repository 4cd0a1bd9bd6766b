"""What may go wrong, as often as a world tolerates it."""

from __future__ import annotations

from .actors import FAULT
from .inventory import Machine, Map, Power, Stage, Vm
from .language import action, require
from .migration import give_up
from .tolerance import Tolerated


@action(by=FAULT)
def migration_aborted(vm: Vm, tolerated: Tolerated) -> None:
    """Either side gives a migration up before it commits."""
    require(tolerated.migration_aborted > 0, "one more abort is tolerated")
    require(vm.stage.one_of(Stage.COPYING, Stage.STOPPED), "authority has not passed yet")
    tolerated.migration_aborted -= 1
    give_up(vm)


@action(by=FAULT)
def destination_killed(vm: Vm, tolerated: Tolerated) -> None:
    """The receiving end dies, before the commit or after it, but before the VM runs there."""
    require(tolerated.destination_killed > 0, "one more death of a destination is tolerated")
    require(~vm.settled, "the VM is in flight")
    tolerated.destination_killed -= 1
    give_up(vm)


@action(by=FAULT)
def boot_failed(machine: Machine, tolerated: Tolerated) -> None:
    """The new hypervisor does not come up."""
    require(tolerated.boot_failed > 0, "one more failed boot is tolerated")
    require(machine.new.power == Power.BOOTING, "the new hypervisor boots")
    tolerated.boot_failed -= 1
    machine.new.power = Power.ABSENT


@action(by=FAULT)
def format_unreadable(machine: Machine, tolerated: Tolerated) -> None:
    """The new hypervisor cannot read the map that it was given, and ends."""
    require(tolerated.format_unreadable > 0, "one more unreadable map is tolerated")
    require(machine.map == Map.PASSED, "the map was passed")
    tolerated.format_unreadable -= 1
    machine.new.power = Power.ABSENT
    machine.map = Map.NONE
    machine.mapped = 0
