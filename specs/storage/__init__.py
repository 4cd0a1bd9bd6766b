"""Suspension to storage: what must hold, what must be seen, in which worlds, and what is broken on purpose."""
