"""Deriving again what the ledger says: worlds, mutants, liveness and removals as rows, from nothing but the model."""
