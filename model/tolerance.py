"""How much may go wrong: the budgets that faults spend."""

from __future__ import annotations

from .actors import times
from .language import Entity, budget


class Tolerated(Entity):
    """How often each fault may still strike: the assumption that a verdict holds under. One per world."""

    migration_aborted = budget(times, upto=3)
    destination_killed = budget(times, upto=3)
    boot_failed = budget(times, upto=3)
    format_unreadable = budget(times, upto=3)
    transfer_failed = budget(times, upto=3)
    end_lost = budget(times, upto=3)
    image_torn = budget(times, upto=3)
    load_torn = budget(times, upto=3)
    storage_full = budget(times, upto=3)
    power_lost = budget(times, upto=3)
    map_corrupted = budget(times, upto=3)
    boot_hung = budget(times, upto=3)
    old_hung = budget(times, upto=3)
    old_ended_early = budget(times, upto=3)
    dma_outlasts = budget(times, upto=3)
    controller_crashed = budget(times, upto=3)
    driver_stuck = budget(times, upto=3)
