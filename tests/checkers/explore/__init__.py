"""The explorer, held against the interpreter."""
