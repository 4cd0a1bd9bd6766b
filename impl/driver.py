"""What the controller knows of the world, and what it can do to it: effects, snapshots, outcomes, and the driver's protocol.

A driver carries out one effect at a time and says what it has observed; the controller decides. A driver promises:

- *One effect, one thing.* After `perform`, or after a crash in the midst of it, `observe` can tell whether it happened.
- *Idempotence.* An effect that has already happened is done again without harm, and its outcome is `DONE`.
- *No claims.* An outcome tells what was observed after the effect, never what should have come of it.
- *No waiting for ever.* Every wait has a time-out; what did not come by then is ended where it could still come later
  (a hypervisor that hangs in its boot), and the outcome is `FAILED` with the fault's name.

A driver may do what is unsafe, since hypervisors do: the order of effects, fences and comparisons are the controller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Protocol

from .partitions import PARTITIONED, PartitionsView

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "create_host_vm": "Start the host VM, with the guest hypervisor in it, on the old hypervisor.",
        "destroy_host_vm": "End the empty host VM.",
        "consolidate": "Begin a migration from the old to the guest hypervisor: a receiver that does not run, and pre-copy.",
        "disassociate": "Begin a migration from the guest to the new hypervisor.",
        "withdraw": "Begin a migration from the guest back to the old hypervisor.",
        "copy": "Pre-copy: send `amount` pages that were not sent yet.",
        "copy_again": "Send `amount` pages again that were written since.",
        "stop": "Stun the VM at the source: stop-and-copy begins, and nothing is written any more.",
        "commit": "Finish the copy: the receiver has all of the state. Neither end runs.",
        "fence": "End the source for good, after seeing that the receiver is complete and answers; else refused.",
        "activate": "Run the VM at the receiver.",
        "cancel": "End the receiver, and let the source go on. Not after `fence`: the VM would be lost.",
        "remap_in": "Stun a VM whose frames are to pass from the old to the guest hypervisor where they are.",
        "remap_out": "Stun a VM whose frames are to pass from the guest to the new hypervisor where they are.",
        "pass_frames": "Pass the frames of a stunned VM, and its authority, to the other hypervisor at once; it runs there.",
        "transfer": "Begin to move a VM to another machine: all that it may come to hold there is set aside there at once.",
        "send": "Send `amount` pages over the network that were not sent yet, resident or swapped.",
        "send_again": "Send `amount` pages over the network again that were written since.",
        "stun": "Stun a VM that goes to another machine: nothing is written any more.",
        "hand_over": "End the VM here and run it on the other machine at once, after seeing that all is there, or refuse.",
        "switch_early": "Run the VM on the other machine at once; what has not arrived there is here until it is fetched.",
        "fetch": "Fetch `amount` pages that were left, of a VM that runs on the other machine; here they are freed.",
        "finish_fetching": "Nothing of the VM is left here: it is on the other machine, as any VM.",
        "call_off": "Drop what has arrived on the other machine, and let the VM go on here.",
        "suspend": "Suspend the host VM in memory.",
        "build_map": "The old hypervisor writes down where the pages of the host VM are.",
        "seal_map": "Nothing is added to the map any more; its digest is observed from here on.",
        "launch_new": "Begin the boot of the new hypervisor beside the old one.",
        "finish_boot": "Wait until the new hypervisor is up. One that fails or hangs is ended.",
        "pass_map": "Give the map to the new hypervisor.",
        "validate_map": "The new hypervisor reads the map; from here on `map_digest` is of what it has read.",
        "tear_down_old": "End the old hypervisor, after seeing that the new one has read the map and answers; else refused.",
        "resume": "Resume the host VM on the new hypervisor, from the map that this has read.",
        "roll_back": "End the new hypervisor, drop the map, and let the host VM go on, on the old one.",
        "reclaim": "Set the VM's targets: `amount` pages in the balloon, `swap_pages` pages swapped.",
        "inflate": "Wait until the balloon has reached its target from below.",
        "deflate": "Wait until the balloon has come down to its target: memory is given to the guest.",
        "swap_out": "Swap pages out until as many are swapped as the target says.",
        "suspend_to_storage": "Halt the host VM in memory, to store it; its digest is observed from here on.",
        "write_image": "Write `amount` more pages of the halted host VM to its image (None for all the rest).",
        "sync_image": "Make the image durable: until then a loss of power takes it.",
        "verify_image": "Read the image back from the medium; from here on `image_digest` is of what was read.",
        "discard_image": "Drop an image that is not what was in memory, to write it again.",
        "free_pages": "Free the frames of the halted host VM: it is in storage only.",
        "retire_old": "End the old hypervisor, after seeing that it carries nothing in memory; else refused.",
        "boot_new": "Begin the boot of the new hypervisor on the machine, which has no other.",
        "load_image": "Read the image into free memory, on the hypervisor that is to carry the host VM.",
        "verify_loaded": "Read what was loaded; from here on `host_vm_digest` is of that.",
        "drop_loaded": "Free what was loaded and is not what was suspended, to load it again.",
        "wake": "Run the host VM where it lies in memory.",
        "delete_image": "Delete the image, or the beginning of one.",
        **PARTITIONED,
    }
)
"""Every action that an effect can have. The names are the model's; three are no actions of their own there: `fence` is the
first half of `activate`; `discard_image` and `drop_loaded`, where they are due, end `verify_image` and `verify_loaded`."""


class Place(Enum):
    """One of the three hypervisors of a machine in an exchange."""

    OLD = "old"
    GUEST = "guest"
    NEW = "new"


class Power(Enum):
    """A hypervisor: not there, booting, running, or hung: there, but it does nothing any more, and does not end."""

    ABSENT = "absent"
    BOOTING = "booting"
    RUNNING = "running"
    HUNG = "hung"


class HostVmState(Enum):
    """The host VM: not there, running, suspended in memory to be handed over, halted to be stored, in storage only, or
    stopped on its way between two partitions."""

    ABSENT = "absent"
    RUNNING = "running"
    SUSPENDED = "suspended"
    HALTED = "halted"
    STORED = "stored"
    CROSSING = "crossing"


class MapState(Enum):
    """The hand-off map: how far it has come."""

    NONE = "none"
    BUILT = "built"
    SEALED = "sealed"
    PASSED = "passed"
    VALIDATED = "validated"


class ImageState(Enum):
    """The image of the host VM: none, written in part or whole, durable, or durable and read back from the medium."""

    NONE = "none"
    WRITTEN = "written"
    DURABLE = "durable"
    READ = "read"


class Copy(Enum):
    """What lies in memory of a host VM: the original, what was loaded from its image, or the same once it was read."""

    ORIGINAL = "original"
    LOADED = "loaded"
    READ = "read"


class Stage(Enum):
    """A VM's migration: none, pre-copy, stop-and-copy, complete at both ends, or complete with its source ended; or, where
    nothing is copied, stunned until its frames have passed. On its way to another machine: its pages are being sent, or it
    is stunned for the last of them; or it is on another machine. By post-copy: it runs there, and pages are fetched from
    here; seen from there, it runs, and fetches them."""

    SETTLED = "settled"
    COPYING = "copying"
    STOPPED = "stopped"
    COMMITTED = "committed"
    FENCED = "fenced"
    PASSING = "passing"
    SENDING = "sending"
    STUNNED = "stunned"
    FETCHED = "fetched"
    ELSEWHERE = "elsewhere"
    FETCHING = "fetching"


LEAVING = (Stage.SENDING, Stage.STUNNED)
"""Stages of a VM that is on its way to another machine, and still on its own."""
GONE = (Stage.FETCHED, Stage.ELSEWHERE)
"""Stages of a VM that another machine has the authority over."""


class Ending(Enum):
    """What became of an effect: it happened; nothing happened, for a reason; or a fault struck."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class DriverLost(Exception):
    """The driver does not know what became of an effect, and cannot find out: nothing more can be done through it."""


