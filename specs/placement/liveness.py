"""What must happen in the end to whoever asks; decided on the state graph of a small world.

The scheduler is taken to be weakly fair (A9): a step that can always be taken is taken. That is not enough where an
estimate changes with every sample: the answer may then change as often, and never be given. So worlds have no error here,
and one newcomer, since the predicates speak of all at once.
"""

from __future__ import annotations

from ...model.language import Truth, all_of, any_of, leads_to
from ...model.placement import Account, Request

WORLDS: tuple[str, ...] = ("placed-one-newcomer",)


@leads_to()
def newcomers_are_answered() -> tuple[Truth, Truth]:
    """Whoever asks, or waits for pages, is admitted or rejected in the end, if estimates stay as they are.

    Fair: the scheduler that answers, sets targets and starts VMs, and the balloon that takes the pages.
    """
    waiting = (Request.ASKED, Request.AFTER_RECLAIM)
    return any_of(a.request.one_of(*waiting) for a in Account), all_of(~a.request.one_of(*waiting) for a in Account)
