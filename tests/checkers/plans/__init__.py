"""Plan verification, held against exhaustive exploration one page at a time."""
