"""The reference implementation as an adapter: the controller's rules, safeguards and gate, in front of the simulator.

A driver does what it is told, since hypervisors do; what is judged is whether the controller would tell it so. An attempt is
made only if a rule gives that effect in the situation as it is observed, no safeguard holds it back, and the gate has room;
it is written to the journal before and after, and what a controller believes that was restarted is what it says. On a
machine that is split two hypervisors do many things side by side, in whatever order: there an attempt is made wherever no
safeguard holds it back, and that the rules come to an end is the crash suite's to see. What hypervisors do by themselves is
done as it is asked for (`actions.BY_ITSELF`), and so is what guests and faults do.

`actions.py` says what each action is for the implementation; `names.py` what the world is for it; `played.py` is the
simulator, in which guests do as they are told; `site.py` one machine with its controller; `adapter.py` the adapter.
"""

from __future__ import annotations

from .adapter import Reference

__all__ = ["Reference"]
