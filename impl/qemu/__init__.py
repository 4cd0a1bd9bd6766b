"""Real QEMU under the reference implementation: guests, processes, migration, exchange and memory.

A hypervisor is here a QEMU process that emulates in software; two hypervisors are two versions of QEMU. The kernel under
them is not exchanged. Needs the libraries of the extra `qemu`.
"""
