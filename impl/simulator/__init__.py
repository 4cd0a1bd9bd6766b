"""A world to try the controller on: a driver that is its own machine, with virtual time, seeded guests, and faults on call.

The simulator is physics, not judgement. It refuses what cannot be done, permits what is unsafe but can be done, as real
hypervisors do, and notes what broke. `driver.py` is the driver; `state.py`, `storage.py` and `partitions.py` what there is,
`network.py` what is between machines; what effects do is in `migrations.py`, `remapping.py`, `transfers.py`, `exchange.py`,
`storing.py` and `dividing.py`; `faults.py` and `striking.py` what strikes; `guests.py` what guests do.
"""