@dataclass(frozen=True)
class Effect:
    """One thing that either happens or does not. `amount` and `swap_pages` are in pages of 4 KiB.

    `amount` is how much is to be sent (`copy`, `copy_again`), the balloon target (`reclaim`), or how much of the way to it
    (`inflate`, `deflate`, `swap_out`; None for all of it). A real hypervisor may do more. `vm` is None for an effect on
    the machine. `to` names the other machine that a VM goes to: to its old hypervisor, or to its new one.
    """

    action: str
    machine: str
    vm: str | None = None
    amount: int | None = None
    swap_pages: int | None = None
    part: str | None = None
    """The processor or device that an effect on partitions is about."""
    to: str | None = None
    to_new: bool = False

    @property
    def place_there(self) -> Place:
        """The hypervisor of the other machine that the VM goes to."""
        return Place.NEW if self.to_new else Place.OLD

    def __str__(self) -> str:
        """The action and what it is about."""
        toward = f"to {self.to}" if self.to else None
        parts = (self.action, self.vm, self.part, self.amount, self.swap_pages, toward)
        return " ".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True)
class VmView:
    """A VM as it was observed. Pages are of 4 KiB; times are in microseconds of the driver's clock.

    `source` is where it is settled, or what its migration leaves; `target` is the live receiver of a migration, None where
    there is none. A VM that is stunned without a target has lost its receiver: `cancel` lets it go on. One that goes to
    another machine has no target: of its pages `copied_pages` have arrived there, the swapped ones included.
    """

    name: str
    source: Place
    stage: Stage
    target: Place | None = None
    running_at: tuple[Place, ...] = ()
    """Where it executes. More than one place is a split brain, which a driver reports and does not hide."""
    copies_at: tuple[Place, ...] = ()
    """Where its memory lies, complete or not."""
    lost: bool = False
    """Nothing can make it go on: what held its only complete copy is gone."""
    resident_pages: int = 0
    copied_pages: int = 0
    dirty_pages: int = 0
    """Of the copied ones, those that were written since."""
    rounds: int = 0
    """How often pre-copy has been over all pages that were to be sent."""
    ballooned_pages: int = 0
    swapped_pages: int = 0
    balloon_target_pages: int = 0
    swap_target_pages: int = 0
    gave_up: str | None = None
    """Why its last migration ended without a commit, as far as the driver knows: `migration_aborted`, …"""
    sent_pages: int = 0
    """Over all of its migrations so far."""
    downtime_us: int = 0
    """How long it has been stunned or suspended so far, in all."""
    abroad: str | None = None
    """The other machine that it is on its way to, or on which it was seen: then `source` says nothing, no page is here,
    but for those that are still to be fetched."""
    missing_pages: int = 0
    """What is still to be fetched of a VM that runs on another machine than it lay on."""

    @property
    def content_pages(self) -> int:
        """The pages that have a content, and go with it to another machine: resident ones, and swapped ones."""
        return self.resident_pages + self.swapped_pages

    @property
    def authority(self) -> Place | None:
        """The one hypervisor of this machine that may run it; None where it is lost, or on another machine."""
        if self.lost or self.stage in GONE:
            return None
        return self.target if self.stage in (Stage.COMMITTED, Stage.FENCED) else self.source


