"""What must stay possible while a machine is split, whatever the operator does; decided on the graph of small worlds.

The predicates speak of all machines at once, so they ask for worlds of one machine. A possibility takes nobody to be fair.
"""

from __future__ import annotations

from ...model.inventory import Power
from ...model.language import Truth, all_of, recoverable
from ...model.partitions import Bequest, Split
from ..endings import all_done
from ..liveness import as_before

WORLDS: tuple[str, ...] = ("split-given-up",)
"""Where these are decided: everything can be given up there."""


@recoverable("L7")
def split_can_be_undone() -> tuple[Truth, Truth]:
    """Until the old hypervisor ends, or has bequeathed what it has, all can be as it was: one partition, and VMs on it."""
    before = all_of((s.machine.old.power == Power.RUNNING) & (s.bequest == Bequest.NONE) for s in Split)
    return before, as_before() & all_of(~s.machine.split for s in Split)


@recoverable("L2")
def split_can_be_done() -> tuple[Truth, Truth]:
    """After the point of no return the machine can be one partition again and done, unless the old hypervisor hangs."""
    after_it = all_of((s.bequest != Bequest.NONE) & (s.machine.old.power != Power.HUNG) for s in Split)
    return after_it, all_done() & all_of(~s.machine.split for s in Split)
