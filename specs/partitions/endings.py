"""What must come in the end while a machine is split, where nobody gives up.

Fairness (A9) is weak and per step: a step of the operator or a hypervisor that can be taken from some point on for ever is
taken. Faults owe nothing. The predicates speak of all machines at once, so they ask for worlds of one machine.
"""

from __future__ import annotations

from ...model.inventory import Power
from ...model.language import Truth, all_of, any_of, leads_to
from ...model.partitions import Split
from ..endings import all_done

WORLDS: tuple[str, ...] = ("split-goes-on",)
"""Where these are decided: what may hold things up does, and nobody gives up."""


@leads_to("L5")
def alarm_is_raised() -> tuple[Truth, Truth]:
    """If the old hypervisor never terminates an alarm is raised; that its memory is never claimed is `hung_for_good`.

    Fair: the clock, and the new hypervisor that watches it.
    """
    return any_of(s.machine.old.power == Power.HUNG for s in Split), all_of(s.alarm for s in Split)


@leads_to("L3")
def crossing_ends() -> tuple[Truth, Truth]:
    """A host VM that was stopped to cross runs again, on the new hypervisor, however long DMA stays in flight.

    Fair: both hypervisors from the first device to the last page; the operator who lets the host VM run.
    """
    return any_of(s.crossing for s in Split), all_of(s.runs_on_new for s in Split)


@leads_to("L4", "L2")
def split_ends() -> tuple[Truth, Truth]:
    """A machine that was split is one partition again and done, with all its memory, unless the old hypervisor hangs.

    Fair: every step of the exchange, those of the operator included.
    """
    hung = any_of(s.machine.old.power == Power.HUNG for s in Split)
    return any_of(s.machine.split for s in Split), hung | all_done()
