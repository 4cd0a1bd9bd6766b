"""Tests of the shipped clusters and plans, and of real inventories, all the way to a verdict."""
