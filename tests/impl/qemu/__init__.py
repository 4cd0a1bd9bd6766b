"""Real QEMU: processes, guests, migration, exchange, memory."""
