"""A mutant of the model, posing as an implementation: the interpreter of the broken system, which shows every field.

Where the bug is in what a definition means, it also shows the accounts that come out otherwise: an implementation that
charges memory to nobody shows that in its figures, and nowhere else for as long as nobody runs short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdfast.checkers.conform.accounts import Accounts
from holdfast.checkers.conform.compiled import Compiled
from holdfast.checkers.interpret import Run
from holdfast.model.language import Instance, Kind, Property, Term, World, derived
from holdfast.specs.mutant import Mutant

from .interpreted import Interpreted


class Mutated(Interpreted):
    """In the world of `intact`, in which the mutant is to be caught."""

    def __init__(self, intact: Run, mutant: Mutant) -> None:
        accounts = Accounts(intact)
        definitions = dict.fromkeys(d for d, _ in accounts.named.values())
        probes = tuple(Property(Kind.SOMETIMES, repr(d), "", _asked(d)) for d in definitions)
        broken = mutant.apply(replace(intact.system, properties=(*intact.system.properties, *probes)))
        meant = {d: broken.property(repr(d)).term for d in definitions}
        world: World = intact.world
        super().__init__(Compiled(Instance(broken, world)))
        self.began: Mapping[str, Any] = {}
        self.otherwise: dict[str, tuple[Term, Term, int]] = {
            key: (meant[d], d.variable, member) for key, (d, member) in accounts.named.items() if meant[d] != _asked(d)
        }

    def reset(self, state: Mapping[str, Any]) -> None:
        self.began = state
        self.state = next(s for s in self.run.initial() if self.run.shown(s).items() <= state.items())

    def observe(self) -> Mapping[str, Any]:
        show, value = self.run.instance.show, self.run.value
        accounts = {
            key: show(term.sort, value(term, self.state, {variable: member}))
            for key, (term, variable, member) in self.otherwise.items()
        }
        return {**self.began, **super().observe(), **accounts}  # what it never writes is as it was


def _asked(definition: derived[Any]) -> Term:
    return Term("derived", (definition, definition.variable), definition.definition.sort)
