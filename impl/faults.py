"""Which faults a run gets over, and how often."""

from __future__ import annotations

from collections.abc import Mapping

from .plan import Tolerated

_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "migration_aborted": ("migration_aborted", "destination_killed", "gave_up"),
    "boot_failed": ("boot_failed", "boot_hung", "new_killed"),
    "format_unreadable": ("format_unreadable",),
    "map_corrupted": ("map_corrupted",),
}
"""Faults that are counted together, since from outside nobody can always tell them apart."""

ALWAYS = frozenset({"source_killed", "vm_lost", "old_hung", "old_ended_early"})
"""Faults that are not counted: after the commit the source was to be ended anyway, and so was the old hypervisor of a split
machine, which stops the run by itself if it hangs; and a lost VM stops the run by itself,
or is left aside when the others are rolled back."""

_GROUP = {fault: group for group in _TOGETHER.values() for fault in group}


def together_with(fault: str) -> tuple[str, ...]:
    """The faults that are counted with this one, itself included."""
    return _GROUP.get(fault, (fault,))


def times_tolerated(fault: str, tolerated: Tolerated) -> int:
    """How often this fault, and those that are counted with it, may strike."""
    return sum(getattr(tolerated, name, 0) for name in together_with(fault))
