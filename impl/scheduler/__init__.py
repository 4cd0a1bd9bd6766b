"""The memory scheduler: a pure policy over a snapshot, with the world behind one record of functions.

To be read in this order. What is known: `estimates` (pages by class, from samples), `memory_state` (how scarce memory is),
`snapshot` (all that a decision rests on). What is decided: `technique` (balloon or swap), `targets` (what a VM is due and
can spare), `settling` (what was asked before), `division` (who gives how much), and `policy`: one decision from all of them.
Who may come: `admission` (the gate) and `host_vm` (which passes through it as well). What is done: `rounds`, by `Effects`.

Nothing here reads a clock, a file or chance. Memory is counted in pages of 4 KiB, shares and prices in exact fractions.
Identifiers such as M4 and D2 are those of the catalogue. Sources: US9529609B2, tracking guest memory characteristics
for memory scheduling; [W02] Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002.
"""
