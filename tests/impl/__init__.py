"""The reference implementation, on what it is made for."""
