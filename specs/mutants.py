"""The model, broken on purpose: each mutant must be caught by the property that it names, in the world that it names.

Another property may fail sooner; the mutant is then also explored with the named one alone. Whatever a property cites in
the catalogue of requirements, some mutant here shows that it can fail. Requirements are also removed one by one
(removals.py); what nothing can expose is in equivalents.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..model.inventory import Hypervisor, Machine, Power, Stage, Vm
from . import live_mutants
from .controller import mutants as controller
from .downtime import mutants as downtime
from .frames import mutants as frames
from .moves import mutants as moves
from .mutant import Mutant
from .mutations import also_writing, defining, forgetting, not_writing
from .partitions import mutants as partitions
from .placement import mutants as placed
from .scheduler import mutants as scheduler
from .storage import mutants as storage


def _passes_authority(vm: Vm) -> None:
    vm.stage = Stage.COMMITTED


def _runs_on(vm: Vm) -> None:
    vm.running = True


def _frees_copy(vm: Vm) -> None:
    vm.copied = 0


def _ends_guest_hypervisor(machine: Machine) -> None:
    machine.host_vm.guest.power = Power.ABSENT


def _maps_guest_hypervisor_only(machine: Machine) -> None:
    machine.mapped = machine.host_vm.guest.footprint


_EXCHANGE = (
    # ------------------------------------------------------------------------------- S1: one authority
    Mutant(
        "commit-while-running",
        "Authority passes to the other end without the VM being stunned.",
        "one_authority",
        "smallest",
        forgetting("commit", "the VM is stunned"),
    ),
    Mutant(
        "commit-not-atomic",
        "Stunning the VM already passes authority, in the same step in which it still runs.",
        "authority_passes_at_rest",
        "smallest",
        also_writing("stop", _passes_authority),
    ),
    Mutant(
        "source-continued",
        "The source goes on when authority has passed.",
        "one_authority",
        "smallest",
        also_writing("commit", _runs_on),
    ),
    Mutant(
        "reserved-again-when-stunned",
        "A VM that is stunned can be told to move again: it stays stunned through a whole pre-copy.",
        "stunned_only_to_commit",
        "squeezed-in",
        forgetting("withdraw", "the VM is not already moving"),
    ),
    # ---------------------------------------------------------------------- S2, S3: no VM lost, its state preserved
    Mutant(
        "source-freed-at-commit",
        "The source's copy is freed at the commit, before the VM runs at the other end.",
        "no_vm_lost",
        "smallest",
        also_writing("commit", _frees_copy),
    ),
    Mutant(
        "commit-incomplete",
        "Authority passes before every page has been copied.",
        "no_vm_lost",
        "smallest",
        forgetting("commit", "every page has been copied"),
    ),
    Mutant(
        "commit-stale",
        "Authority passes while copied pages are stale.",
        "whole_at_commit",
        "smallest",
        forgetting("commit", "no copied page is stale"),
    ),
    Mutant(
        "written-while-stunned",
        "The guest still writes to pages that were copied while it is stunned.",
        "still_at_rest",
        "smallest",
        forgetting("dirty", "the VM runs"),
    ),
    Mutant(
        "torn-down-before-boot",
        "The map is passed on before the new hypervisor runs: the old one is torn down with no other to take over.",
        "no_vm_lost",
        "smallest",
        forgetting("pass_map", "the new hypervisor runs"),
    ),
    Mutant(
        "destroyed-with-vm-inside",
        "The host VM is destroyed while a VM is in it.",
        "no_vm_lost",
        "smallest",
        forgetting("destroy_host_vm", "no VM is in the guest hypervisor, and none is in flight"),
    ),
    Mutant(
        "rolled-back-too-late",
        "The exchange is rolled back after the point of no return.",
        "no_vm_lost",
        "smallest",
        forgetting("roll_back", "the old hypervisor carries the host VM"),
    ),
    # -------------------------------------------------------------------- S4 to S7: the order of an exchange
    Mutant(
        "one-still-on-old",
        "The host VM is suspended while a VM is still on the old hypervisor.",
        "consolidated_before_exchange",
        "one-at-a-time",
        forgetting("suspend", "every VM of the machine is in the guest hypervisor, and none is in flight"),
    ),
    Mutant(
        "guest-hypervisor-not-resumed",
        "The host VM resumes without the guest hypervisor in it.",
        "nested_post_state",
        "smallest",
        also_writing("resume", _ends_guest_hypervisor),
    ),
    Mutant(
        "created-on-terminated-old",
        "A host VM is created on the old hypervisor, which is gone.",
        "guest_hypervisor_with_host_vm",
        "smallest",
        forgetting("create_host_vm", "the old hypervisor runs"),
    ),
    Mutant(
        "left-before-resume",
        "A VM leaves the guest hypervisor while the host VM is still suspended.",
        "nested_post_state",
        "one-at-a-time",
        forgetting("disassociate", "the guest hypervisor runs"),
    ),
    Mutant(
        "toward-absent-guest",
        "A VM moves toward a guest hypervisor that does not run.",
        "only_toward_the_living",
        "smallest",
        forgetting("consolidate", "the guest hypervisor runs"),
    ),
    Mutant(
        "back-toward-terminated-old",
        "A VM moves back toward the old hypervisor, which is gone.",
        "only_toward_the_living",
        "smallest",
        forgetting("withdraw", "the old hypervisor carries the host VM"),
    ),
    Mutant(
        "out-before-exchange",
        "A VM moves toward the new hypervisor before it is there.",
        "only_toward_the_living",
        "smallest",
        forgetting("disassociate", "the new hypervisor carries the host VM"),
    ),
    Mutant(
        "guest-hypervisor-left-behind",
        "Destroying the host VM leaves the guest hypervisor's frames behind.",
        "no_page_leaked",
        "smallest",
        not_writing("destroy_host_vm", Hypervisor.power),
    ),
    Mutant(
        "map-kept-after-resume",
        "The map stays in memory after the host VM has resumed.",
        "done_means_done",
        "smallest",
        not_writing("resume", Machine.map, Machine.mapped),
    ),
    # ------------------------------------------------------------- S10, S11, S18: the map, and what precedes it
    Mutant(
        "map-before-suspension",
        "The map is built while VMs still write to their pages.",
        "map_complete",
        "smallest",
        forgetting("build_map", "the host VM is suspended"),
    ),
    Mutant(
        "map-incomplete",
        "The map covers the guest hypervisor, and none of the VMs in it.",
        "map_complete",
        "smallest",
        also_writing("build_map", _maps_guest_hypervisor_only),
    ),
    Mutant(
        "map-not-validated",
        "The old hypervisor is torn down before the new one has validated the map.",
        "validated_before_teardown",
        "smallest",
        forgetting("tear_down_old", "the new hypervisor has validated the map"),
    ),
    Mutant(
        "replaced-while-running",
        "A roll-back keeps the map: the old hypervisor can then be torn down while the VMs run.",
        "replaced_only_when_suspended",
        "smallest",
        not_writing("roll_back", Machine.map, Machine.mapped),
    ),
    Mutant(
        "format-unchecked",
        "Nobody asks before suspending whether the new hypervisor reads the old one's format.",
        "format_checked_first",
        "format-mismatch",
        forgetting("suspend", "the new hypervisor reads the old one's hand-off format"),
    ),
    # ---------------------------------------------------------------------- X2, X3, X6: one account across it all
    Mutant(
        "second-copy-free",
        "The second copy of a VM in flight is charged to nobody.",
        "both_copies_charged",
        "smallest",
        defining(Vm.charged, lambda vm: vm.at_source + vm.overhead),
    ),
    Mutant(
        "source-copy-kept",
        "The source's copy is not freed when the VM runs at the other end.",
        "both_copies_charged",
        "smallest",
        not_writing("activate", Vm.copied),
    ),
    Mutant(
        "ballooned-in-flight",
        "The balloon takes pages of a VM in flight.",
        "frozen_while_in_flight",
        "reclaim-first",
        forgetting("inflate", "the VM is not in flight"),
    ),
    Mutant(
        "ballooned-while-suspended",
        "The balloon takes pages of a suspended VM.",
        "frozen_while_in_flight",
        "reclaim-first",
        forgetting("inflate", "the VM runs"),
    ),
    Mutant(
        "target-changed-in-flight",
        "A VM in flight is given other targets.",
        "frozen_while_in_flight",
        "squeezed-in",
        forgetting("reclaim", "the VM is not in flight"),
    ),
    Mutant(
        "reservation-unchecked",
        "A VM is let into a host VM that cannot reserve what it is due.",
        "reservations_fit_inside",
        "host-vm-too-small",
        forgetting("consolidate", "the host VM has room for the VM's reservation"),
    ),
    # ------------------------------------------------------------- M1, M3: pages are conserved, targets are kept to
    Mutant(
        "ballooned-beyond-target",
        "The balloon takes pages beyond its target.",
        "reclaimed_up_to_target",
        "reclaim-first",
        forgetting("inflate", "the balloon is below its target"),
    ),
    Mutant(
        "balloon-loses-page",
        "A page that the balloon takes is in no account.",
        "pages_conserved",
        "reclaim-first",
        not_writing("inflate", Vm.ballooned),
    ),
    Mutant(
        "balloon-doubles-page",
        "A page that the balloon takes stays free as well.",
        "pages_conserved",
        "reclaim-first",
        not_writing("inflate", Vm.free),
    ),
    # --------------------------------------------------------------------- O: never overcommitted beyond limits
    Mutant(
        "copied-without-room",
        "A second copy is begun without a frame to put it in.",
        "machine_not_overcommitted",
        "one-at-a-time",
        forgetting("consolidate", "the machine has room for a second copy of the VM"),
    ),
    Mutant(
        "copied-out-without-room",
        "A copy out of the host VM is begun without a frame to put it in.",
        "machine_not_overcommitted",
        "one-at-a-time",
        forgetting("disassociate", "the machine has room for a second copy of the VM"),
    ),
    Mutant(
        "only-present-copies-counted",
        "What other copies under way will still take is not counted when a copy is begun.",
        "machine_not_overcommitted",
        "one-at-a-time",
        defining(Machine.expected, lambda machine: machine.used),
    ),
    Mutant(
        "created-without-room",
        "The host VM is created without frames for the guest hypervisor.",
        "machine_not_overcommitted",
        "reclaim-first",
        forgetting("create_host_vm", "the machine has room for the guest hypervisor"),
    ),
    Mutant(
        "launched-without-room",
        "The host VM is suspended without asking for room for the new hypervisor.",
        "room_kept_for_new",
        "larger-successor",
        forgetting("suspend", "the machine has room for the new hypervisor"),
    ),
    Mutant(
        "let-in-without-room",
        "A VM is let into a host VM that has no frames for it.",
        "host_vm_not_overcommitted",
        "squeezed-in",
        forgetting("consolidate", "the host VM has room for the VM"),
    ),
    Mutant(
        "created-too-small",
        "A host VM is created that is smaller than the guest hypervisor in it.",
        "host_vm_not_overcommitted",
        "host-vm-too-small",
        forgetting("create_host_vm", "the host VM has room for the guest hypervisor"),
    ),
    Mutant(
        "promise-unchecked",
        "A second copy is promised beyond the commit limit.",
        "commitments_within_limit",
        "promises-to-the-limit",
        forgetting("consolidate", "the machine may promise a second copy of the VM"),
    ),
    Mutant(
        "given-back-beyond-limit",
        "The balloon gives back what the machine has meanwhile promised elsewhere.",
        "commitments_within_limit",
        "promises-to-the-limit",
        forgetting("deflate", "the machine may promise so many frames"),
    ),
    Mutant(
        "swap-full",
        "Pages are swapped out beyond the swap slots.",
        "swap_not_overcommitted",
        "reclaim-first",
        forgetting("swap_out", "the machine has so many swap slots"),
    ),
    Mutant(
        "beyond-assumption",
        "A guest grows beyond its assumed residency.",
        "machine_not_overcommitted",
        "growth-in-flight",
        forgetting("touch", "the guest keeps within its assumed residency"),
    ),
)

_PARTS = (
    *moves.MUTANTS,
    *storage.MUTANTS,
    *downtime.MUTANTS,
    *placed.MUTANTS,
    *frames.MUTANTS,
    *partitions.MUTANTS,
    *scheduler.MUTANTS,
    *controller.MUTANTS,
)

EVERY = (*_EXCHANGE, *live_mutants.MUTANTS, *_PARTS)
"""Every mutant, in the order of the parts."""

MUTANTS: Mapping[str, Mutant] = MappingProxyType({mutant.name: mutant for mutant in EVERY})
"""Every mutant of every part, by name."""
