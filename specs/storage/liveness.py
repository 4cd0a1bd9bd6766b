"""What must happen in the end with a host VM that is stored, and with its image.

`leads_to` takes what is planned and what is automatic to be weakly fair (A9): a step that can always be taken is taken.
The predicates speak of all machines at once, so they ask for worlds of one machine.
"""

from __future__ import annotations

from ...model.inventory import HostVmState, Machine
from ...model.language import Truth, all_of, any_of, leads_to
from ...model.storage import Image

WORLDS: tuple[str, ...] = ("stored-smallest", "stored-or-preserved")
"""Where these are decided, together with those of the exchange."""


@leads_to("L3")
def stored_resumes() -> tuple[Truth, Truth]:
    """What is halted or in storage runs again, whatever faults strike.

    Fair: hypervisors that write, verify and load; the operator who frees, boots, loads and wakes.
    """
    return any_of(image.needed for image in Image), all_of(m.host_vm.state == HostVmState.RUNNING for m in Machine)


@leads_to("L4", "X7")
def storage_comes_back() -> tuple[Truth, Truth]:
    """An image is gone in the end, and the store has its pages back.

    Fair: what brings the host VM to run again, and the hypervisor that then deletes its image.
    """
    return any_of(image.written > 0 for image in Image), all_of(image.written == 0 for image in Image)