@dataclass(frozen=True)
class MachineView:
    """The machine as it was observed. Pages are of 4 KiB."""

    name: str
    old: Power
    guest: Power
    new: Power
    host_vm: HostVmState
    carrier: Place | None
    """What holds the host VM; None where there is none."""
    map: MapState
    map_digest: str | None
    """SHA-256, in hexadecimal: of the sealed map; once validated, of what the new hypervisor has read."""
    capacity_pages: int
    used_pages: int
    """Transient double copies, and what hypervisors and the host VM take themselves, included."""
    commit_limit_pages: int
    committed_pages: int
    """All that VMs could come to hold, at both ends while they migrate, and what hypervisors take."""
    host_vm_size_pages: int = 0
    host_vm_used_pages: int = 0
    """What is inside the host VM, the guest hypervisor included."""
    swap_pages: int = 0
    swapped_pages: int = 0
    faults: tuple[str, ...] = ()
    """Faults of the machine that the driver has seen, oldest first: `boot_failed`, `format_unreadable`, …"""
    image: ImageState = ImageState.NONE
    image_pages: int = 0
    """How many pages of the host VM its image has."""
    image_digest: str | None = None
    """SHA-256, in hexadecimal, of the image as it was read back from the medium."""
    copy: Copy = Copy.ORIGINAL
    host_vm_digest: str | None = None
    """SHA-256, in hexadecimal, of the halted host VM's memory: of the original; once it was read, of what was loaded."""
    store_pages: int = 0
    """What the store for images holds; 0 where the driver knows no storage."""
    store_promised_pages: int = 0
    """What images of all machines take of it, or will take once those that are being written are complete."""
    partitions: PartitionsView | None = None
    """How the machine is divided; None where the driver knows no partitions."""
    set_aside_pages: int = 0
    """What is held for VMs that are on their way here from other machines, or that fetch from here what they have left;
    `used_pages` and `committed_pages` have it."""
    slots_set_aside_pages: int = 0
    """The same of swap slots; `swapped_pages` has it."""
    crossed_pages: int = 0
    """How many pages it has sent to other machines so far, those included that were sent again, or are still to
    be fetched."""


