"""The power of the gate: implementations with one mistake each, who catches them, and what is said of it."""
