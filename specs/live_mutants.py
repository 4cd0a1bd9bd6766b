"""The exchange, broken so that something never ends, or no way is left: caught on the state graph of a small world."""

from __future__ import annotations

from ..model.inventory import HostVm, Hypervisor, Machine, Map, Power, Vm
from ..model.language import Truth
from .mutant import Mutant
from .mutations import also_requiring, also_writing, not_writing


def _nothing_left_to_send(vm: Vm) -> Truth:
    return (vm.copied == vm.resident) & (vm.dirty == 0)


def _old_runs(machine: Machine) -> Truth:
    return machine.old.power == Power.RUNNING


def _new_runs(machine: Machine) -> Truth:
    return machine.new.power == Power.RUNNING


def _drops_map(machine: Machine) -> None:
    machine.map = Map.NONE


MUTANTS = (
    Mutant(
        "waits-for-the-guest",
        "A VM is stunned only once nothing is left to send: a guest that goes on writing is copied for ever.",
        "consolidation_ends",
        "never-given-up",
        also_requiring("stop", _nothing_left_to_send, "nothing is left to send"),
    ),
    Mutant(
        "host-vm-never-gone",
        "The host VM stays when it is destroyed: the exchange is never over.",
        "exchange_ends",
        "never-given-up",
        not_writing("destroy_host_vm", HostVm.state),
    ),
    Mutant(
        "map-dropped-at-teardown",
        "The map goes with the old hypervisor that wrote it: nobody can resume from it.",
        "can_be_done",
        "smallest",
        also_writing("tear_down_old", _drops_map),
    ),
    Mutant(
        "each-waits-for-the-other",
        "The map is built only for a new hypervisor that runs, which is launched only once the map is sealed.",
        "suspended_resumes",
        "never-given-up",
        also_requiring("build_map", _new_runs, "the new hypervisor runs"),
    ),
    Mutant(
        "cleaned-up-after-roll-back-only",
        "The host VM is destroyed only after a roll-back: when an exchange is done its memory never comes back.",
        "disassociation_ends",
        "never-given-up-by-two",
        also_requiring("destroy_host_vm", _old_runs, "the old hypervisor runs"),
    ),
    Mutant(
        "new-left-behind-by-roll-back",
        "Rolling back leaves the new hypervisor there: the machine is never as it was.",
        "can_be_rolled_back",
        "smallest",
        not_writing("roll_back", Hypervisor.power),
    ),
)
