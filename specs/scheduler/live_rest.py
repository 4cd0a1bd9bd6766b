"""What must come in the end where the guests are still."""

from __future__ import annotations

from ...model.inventory import Vm
from ...model.language import Truth, all_of, any_of, leads_to
from ...model.sampling import Scheduler, Watch
from ...model.scheduling import offer

WORLDS = ("comes-to-rest",)
"""No guest does anything there but what its balloon makes it do."""


def known(w: Watch) -> Truth:
    """The last sample of the VM is right."""
    vm = w.vm
    return (
        (w.unreclaimable == vm.unreclaimable)
        & (w.active == vm.active_anonymous + vm.active_buffer)
        & (w.unreclaimable + w.active + w.idle == vm.resident)
    )


@leads_to("F3")
def comes_to_rest() -> tuple[Truth, Truth]:
    """Where guests are still, the scheduler comes to rest: all that it asked for is taken, and it asks and gives no more.

    Fair: the scheduler. It rests on samples that are right, so that while the guests are still it stays so.
    """
    settled = all_of((vm.ballooned == vm.balloon_target) & (vm.swapped == vm.swap_target) for vm in Vm)
    nothing_more = all_of((offer(w, s) == 0) & (w.due == 0) for w in Watch for s in Scheduler)
    restless = any_of(w.due > 0 for w in Watch)
    return restless, settled & nothing_more & all_of(known(w) for w in Watch)
