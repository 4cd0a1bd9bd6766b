"""Tests of the input files: records, problems, limits."""
