"""The readings that ask z3, held against the interpreter and against each other."""
