"""Published figures of small systems, reproduced."""
