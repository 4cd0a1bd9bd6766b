"""Reading clusters and plans: from files that people write to frozen records that the rest of the house consumes.

`load.py` is the door. `records.py` is what comes out of it; importing the records pulls in no library.
"""
