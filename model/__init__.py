"""What exists and what can happen: machines, hypervisors, host VMs, VMs with page classes, guests, faults. Pure."""
