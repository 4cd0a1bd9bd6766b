"""What must hold of frames by identity, and where: properties, witnesses, worlds, mutants."""
