"""How long a migrating VM may be stunned (L6): its budget, in pages that are sent meanwhile, one after the other.

While it is stunned nothing of it changes, so what was left to send then is all that is sent. A VM that has a budget is
stunned as soon as that is within it, and sent again until it is; one that has none is stunned after a few rounds.
"""

from __future__ import annotations

from .driver import VmView

ROUNDS_MOST = 30
"""How often pre-copy goes over what was written since, before it is given up that a VM comes within its budget."""


def left_pages(vm: VmView) -> int:
    """The pages that its migration has still to send: those that were not sent, and those that were written since."""
    return vm.resident_pages - vm.copied_pages + vm.dirty_pages


def within_budget(vm: VmView, budget_pages: int | None) -> bool:
    """Whether a VM may be stunned now; at any time where it has no budget."""
    return budget_pages is None or left_pages(vm) <= budget_pages
