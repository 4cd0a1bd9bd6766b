"""What must come in the end where one VM needs what another can spare."""

from __future__ import annotations

from ...model.language import Truth, all_of, any_of, leads_to
from ...model.sampling import Watch

WORLDS = ("one-gives-one-gets", "comes-to-rest")
"""Only one VM is ever due more than it has there: the predicates speak of all at once."""


@leads_to("F2")
def insufficient_gets_memory() -> tuple[Truth, Truth]:
    """A VM that is due what was taken from it gets it, or is due no more, if others have that much to spare.

    Fair: the scheduler, which samples both, asks the one and gives to the other. Guests owe nothing: the one that is to
    give keeps more than it is due, and can use only part of it at a time.
    """
    return any_of(w.due > 0 for w in Watch), all_of(w.due == 0 for w in Watch)
