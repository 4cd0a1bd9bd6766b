"""Moving a VM otherwise: to another machine, and by remapping its frames."""
