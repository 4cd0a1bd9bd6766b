"""The verbs of a plan: one table. A new verb is one line here; schema, loader and messages follow."""

from dataclasses import dataclass
from enum import Enum


class Takes(Enum):
    """What a verb is about."""

    NOTHING = "nothing"
    VM = "a VM"
    RECLAIM_TARGETS = "a VM and its targets"


@dataclass(frozen=True)
class Verb:
    """One kind of step."""

    name: str
    takes: Takes
    once: bool
    """Whether the plan may name it only once (for a verb about a VM: once for each VM)."""
    sentence: str


_TABLE = (
    Verb("reclaim", Takes.RECLAIM_TARGETS, False, "Set a VM's balloon and swap targets; done when reached."),
    Verb("create_host_vm", Takes.NOTHING, True, "Create the host VM and start the guest hypervisor in it."),
    Verb("consolidate", Takes.VM, True, "Move a VM from the old hypervisor into the guest hypervisor."),
    Verb("suspend", Takes.NOTHING, True, "Suspend the host VM in memory and build its hand-off map."),
    Verb("launch_new", Takes.NOTHING, True, "Launch the new hypervisor and pass it the map."),
    Verb("tear_down_old", Takes.NOTHING, True, "Tear the old hypervisor down: the point of no return."),
    Verb("resume", Takes.NOTHING, True, "Resume the host VM on the new hypervisor."),
    Verb("disassociate", Takes.VM, True, "Move a VM from the guest hypervisor to the new hypervisor."),
    Verb("destroy_host_vm", Takes.NOTHING, True, "Destroy the empty host VM and give its memory back."),
)

VERBS = {verb.name: verb for verb in _TABLE}
"""Every verb by name, in the order in which a plain exchange uses them."""


def verbs_taking(takes: Takes) -> tuple[str, ...]:
    """Names of the verbs that are about `takes`."""
    return tuple(verb.name for verb in _TABLE if verb.takes is takes)
