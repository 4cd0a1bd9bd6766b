"""Tests of what derives the catalogue again."""
