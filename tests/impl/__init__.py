"""Tests of the reference implementation, on the simulator."""
