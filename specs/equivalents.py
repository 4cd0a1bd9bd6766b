"""Requirements whose removal breaks no property in any world: each is kept for a reason, and there are few.

What decides nothing is not in the model at all, with these exceptions. Taken away, each lets happen what is there already:
a step that changes nothing, or one that another action may take as well. The tests hold them to less than one in twenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

IN_VAIN = "without it the step could be taken where it changes nothing"

EQUIVALENT: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("reclaim", "a target changes"): f"{IN_VAIN}: a plan is told that its step does nothing",
        ("tear_down_old", "the old hypervisor runs"): f"{IN_VAIN}: an operator is told that it is gone",
        ("suspend_to_storage", "the old hypervisor carries the host VM"): (
            "on the new hypervisor it would be stored, loaded and resumed once more: safe, and to no end"
        ),
        ("sync_image", "the image is not durable yet"): IN_VAIN,
        ("verify_image", "the image has not been verified yet"): IN_VAIN,
        ("retire_old", "the old hypervisor runs"): f"{IN_VAIN}: an operator is told that it is gone",
        ("delete_image", "there is an image"): IN_VAIN,
        ("controller_crashed", "the controller runs"): IN_VAIN,
        ("restart_controller", "the controller has ended"): IN_VAIN,
        ("inherit_processor", "the old hypervisor had the processor"): IN_VAIN,
        ("dma_ends", "DMA is in flight"): IN_VAIN,
        ("quiesce_device", "the host VM is stopped"): (
            "a device that is quiesced early is restarted, and nothing of it is taken before the host VM is stopped"
        ),
        ("arrive", "the exchange is not being given up"): (
            "the host VM would run where everything of it is, and can be turned back from there once more"
        ),
        ("turn_back", "the machine is split"): (
            "an exchange would be given up before it was begun: the machine is split, and joined again, to no end"
        ),
        ("return_pages", "the exchange is being given up"): (
            "what was released goes to either side: the pages would go back and forth, and never be with both"
        ),
        ("join_old", "the exchange is being given up"): (
            "the old hypervisor has a processor of the other partition back only where the exchange is being given up"
        ),
        ("validate_map", "the map covers every page of the host VM"): (
            "no page moves once the map is built, and maps are not torn here (A1): this is what validation is"
        ),
        ("list_frame", "the map is being built"): (
            "a frame is preserved before and after: it may as well be listed early, or again when its entry was torn"
        ),
        ("list_frame", "the frame is preserved"): (
            "the map could then not be sealed, only given up: seal_list asks for the preserved frames and no others"
        ),
    }
)
"""(action, sentence) to why it is kept."""
