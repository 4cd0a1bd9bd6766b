"""Tests of the memory scheduler: exact properties of decisions, a simulated world, and mutants that must be caught."""
