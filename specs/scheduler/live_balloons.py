"""What must come in the end where a balloon's driver hangs."""

from __future__ import annotations

from ...model.inventory import Vm
from ...model.language import Truth, all_of, any_of, leads_to

WORLDS = ("dead-balloon",)
"""One driver hangs at any point; the guest may start it again, or not."""


@leads_to("F5")
def dead_balloon_replaced() -> tuple[Truth, Truth]:
    """A dead balloon is found out, and nothing more is asked of it; or the guest starts its driver again.

    Fair: the scheduler, to which five and twenty seconds pass (D8).
    """
    waiting = any_of(vm.driver_stuck & (vm.ballooned < vm.balloon_target) for vm in Vm)
    return waiting, all_of(~vm.driver_stuck | (vm.balloon_target <= vm.ballooned) for vm in Vm)
