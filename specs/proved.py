"""Which properties hold in every plan and at any sizes, if they hold at the start: proved once for the model.

The proof is checkers/smt/anysize.py's, for any number of VMs and machines; tests run it again, and hold it to the digest
of the traced system, so that a changed model cannot borrow an old proof. What is not here depends on sizes and on the
plan: whether guests can overcommit the machine or the host VM, and whether a plan can always go on.
"""

from __future__ import annotations

from ..model.language import Kind, System

PER_PLAN = frozenset({"machine_not_overcommitted", "host_vm_not_overcommitted", "plan_never_stuck"})


def proved_for(system: System) -> frozenset[str]:
    """The names of the `always` properties of a system that need no looking at in a plan."""
    return frozenset(p.name for p in system.of_kind(Kind.ALWAYS)) - PER_PLAN
