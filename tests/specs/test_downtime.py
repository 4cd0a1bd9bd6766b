"""Downtime: the budget is what bounds it, page by page, and a guest that goes on writing can be kept waiting by it."""

from __future__ import annotations

import pytest

from holdfast.checkers import graph
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Violated
from holdfast.model.downtime import Downtime
from holdfast.model.inventory import Stage, Vm
from holdfast.model.language import World
from holdfast.specs.model import live, system
from holdfast.specs.worlds import MODEL_WORLDS

PAGES = 3


def with_budget(budget: int, **left_out: str) -> World:
    """The world of one VM of three pages, with another budget."""
    _, whole = MODEL_WORLDS["one-page-at-rest"].build()
    others = [member for member in whole.members if not isinstance(member, Downtime)]
    own = Downtime("vm.downtime", vm="vm", budget=budget)
    return World("one-page-at-rest", *others, own, leave_out={**whole.leave_out, **left_out})


@pytest.mark.parametrize("budget", range(PAGES + 2))
def test_the_longest_downtime_is_the_budget_or_all_pages(budget: int) -> None:
    run = Run(system(("downtime",), ()), with_budget(budget))
    stage = run.instance.slot(Vm.stage, 0)
    stunned = [s for s in graph.explicit(run).states if s[stage] == list(Stage).index(Stage.STOPPED)]
    vm = Downtime.left.variable
    left = [run.value(Downtime.left.definition, state, {vm: 0}) for state in stunned]

    assert max(left) == min(budget, PAGES)
    assert min(left) == 0


@pytest.mark.parametrize("budget", [0, 2])
def test_a_guest_that_goes_on_writing_is_never_stunned_within_a_small_budget(budget: int) -> None:
    """Downtime (L6) is paid for with the end of the migration (L1), unless somebody gives up, or the budget is large."""
    forward = dict.fromkeys(("cancel", "withdraw", "roll_back"), "nobody gives up here")
    asked = live("downtime").property("consolidation_ends")

    tight = graph.explicit(Run(live("downtime"), with_budget(budget, **forward)))
    wide = graph.explicit(Run(live("downtime"), with_budget(PAGES, **forward)))

    assert isinstance(graph.leads_to(tight, asked), Violated)
    assert isinstance(graph.leads_to(wide, asked), Holds)
