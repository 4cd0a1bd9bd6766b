"""The reference implementation. It imports neither model nor specs nor checkers: its agreement with them is evidence."""
