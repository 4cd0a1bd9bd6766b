"""Downtime: what must hold of a VM that has a budget for it, and where."""
