"""Scenarios as text, each played in the reference interpreter; and the files that scenarios are exported to."""
