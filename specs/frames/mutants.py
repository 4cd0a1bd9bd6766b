"""Frames, with one mechanism broken: each mutant is caught by the property that it names, in the world that it names."""

from __future__ import annotations

from ...model.frames import Frame, Page
from ...model.inventory import Machine, Vm
from ...model.language import Quantity, System, total
from ..mutant import Mutant
from ..mutations import also_writing, defining, forgetting, not_writing
from .properties import shared_beyond_one


def _counts_again(frame: Frame) -> None:
    frame.pool.taken += 1


def _writes_down(frame: Frame) -> None:
    frame.version = 0


def _charges_shared_once(system: System) -> System:
    """Both what is held and what will be are counted with shared pages taken once."""

    def used(machine: Machine) -> Quantity:
        held = machine.footprints + total(vm.charged for vm in Vm.where(machine=machine))
        return held - total(shared_beyond_one(f) for f in Frame.where(machine=machine))

    return defining(Machine.used, used)(system)


def _maps_early(system: System) -> System:
    """The map is begun, filled and sealed while the VMs still get pages, and nobody asks whether it is complete."""
    begun = forgetting("build_map", "the host VM is suspended")(system)
    filled = forgetting("list_frame", "the frame is preserved")(begun)
    return forgetting("seal_list", "the map lists every preserved frame, and no other")(filled)


MUTANTS = (
    # --------------------------------------------------------------------------------- S2, S3, M12: content
    Mutant(
        "source-frames-freed-early",
        "The source's frames are freed while the VM is still there, before the commit.",
        "no_page_lost",
        "frames-copied",
        forgetting("free_copy", "its VM neither is there nor is arriving"),
    ),
    Mutant(
        "stale-frame-committed",
        "A page that was written since it was sent does not count as stale.",
        "memory_as_written",
        "frames-copied",
        not_writing("write", Vm.dirty, Page.dirty),
    ),
    Mutant(
        "writes-while-suspended",
        "A page is written while the VM is stunned or suspended, by a device that was not stopped.",
        "nothing_changes_at_rest",
        "frames-all-the-way",
        forgetting("write", "the VM runs"),
    ),
    Mutant(
        "leftovers-taken-for-copies",
        "Frames that an earlier migration left are there when the next one begins to send.",
        "counts_are_of_frames",
        "frames-copied",
        forgetting("send_frame", "what an earlier migration left there has been freed"),
    ),
    Mutant(
        "not-zeroed",
        "A frame goes to the next VM as it is.",
        "zeroed_before_another",
        "frames-handed-on",
        not_writing("give_frame", Frame.version, Frame.author),
    ),
    Mutant(
        "shared-page-written",
        "A guest writes to a frame that another VM shares.",
        "memory_as_written",
        "frames-shared",
        forgetting("write", "the frame is of this page alone"),
    ),
    # ---------------------------------------------------------------------------- S8 to S10: the exchange
    Mutant(
        "boots-into-preserved-frame",
        "The boot allocator of the new hypervisor takes any frame.",
        "preserved_out_of_reach",
        "frames-exchanged",
        forgetting("take_for_boot", "the frame is free"),
    ),
    Mutant(
        "listing-writes-into-frame",
        "Listing a frame writes into it.",
        "preserved_untouched",
        "frames-exchanged",
        also_writing("list_frame", _writes_down),
    ),
    Mutant(
        "given-back-before-consumed",
        "A guest gives back a page whose frame is still on the list.",
        "preserved_out_of_reach",
        "frames-exchanged",
        forgetting("give_frame_back", "the frame is not preserved, and not on the list any more"),
    ),
    Mutant(
        "listed-before-last-page",
        "The map is built and sealed before the host VM is suspended: what the VM gets after that is not in it.",
        "list_complete_when_sealed",
        "frames-exchanged",
        _maps_early,
    ),
    Mutant(
        "sealed-incomplete",
        "The map is sealed before every preserved frame is on it.",
        "list_complete_when_sealed",
        "frames-exchanged",
        forgetting("seal_list", "the map lists every preserved frame, and no other"),
    ),
    Mutant(
        "list-unchecked",
        "The new hypervisor takes a map for good without comparing it with what was sealed.",
        "list_sound_when_validated",
        "frames-exchanged",
        forgetting("validate_list", "the map lists what it listed when it was sealed"),
    ),
    # -------------------------------------------------------------------------------- X1, X5: accounting
    Mutant(
        "counted-twice-when-suspended",
        "Listing a preserved frame counts it as taken once more.",
        "counted_once",
        "frames-exchanged",
        also_writing("list_frame", _counts_again),
    ),
    Mutant(
        "frame-left-on-free-list",
        "A frame that a page gets stays on the free list.",
        "one_client",
        "frames-handed-on",
        not_writing("give_frame", Frame.free),
    ),
    Mutant(
        "boot-takes-too-much",
        "The boot allocator takes more frames than the new hypervisor is counted with.",
        "footprints_are_of_frames",
        "frames-exchanged",
        forgetting("take_for_boot", "the new hypervisor is there, and has not yet taken its whole footprint"),
    ),
    Mutant(
        "shared-frame-freed",
        "A page that stops sharing its frame takes one, and its account is not told.",
        "counted_once",
        "frames-shared",
        not_writing("unshare", Frame.free),
    ),
    Mutant(
        "shared-pages-charged-once",
        "Room is asked for as if pages that share a frame would share it for ever.",
        "sharing_may_end",
        "frames-shared",
        _charges_shared_once,
    ),
)
