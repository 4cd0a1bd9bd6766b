"""What must hold, and in which worlds."""
