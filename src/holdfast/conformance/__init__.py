"""The conformance gate: an implementation is driven along walks of the model, and judged by what it answers.

adapter.py says what an implementation has to answer, as a Python class; protocol.py the same as JSON Lines; process.py
drives a program that speaks it, under warden.py, which lets nothing outlive it; serve.py lets a Python class speak it.
lockstep.py drives one walk, session.py a suite of them; verdicts.py is what comes of it, baseline.py what is known already,
and reports/ say it in the formats of others.
"""
