"""Requirements that decide nothing: whenever one of them does not hold, another one of the same action does not either.

Each is kept because it says what the action needs, and because the model may grow; taken away alone, it changes no
reachable step of any world. Where two cover one another, a mutant forgets both. The tests look at every state of small
worlds: a requirement is in this list, or there is a state in which it alone refuses its action.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INTACT = "no VM ever loses its pages (the lemma intact)"
WHILE_OLD_CARRIES = "while the host VM runs, the old hypervisor carries it exactly as long as it runs itself"
WHILE_NEW_CARRIES = "while the host VM runs, the new hypervisor carries it exactly as long as it runs itself"
SEALED = "a sealed map is only there while the host VM is suspended on the old hypervisor"
ASKED_BEFORE = "it was asked before suspending, and nothing has changed since"
VALIDATED = "a validated map is only there while the host VM is suspended and the new hypervisor runs"
WHOLE = "the map was built after suspension, since when no page has moved"

REDUNDANT: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("consolidate", "the VM is intact"): INTACT,
        ("disassociate", "the VM is intact"): INTACT,
        ("withdraw", "the VM is intact"): INTACT,
        ("consolidate", "the old hypervisor runs"): "a VM that is settled on it shows that it runs",
        ("disassociate", "the new hypervisor carries the host VM"): WHILE_NEW_CARRIES,
        ("disassociate", "the new hypervisor runs"): WHILE_NEW_CARRIES,
        ("withdraw", "the old hypervisor carries the host VM"): WHILE_OLD_CARRIES,
        ("withdraw", "the old hypervisor runs"): WHILE_OLD_CARRIES,
        ("copy_again", "the VM's pages are being copied"): "pages are stale only while they are being copied",
        ("dirty", "the VM is in pre-copy"): "pages are copied, and the VM runs, only in pre-copy",
        ("dirty", "the VM runs"): "a VM in pre-copy runs",
        ("suspend", "the new hypervisor is not there yet"): "it is not before the host VM is suspended on the old one",
        ("suspend", "the old hypervisor carries the host VM"): WHILE_OLD_CARRIES,
        ("suspend", "the old hypervisor runs"): WHILE_OLD_CARRIES,
        ("build_map", "the old hypervisor runs"): "without it the host VM is suspended only with a validated map",
        ("seal_map", "the map covers every page of the host VM"): WHOLE,
        ("launch_new", "the host VM is suspended"): SEALED,
        ("launch_new", "the old hypervisor runs"): SEALED,
        ("launch_new", "the machine has room for the new hypervisor"): ASKED_BEFORE,
        ("launch_new", "the machine may promise the new hypervisor's frames"): ASKED_BEFORE,
        (
            "validate_map",
            "the new hypervisor runs",
        ): "it is given the map only once it runs, and ends only with the map",
        ("validate_map", "the new hypervisor reads the map's format"): ASKED_BEFORE,
        ("validate_map", "the map covers every page of the host VM"): WHOLE,
        ("tear_down_old", "the host VM is suspended"): VALIDATED,
        ("tear_down_old", "the new hypervisor runs"): VALIDATED,
        ("resume", "the host VM is suspended"): VALIDATED,
        ("resume", "the new hypervisor runs"): VALIDATED,
        ("resume", "the new hypervisor has validated the map"): "the host VM passes to it only with a validated map",
        (
            "roll_back",
            "the old hypervisor runs",
        ): "the old hypervisor ends in the step in which it gives the host VM away",
        ("roll_back", "the old hypervisor carries the host VM"): "as long as it runs, it carries the host VM",
    }
)
"""(action, sentence) to why it decides nothing."""
