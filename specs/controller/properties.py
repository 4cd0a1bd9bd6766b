"""What must hold while nobody takes the plan's next step."""

from __future__ import annotations

from ...model.controller import Controller
from ...model.inventory import Machine, Power, Vm
from ...model.language import Truth, after, all_of, implies, step


def _gone() -> Truth:
    """The controller is gone before the step and after it."""
    return all_of(~c.running & ~after(c.running) for c in Controller)


@step("L2", "S4")
def nothing_begins_without_controller() -> Truth:
    """While the controller is gone no VM at rest sets out, and no host VM is created, suspended, resumed or destroyed."""
    at_rest = all_of(implies(vm.settled, after(vm.settled)) for vm in Vm)
    host_vms = all_of(after(m.host_vm.state) == m.host_vm.state for m in Machine)
    return implies(_gone(), at_rest & host_vms)


@step("L2", "S11")
def hypervisors_stay_without_controller() -> Truth:
    """While the controller is gone no hypervisor is launched, and the old one is not torn down."""
    return implies(
        _gone(),
        all_of(
            implies(m.new.power == Power.ABSENT, after(m.new.power) == Power.ABSENT)
            & implies(m.old.power == Power.RUNNING, after(m.old.power) == Power.RUNNING)
            for m in Machine
        ),
    )
