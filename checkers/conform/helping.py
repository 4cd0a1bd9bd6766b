"""Which hidden steps can help towards a step that control refuses: those that write what its refusal reads, and so on.

A guess at where to look first, no more: what is not found this way is sought among all hidden steps.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...model.language import Role
from ..plans.ground import NO, Ground, slots_of
from .symbolic import Symbolic, Wanted

ORDER = {Role.AUTOMATIC: 0, Role.PLANNED: 1, Role.ENVIRONMENT: 2, Role.FAULT: 3}
"""Whose steps are looked at first."""


class Helping:
    """What each hidden step asks for and writes, worked out once."""

    def __init__(self, symbolic: Symbolic, edges: Sequence[Wanted]) -> None:
        """Of these hidden steps."""
        self._symbolic = symbolic
        self._edges = list(edges)
        self._flows = [flow for group in symbolic.groups for flow in group.flows]
        self._asked = {id(e): self._asks(e) for e in self._edges}
        self._written = {id(e): self._writes(e) for e in self._edges}

    def towards(self, wanted: Wanted) -> list[Wanted]:
        """The hidden steps that control allows here, and that help, or help one that helps, and so on."""
        found: list[Wanted] = []
        asked = self._asks(wanted)
        todo = [self._refusals(asked) or asked]
        met: set[int] = set()
        while todo:
            read = frozenset[int]().union(*map(slots_of, todo.pop()))
            for flow in self._flows:  # they happen by themselves, where control and other amounts let them
                if id(flow) not in met and not read.isdisjoint(flow.delta):
                    met.add(id(flow))
                    todo.append(self._refusals(flow.asked) or list(flow.asked))
            for edge in self._edges:
                if id(edge) not in met and not read.isdisjoint(self._written[id(edge)]):
                    met.add(id(edge))
                    refusals = self._refusals(self._asked[id(edge)])
                    if refusals:
                        todo.append(refusals)
                    else:
                        found.append(edge)
        return sorted(found, key=lambda e: ORDER[e.action.by.role])

    def _refusals(self, asked: Sequence[Ground]) -> list[Ground]:
        """Those that control makes untrue here."""
        return [g for g in asked if self._symbolic.reduced(g) == NO]

    def _asks(self, wanted: Wanted) -> list[Ground]:
        env, _ = self._symbolic.environment(wanted.action, wanted.arguments)
        return [self._symbolic.grounder.ground(r.term, env) for r in wanted.action.requires]

    def _writes(self, wanted: Wanted) -> frozenset[int]:
        env, _ = self._symbolic.environment(wanted.action, wanted.arguments)
        return self._symbolic.concerns(wanted.action, env)[1]
