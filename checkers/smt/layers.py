"""A proof for any size in layers: first the invariants without sums, together; then each of the others on top of them.

What holds for any number of members and any sizes is proved once for a system. Invariants that range over sums cost
most, and seldom help one another; so each is proved by itself, with the first layer assumed, which was proved without
it. Requirements that ask for sums are left out of the first layer: what is kept without them is kept with them.

What it does not prove: that what an action assigns stays in the range of its field (obligations.py does; where it does
not, the interpreter and the explorer stop with OutOfRange, and show no verdict); that the properties hold initially (a
world says where its fields start, and is asked); and that an action can happen at all (explored worlds show that).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...model.language import Action, Kind, Property, System, Term
from .obligations import Obligation, Prover


def has_sums(term: Term) -> bool:
    """Whether the term, or a definition that it uses, sums over members."""
    return any(t.op == "sum" or (t.op == "derived" and has_sums(t.args[0].definition)) for t in term.walk())


def in_layers(system: System, goals: Iterable[Property], seconds: float = 10.0) -> Iterator[Obligation]:
    """Every action keeps every goal: one obligation for each, in layers. `seconds` limits each question to z3."""
    goals = tuple(goals)
    base = tuple(p for p in goals if not has_sums(p.term))
    given = system.of_kind(Kind.ASSUME)
    plain = replace(system, actions=tuple(map(_without_sums, system.actions)), properties=(*base, *given))
    first = Prover(plain, base, seconds)
    for action in plain.actions:
        for p in base:
            yield first.keeps(action, p)
    for p in goals:
        if p not in base:
            second = Prover(replace(system, properties=(*base, p, *given)), (*base, p), seconds)
            for action in system.actions:
                yield second.keeps(action, p)
            yield from second.lemmas.values()


def _without_sums(action: Action) -> Action:
    return replace(action, requires=tuple(r for r in action.requires if not has_sums(r.term)))
