"""The memory scheduler's policy: sampling, targets, techniques, and what it promises machines and VMs."""
