"""Conformance: is what was observed of an implementation a behaviour of the model? And if not, why not.

`observation.py` is one event as far as it was seen; `space.py` and `closure.py` number the states of a run as they are
needed; `frontier.py` is the set of states that an implementation may be in. `inclusion.py` judges whole logs, over
`lanes.py` (one for each process) and `interleaving.py`; `diagnosis.py` and `nearest.py` say why an event could not be taken
and what could have been; `shrinking.py` makes a log smaller that still fails.

Where states cannot be numbered, since amounts go into the millions, `quantities.py` judges logs: over `symbolic.py`
(control is known, amounts are open), `flows.py` (hidden steps that move amounts) and `amounts.py` (what fits is
carried out).
"""
