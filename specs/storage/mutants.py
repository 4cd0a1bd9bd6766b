"""Suspension to storage, broken on purpose: each mutant must be caught by the property that it names, where it says."""

from __future__ import annotations

from dataclasses import replace

from ...model.inventory import HostVm, Vm
from ...model.language import System
from ...model.storage import Image
from ..mutant import Mutant
from ..mutations import also_writing, defining, forgetting, not_writing


def _trusts(image: Image) -> None:
    image.verified = True


def _consumes(image: Image) -> None:
    image.written = 0
    image.durable = False
    image.verified = False


def _verifying_in_cache(system: System) -> System:
    """The image is verified as soon as it is complete; that it is durable is asked when the frames are freed."""
    halted, complete, _ = system.action("sync_image").requires
    verify, free = system.action("verify_image"), system.action("free_pages")
    durable, unverified = verify.requires
    verify = replace(verify, requires=(halted, complete, unverified))
    return system.with_action(verify).with_action(replace(free, requires=(*free.requires, durable)))


MUTANTS: tuple[Mutant, ...] = (
    # ---------------------------------------------------------------- S16: from memory to storage, in which order
    Mutant(
        "freed-before-durable",
        "The frames are freed as soon as the image has been written, before it is durable or verified.",
        "stored_whole",
        "stored-smallest",
        forgetting("free_pages", "the image has been verified"),
    ),
    Mutant(
        "verified-before-durable",
        "The image is verified in the cache, then made durable, then relied on: a page that is torn in between goes unseen.",
        "stored_whole",
        "stored-smallest",
        _verifying_in_cache,
    ),
    Mutant(
        "torn-image-accepted",
        "An image is taken for good without comparing its hash: real hypervisors load one flipped bit without an error.",
        "stored_whole",
        "stored-every-fault",
        also_writing("sync_image", _trusts),
    ),
    Mutant(
        "image-cut-short",
        "An image is made durable, and verified, before every page has been written.",
        "stored_whole",
        "stored-smallest",
        forgetting("sync_image", "every page has been written"),
    ),
    Mutant(
        "freed-while-running",
        "The frames are freed of a host VM that runs again, since its old image is still there.",
        "no_vm_lost",
        "stored-or-preserved",
        forgetting("free_pages", "the host VM is halted"),
    ),
    Mutant(
        "freed-again-while-loaded",
        "The frames are freed again of a host VM that was loaded, and not yet verified.",
        "no_vm_lost",
        "stored-smallest",
        forgetting("free_pages", "the host VM was not loaded again"),
    ),
    Mutant(
        "stale-image-kept",
        "The host VM is halted while the image of an earlier attempt is left, which is then taken for its own.",
        "stored_whole",
        "stored-or-preserved",
        forgetting("suspend_to_storage", "no other image is left"),
    ),
    Mutant(
        "deleted-and-remembered",
        "When an image is deleted it is not forgotten that it was durable: so the next one is, from its first page.",
        "stored_whole",
        "stored-smallest",
        not_writing("delete_image", Image.durable),
    ),
    # ------------------------------------------------------------------- S16, S3: from storage to memory
    Mutant(
        "resumed-unverified",
        "The host VM is run as it was loaded, and nobody compares it with the image's hash.",
        "resumed_as_suspended",
        "stored-smallest",
        forgetting("wake", "what was loaded has been verified"),
    ),
    Mutant(
        "deleted-before-resume",
        "The image is deleted as soon as it was loaded, before the host VM runs.",
        "deleted_only_after_resume",
        "stored-smallest",
        forgetting("delete_image", "the host VM is neither halted nor in storage"),
    ),
    Mutant(
        "deleted-by-loading",
        "Loading consumes the image: a torn load, or a loss of power, finds nothing to load again.",
        "one_good_copy",
        "stored-smallest",
        also_writing("load_image", _consumes),
    ),
    # ------------------------------------------------------------------------ S2, S4, S5, S11, S18: the exchange around it
    Mutant(
        "retired-before-freed",
        "The old hypervisor is ended while what it carries is still in memory.",
        "no_vm_lost",
        "stored-smallest",
        forgetting("retire_old", "the host VM is in storage only"),
    ),
    Mutant(
        "loaded-onto-nothing",
        "The image is loaded before a hypervisor is there to carry it.",
        "no_vm_lost",
        "stored-smallest",
        forgetting("load_image", "the hypervisor that is to carry the host VM runs"),
    ),
    Mutant(
        "booted-over-old",
        "The new hypervisor is booted on a machine that the old one still has.",
        "old_then_new",
        "stored-smallest",
        forgetting("boot_new", "the old hypervisor has ended"),
    ),
    Mutant(
        "booted-twice",
        "The new hypervisor is booted again from under what it carries.",
        "guest_hypervisor_with_host_vm",
        "stored-smallest",
        forgetting("boot_new", "the new hypervisor is not there yet"),
    ),
    Mutant(
        "stored-with-one-still-on-old",
        "The host VM is halted for storage while a VM is still on the old hypervisor.",
        "consolidated_before_exchange",
        "stored-every-fault",
        forgetting("suspend_to_storage", "every VM of the machine is in the guest hypervisor, and none is in flight"),
    ),
    Mutant(
        "image-of-unread-format",
        "Nobody asks before halting whether the new hypervisor reads what the old one writes.",
        "format_checked_first",
        "stored-refused",
        forgetting("suspend_to_storage", "the new hypervisor reads the old one's hand-off format"),
    ),
    Mutant(
        "stored-without-hardware",
        "Nobody asks before halting whether the new hypervisor offers the virtual hardware that the VMs need.",
        "hardware_offered",
        "stored-once-one-has-left",
        forgetting("suspend_to_storage", "the new hypervisor offers the virtual hardware of every VM"),
    ),
    Mutant(
        "stored-while-one-arrives",
        "A machine is halted to be stored while a VM is on its way to it.",
        "no_vm_lost",
        "stored-once-one-has-left",
        forgetting("suspend_to_storage", "no VM is on its way here from another machine"),
    ),
    Mutant(
        "halted-while-handed-over",
        "A host VM that is suspended in memory, with a map of it, is halted for storage as well.",
        "map_complete",
        "stored-or-preserved",
        forgetting("suspend_to_storage", "the guest hypervisor runs"),
    ),
    # ------------------------------------------------------------------------ L3, X7: what comes in the end
    Mutant(
        "never-woken",
        "Waking the host VM leaves it halted.",
        "stored_resumes",
        "stored-or-preserved",
        not_writing("wake", HostVm.state),
    ),
    Mutant(
        "image-left-behind",
        "Deleting an image leaves its pages in the store.",
        "storage_comes_back",
        "stored-or-preserved",
        not_writing("delete_image", Image.written),
    ),
    # ----------------------------------------------------------------- X1, O: one account for each page
    Mutant(
        "freed-and-charged",
        "What is in storage only is still charged to its machine: counted twice.",
        "stored_pages_change_account",
        "stored-smallest",
        defining(Vm.charged, lambda vm: vm.at_source + vm.at_target + vm.overhead),
    ),
    Mutant(
        "overhead-charged-while-stored",
        "The frames that a hypervisor needs for the host VM stay charged while it is in storage only.",
        "stored_pages_change_account",
        "stored-smallest",
        defining(HostVm.held, lambda host_vm: host_vm.needs),
    ),
    Mutant(
        "halted-and-uncharged",
        "What is halted is taken for stored: its frames are charged to nobody while it still has them.",
        "stored_pages_change_account",
        "stored-smallest",
        defining(HostVm.in_memory, lambda host_vm: ~host_vm.suspended),
    ),
    Mutant(
        "image-without-room",
        "An image is begun without room for it in the store.",
        "store_not_overcommitted",
        "stored-side-by-side",
        forgetting("suspend_to_storage", "the store has room for the image"),
    ),
    Mutant(
        "only-written-pages-counted",
        "What other images that are being written will still take is not counted when one is begun.",
        "store_not_overcommitted",
        "stored-side-by-side",
        defining(Image.promised, lambda image: image.written),
    ),
    Mutant(
        "written-while-running",
        "An image is written of a host VM that runs, which no room was asked for.",
        "store_not_overcommitted",
        "stored-side-by-side",
        forgetting("write_image", "the host VM is halted"),
    ),
    Mutant(
        "stored-without-room-for-new",
        "The host VM is stored although it will not fit with the new hypervisor in the old one's place.",
        "machine_not_overcommitted",
        "stored-refused",
        forgetting("suspend_to_storage", "the machine has room for the new hypervisor"),
    ),
    Mutant(
        "stored-without-promise-for-new",
        "The host VM is stored although the machine may not promise what it and the new hypervisor could come to hold.",
        "commitments_within_limit",
        "stored-refused",
        forgetting("suspend_to_storage", "the machine may promise the new hypervisor's frames"),
    ),
)
