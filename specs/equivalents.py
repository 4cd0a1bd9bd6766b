"""Requirements whose removal breaks no property in any world: each is kept for a reason, and there are few.

What decides nothing is not in the model at all, with these exceptions. Taken away, each lets happen what is there already:
a step that changes nothing, or one that another action may take as well. The tests hold them to less than one in twenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

IN_VAIN = "without it the step could be taken where it changes nothing"

ONLY_TO_BREAK = "the fault strikes only in a world that is there to show the loss, and no world holds with it"

EQUIVALENT: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("reclaim", "a target changes"): f"{IN_VAIN}: a plan is told that its step does nothing",
        ("tear_down_old", "the old hypervisor runs"): f"{IN_VAIN}: an operator is told that it is gone",
        (
            "destination_killed",
            "the VM is in flight",
        ): f"{IN_VAIN}: the fault would strike nobody, and its budget be spent",
        ("migration_aborted", "authority has not passed yet"): (
            "a committed VM would go back to its source, as when its destination dies; its source's copy is still whole"
        ),
        ("validate_map", "the map covers every page of the host VM"): (
            "no page moves once the map is built, and maps are not torn here (A1): this is what validation is"
        ),
        ("transfer", "the VM is not in a guest hypervisor"): (
            "from there it could leave as well, and every account would follow it: transfers begin outside (A13)"
        ),
        ("end_lost_while_fetching", "one more death of an end is tolerated"): ONLY_TO_BREAK,
        ("end_lost_while_fetching", "pages are missing"): ONLY_TO_BREAK,
    }
)
"""(action, sentence) to why it is kept."""
