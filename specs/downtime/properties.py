"""What must hold of a VM that has a budget for its downtime."""

from __future__ import annotations

from ...model.downtime import Downtime
from ...model.inventory import Stage
from ...model.language import Truth, after, all_of, always, implies, step


@always("L6")
def downtime_within_budget() -> Truth:
    """A stunned VM never has more pages left to send than its budget: it is at rest no longer than they take."""
    return all_of(implies(d.vm.stage == Stage.STOPPED, d.left <= d.budget) for d in Downtime)


@step("L6")
def nothing_is_sent_twice_at_rest() -> Truth:
    """While a VM is stunned what is left to send only becomes less: no page is sent twice while it waits."""
    return all_of(
        implies((d.vm.stage == Stage.STOPPED) & after(d.vm.stage == Stage.STOPPED), after(d.left) <= d.left)
        for d in Downtime
    )