@dataclass(frozen=True)
class Offer:
    """What a hypervisor has for a VM that comes to it: the virtual hardware, by version, and what the VM costs in pages."""

    hardware_from: int = 0
    hardware_upto: int = 0
    vm_pages: int = 0

    def offers(self, hardware: int) -> bool:
        """Whether a VM with this virtual hardware means there what it meant before."""
        return self.hardware_from <= hardware <= self.hardware_upto


@dataclass(frozen=True)
class OtherMachine:
    """Another machine, to which VMs could go, as it says it is."""

    machine: MachineView
    still_to_arrive_pages: int = 0
    """What copies under way there will still take."""
    old: Offer = field(default_factory=Offer)
    new: Offer = field(default_factory=Offer)

    def offer(self, place: Place) -> Offer:
        """What the old hypervisor there, or the new one, has for a VM."""
        return self.new if place is Place.NEW else self.old


@dataclass(frozen=True)
class World:
    """What was observed at once: the machine, and the VMs that were asked for; and the other machines that were reached."""

    machine: MachineView
    vms: Mapping[str, VmView] = field(default_factory=dict[str, VmView])
    time_us: int = 0
    """The driver's clock: virtual in a simulator, monotonic elsewhere."""
    others: Mapping[str, OtherMachine] = field(default_factory=dict[str, OtherMachine])
    """Other machines by name. None where the driver knows no transfers: then no VM goes anywhere."""


@dataclass(frozen=True)
class Outcome:
    """What became of an effect, and what was observed after it: the machine, and the VM that the effect was about."""

    ending: Ending
    world: World
    reason: str = ""
    """For a refusal: the sentence that says what is not so."""
    fault: str | None = None
    """For a failure: the fault's name."""


class Driver(Protocol):
    """Carries effects out on something: a simulator, or real hypervisors."""

    def observe(self, *vms: str) -> World:
        """The machine and these VMs, as they are now; all VMs where none is named. Raises DriverLost."""
        ...

    def perform(self, effect: Effect) -> Outcome:
        """Carry an effect out, wait for it as long as its time-out says, and tell what was observed after it.

        Raises DriverLost, and nothing else.
        """
        ...
