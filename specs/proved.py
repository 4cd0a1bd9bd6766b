"""Which properties hold in every plan and at any sizes, if they hold at the start: proved once for the model.

The proof is that of checkers/smt/layers.py: every action keeps every one of them, for any number of machines and VMs and
any sizes. A plan adds requirements and constants, so it keeps them too; that they hold at the start is checked on the
plan's own inventory. The tests run the proof again, on the model as it is traced.

What is not here depends on sizes and on the plan: whether guests can overcommit the machine or the host VM, whether a
page is leaked at the end, and whether a plan can always go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model.language import Kind, Property, System

PER_PLAN = frozenset({"machine_not_overcommitted", "host_vm_not_overcommitted", "no_page_leaked", "plan_never_stuck"})


def goals(system: System) -> Iterator[Property]:
    """The properties that are proved for any size."""
    return (p for p in system.of_kind(Kind.ALWAYS, Kind.STEP) if p.name not in PER_PLAN)


def proved_for(system: System) -> frozenset[str]:
    """The names of the `always` properties of a system that need no looking at in a plan."""
    return frozenset(p.name for p in goals(system) if p.kind is Kind.ALWAYS)
