"""Moves, broken on purpose."""

from __future__ import annotations

from ...model.inventory import Machine, Stage, Vm
from ...model.moves import Transfer
from ..mutant import Mutant
from ..mutations import also_writing, defining, forgetting, not_writing


def _leaves_its_slot(t: Transfer) -> None:
    t.origin.slots_set_aside = t.origin.slots_set_aside + t.vm.swapped


MUTANTS = (
    Mutant(
        "handed-over-while-running",
        "A VM passes to another machine while it runs on its own.",
        "machines_change_by_transfer_only",
        "one-cannot-stay",
        forgetting("hand_over", "the VM is stunned"),
    ),
    Mutant(
        "consolidated-over-the-network",
        "Pages are sent over the network for a VM that nobody transfers.",
        "pages_cross_by_transfer_only",
        "one-cannot-stay",
        forgetting("send", "the VM's pages are being sent"),
    ),
    Mutant(
        "slot-orphaned",
        "A VM leaves its swap slot behind on the machine that it came from.",
        "slots_follow_the_vm",
        "swapped-away",
        also_writing("hand_over", _leaves_its_slot),
    ),
    Mutant(
        "set-aside-for-ever",
        "A transfer that is called off keeps the frames that were set aside for it.",
        "set_aside_for_transfers_only",
        "one-cannot-stay",
        not_writing("call_off", Machine.set_aside),
    ),
    Mutant(
        "runs-while-it-passes",
        "A VM goes on running while its last pages are sent.",
        "stunned_while_it_passes",
        "one-cannot-stay",
        not_writing("stun", Vm.running),
    ),
    Mutant(
        "hardware-unchecked",
        "Nobody asks before suspending whether the new hypervisor offers what the VMs need.",
        "hardware_offered",
        "one-cannot-stay",
        forgetting("suspend", "the new hypervisor offers the virtual hardware of every VM"),
    ),
    Mutant(
        "hardware-unchecked-elsewhere",
        "A VM is taken to a hypervisor that does not offer its virtual hardware.",
        "hardware_offered",
        "one-cannot-stay",
        forgetting("transfer", "the other hypervisor offers the virtual hardware of the VM"),
    ),
    Mutant(
        "remapped-and-copied",
        "Frames that change hands are copied as well.",
        "remapped_without_a_copy",
        "remapped-or-copied",
        defining(Vm.copying, lambda vm: vm.stage.one_of(Stage.COPYING, Stage.STOPPED)),
    ),
    Mutant(
        "sent-to-where-it-is",
        "A VM that has moved is sent once more, from the machine that it is on.",
        "on_one_machine_or_the_other",
        "swapped-away",
        forgetting("transfer", "the VM is on the machine that it is to leave"),
    ),
    Mutant(
        "writes-while-stunned",
        "A stunned VM still writes to pages that were sent.",
        "still_while_stunned",
        "one-cannot-stay",
        forgetting("write_sent", "the VM runs"),
    ),
    Mutant(
        "settled-with-pages-missing",
        "A VM counts as arrived while pages of it are still on the machine that it came from.",
        "in_flight_while_pages_are_missing",
        "post-copy",
        forgetting("finish_fetching", "no page is missing"),
    ),
    Mutant(
        "lost-for-nothing",
        "A VM is lost when one end dies although nothing of it is left there.",
        "lost_only_between_two_ends",
        "post-copy-end-lost",
        forgetting("end_lost_while_fetching", "pages are missing"),
    ),
    Mutant(
        "handed-over-incomplete",
        "A VM passes to another machine before every page has been sent.",
        "no_vm_lost",
        "one-cannot-stay",
        forgetting("hand_over", "every page has been sent"),
    ),
    Mutant(
        "handed-over-stale",
        "A VM passes to another machine while pages that were sent are stale.",
        "no_vm_lost",
        "one-cannot-stay",
        forgetting("hand_over", "no sent page is stale"),
    ),
    Mutant(
        "arrived-in-mid-exchange",
        "A machine is suspended for its exchange while a VM is on its way to it.",
        "consolidated_before_exchange",
        "arrives-between-exchanges",
        forgetting("suspend", "no VM is on its way here from another machine"),
    ),
    Mutant(
        "let-in-mid-exchange",
        "A VM sets out for a machine that is in the middle of its exchange.",
        "consolidated_before_exchange",
        "arrives-between-exchanges",
        forgetting("transfer", "the other machine is not in the middle of its exchange"),
    ),
)
"""Every mutant of this part."""
