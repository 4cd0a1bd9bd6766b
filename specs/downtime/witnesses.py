"""What must be seen of downtime: a budget that is used to the last page, and one that makes a VM wait."""

from __future__ import annotations

from ...model.downtime import Downtime
from ...model.inventory import Stage
from ...model.language import Truth, any_of, sometimes


@sometimes("L6")
def budget_used_up() -> Truth:
    """A VM is stunned with as many pages left to send as its budget allows, and not none."""
    return any_of((d.vm.stage == Stage.STOPPED) & (d.left == d.budget) & (d.left > 0) for d in Downtime)


@sometimes("L6")
def stun_must_wait() -> Truth:
    """A VM has been copied once, and must not be stunned yet: too much of it was written again."""
    return any_of(
        (d.vm.stage == Stage.COPYING) & (d.vm.copied == d.vm.resident) & (d.left > d.budget) for d in Downtime
    )
