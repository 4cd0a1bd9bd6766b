"""Scenarios: counterexamples by cause, and in every form that a team can use.

origin.py: what a scenario is a run of. gather.py: the scenarios of a mutant, a world or a plan. scenario.py: one of
them. text.py and play.py: scenarios as text, read and played. forms.py: the files that they are written to (itf.py: one
of the formats). follow.py: what an exported pytest file asks.
"""

from .follow import Followed, follow

__all__ = ["Followed", "follow"]
