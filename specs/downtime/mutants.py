"""Downtime, broken on purpose."""

from __future__ import annotations

from ...model.inventory import Vm
from ...model.language import Quantity
from ..mutant import Mutant
from ..mutations import also_writing, forgetting


def _all_is_stale(vm: Vm, _: Quantity) -> None:
    vm.dirty = vm.copied


MUTANTS = (
    Mutant(
        "stunned-at-once",
        "A VM is stunned whatever is left to send: its downtime is as long as its memory is large.",
        "downtime_within_budget",
        "one-page-at-rest",
        forgetting("stun_within_budget", "what is left to send is within the VM's budget"),
    ),
    Mutant(
        "all-sent-again",
        "Sending one stale page again takes all of the copy for stale: the VM waits for what was sent already.",
        "nothing_is_sent_twice_at_rest",
        "budgets-apart",
        also_writing("copy_again", _all_is_stale),
    ),
)
