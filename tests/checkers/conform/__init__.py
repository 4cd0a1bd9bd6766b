"""Conformance: logs, partial logs, logs of several processes, and what is said of those that do not conform."""
