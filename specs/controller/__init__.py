"""A controller that crashes: what must hold while it is gone, and what must come in spite of that."""
