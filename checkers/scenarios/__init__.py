"""Scenarios: many different counterexamples of one run, by cause and not by luck, and each the lightest of its cause.

A counterexample ends with the first step that breaks anything: what breaks after that is a consequence, and no other
counterexample. Its *cause* (order.py) is what the last step broke, the action of that step, and the set of faults that
struck before. A cause is left out where the same action breaks the same with fewer of these faults.

Light (order.py) is: fewest faults, then fewest changes of actor, then fewest members (of the sorts that are counted),
then fewest steps. search.py finds the lightest of each cause, lightest cause first; steps.py is what it searches;
lost.py has what needs the whole graph; shrink.py makes a given counterexample lighter where there are too many states.
"""

from .lost import find_lost
from .order import Cause, Cost, Counterexample, Scale
from .search import Found, Limits, find
from .shrink import shrink

__all__ = ["Cause", "Cost", "Counterexample", "Found", "Limits", "Scale", "find", "find_lost", "shrink"]
