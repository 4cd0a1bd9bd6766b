"""What must come in the end where memory is low. Fairness (A9) is weak and per step; guests owe nothing."""

from __future__ import annotations

from ...model.inventory import Vm
from ...model.language import Truth, all_of, any_of, leads_to
from ...model.sampling import MemoryState, Scheduler

WORLDS = ("low-and-blocked",)
"""One VM that grows until memory is low: the predicates speak of all at once."""


@leads_to("F1")
def low_memory_recovers() -> tuple[Truth, Truth]:
    """Memory that is low is so no longer, sooner or later, whatever the guests do.

    Fair: the scheduler, which samples, asks, swaps, and takes notice of what is available.
    """
    return any_of(s.state == MemoryState.LOW for s in Scheduler), all_of(s.state != MemoryState.LOW for s in Scheduler)


@leads_to("F4")
def blocked_runs_again() -> tuple[Truth, Truth]:
    """A blocked VM runs again.

    Fair: the scheduler, as above; nothing is asked of the guest, which is blocked.
    """
    return any_of(vm.blocked for vm in Vm), all_of(~vm.blocked for vm in Vm)
