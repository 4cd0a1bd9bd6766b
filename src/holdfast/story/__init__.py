"""What a verdict says, in words: sizes.py, wording.py (the model's fields), reasons.py (why something is not so),
telling.py (a trace, step by step), records.py (the same as JSON).

A story is only ever told of steps that the reference interpreter has replayed.
"""

from .records import Json, story_record
from .telling import Paint, Story, first_broken, plain

__all__ = ["Json", "Paint", "Story", "first_broken", "plain", "story_record"]
