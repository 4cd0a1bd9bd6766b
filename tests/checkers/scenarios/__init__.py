"""Counterexamples by cause, each the lightest: against brute force, and over every mutant."""
