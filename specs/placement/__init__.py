"""Placement: what must hold of admission, what must be seen, in which worlds, and what is broken on purpose."""

from . import liveness, properties, witnesses

__all__ = ["liveness", "properties", "witnesses"]
