"""How long a migrating VM may be stunned: a budget, in pages that are sent while it executes nowhere.

Pages are sent one after the other, so time is counted in them. A VM is stunned only once so few pages are left to send;
while it is stunned nothing of it changes, so each of them is sent once. Where a VM has a budget, the unconditional stun
of migration.py is left out.
"""

from __future__ import annotations

from .actors import HYPERVISOR, pages
from .inventory import Stage, Vm
from .language import Entity, Quantity, action, constant, derived, require


class Downtime(Entity):
    """The budget of a VM: so many pages may be sent while it is stunned."""

    vm = constant(Vm)
    budget = constant(pages)

    @derived
    def left(self) -> Quantity:
        """The pages that its migration has still to send: those that were not sent, and those that are stale."""
        return self.vm.resident - self.vm.copied + self.vm.dirty


@action(by=HYPERVISOR)
def stun_within_budget(downtime: Downtime) -> None:
    """Stun a VM, and begin stop-and-copy, once what is left to send is within its budget (L6)."""
    vm = downtime.vm
    require(vm.stage == Stage.COPYING, "the VM is in pre-copy")
    require(downtime.left <= downtime.budget, "what is left to send is within the VM's budget")
    vm.stage = Stage.STOPPED
    vm.running = False
