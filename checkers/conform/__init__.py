"""Conformance: is what was observed of an implementation a behaviour of the model? And if not, why not.

`observation.py` is one event as far as it was seen; `space.py` and `closure.py` number the states of a run as they are
needed; `frontier.py` is the set of states that an implementation may be in. `inclusion.py` judges whole logs; `diagnosis.py`
says why an event could not be taken.
"""
