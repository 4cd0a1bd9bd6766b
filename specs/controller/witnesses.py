"""Where the controller is seen to crash: wherever a step was taken and the next one has not been."""

from __future__ import annotations

from ...model.controller import Controller
from ...model.inventory import Machine, Map, Power, Stage, Vm
from ...model.language import Truth, all_of, any_of, sometimes
from ...model.tolerance import Tolerated
from ..properties import exchanged, suspended


def _gone() -> Truth:
    return any_of(~c.running for c in Controller)


@sometimes("S1", "L1")
def gone_after_authority_passed() -> Truth:
    """The controller is gone, and authority over a VM has passed to a copy that does not run yet."""
    return _gone() & any_of(vm.stage == Stage.COMMITTED for vm in Vm)


@sometimes("S11", "L3")
def gone_before_the_teardown() -> Truth:
    """The controller is gone while both hypervisors are there, and the map was validated."""
    return _gone() & any_of((m.map == Map.VALIDATED) & (m.old.power == Power.RUNNING) for m in Machine)


@sometimes("S2", "L3")
def gone_past_the_point_of_no_return() -> Truth:
    """The controller is gone while every VM is suspended, and the old hypervisor has ended."""
    return _gone() & any_of(suspended(m) & (m.old.power == Power.ABSENT) for m in Machine)


@sometimes("S18", "L2")
def gone_while_the_boot_failed() -> Truth:
    """The controller is gone while the host VM is suspended, and the new hypervisor that it launched has not come up."""
    failed = any_of(t.boot_failed == 0 for t in Tolerated)
    return _gone() & failed & any_of(suspended(m) & (m.new.power == Power.ABSENT) for m in Machine)


@sometimes("S7", "L2")
def done_in_spite_of_crashes() -> Truth:
    """The controller has crashed as often as is tolerated, and the exchange is done."""
    spent = all_of(t.controller_crashed == 0 for t in Tolerated)
    return spent & ~_gone() & all_of(exchanged(m) for m in Machine)
