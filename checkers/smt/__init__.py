"""Two z3 readings of a system: bounded, in one world; and for any number of members and any sizes.

Nothing is imported here, so that z3 is loaded only by whoever asks one of the modules a question.
"""
