"""Ways to break a system on purpose: forget a requirement, write something else, define a quantity otherwise.

Each gives a new system and leaves the old one as it is. What is said of a mutant is decided as for any other system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..model.language import Action, ModelError, Property, Requirement, System, Term, Truth, Write, derived
from ..model.language.entities import AnyField, surface
from ..model.language.expressions import lift
from ..model.language.scope import apart, closed
from ..model.language.terms import substitute, transform


def forgetting(action_name: str, *sentences: str) -> Callable[[System], System]:
    """The action does not require these. Raises ModelError for a sentence that it never required."""

    def apply(system: System) -> System:
        for sentence in sentences:
            system = system.without(action_name, sentence)
        return system

    return apply


def not_writing(action_name: str, *fields: AnyField) -> Callable[[System], System]:
    """The action leaves these fields as they were. Raises ModelError for a field that it never wrote."""

    def apply(system: System) -> System:
        whole = system.action(action_name)
        if missing := set(fields) - {w.field for w in whole.writes}:
            raise ModelError(f"{action_name} does not write {missing}")
        return system.with_action(replace(whole, writes=tuple(w for w in whole.writes if w.field not in fields)))

    return apply


def also_writing(action_name: str, effect: Callable[..., None]) -> Callable[[System], System]:
    """The action also does this, over the state before; it is written as an action's assignments are.

    What it assigns stands in place of what the action assigned to the same field of the same member.
    """

    def apply(system: System) -> System:
        whole = system.action(action_name)
        with apart(action=True) as scope:
            effect(*(surface(p.var) for p in whole.parameters))
            said = scope.writes or {}
        added = tuple(Write(f, ref, value) for f, pairs in said.items() for ref, value in pairs)
        again = {(w.field, w.ref) for w in added}
        kept = tuple(w for w in whole.writes if (w.field, w.ref) not in again)
        return system.with_action(replace(whole, writes=(*kept, *added)))

    return apply


def also_requiring(action_name: str, condition: Callable[..., Truth], sentence: str) -> Callable[[System], System]:
    """The action also asks for this; it is written as an action's requirements are, over its parameters."""

    def apply(system: System) -> System:
        whole = system.action(action_name)
        with apart():
            asked = Requirement(lift(condition(*(surface(p.var) for p in whole.parameters))), sentence)
        return system.with_action(replace(whole, requires=(*whole.requires, asked)))

    return apply


def defining(definition: derived[Any], otherwise: Callable[[Any], Any]) -> Callable[[System], System]:
    """The named definition means something else, wherever the system asks for it."""

    def apply(system: System) -> System:
        with apart():
            new = closed(lift(otherwise(surface(definition.variable))))
        meaning = _Meaning(definition, new)
        return replace(
            system,
            actions=tuple(meaning.of_action(a) for a in system.actions),
            properties=tuple(meaning.of_property(p) for p in system.properties),
        )

    return apply


class _Meaning:
    """Terms in which one definition, and every definition that asks for it, is written out anew."""

    def __init__(self, definition: derived[Any], new: Term) -> None:
        self.known: dict[derived[Any], Term] = {definition: new}

    def of_definition(self, d: derived[Any]) -> Term:
        if d not in self.known:
            self.known[d] = self.of(d.definition)
        return self.known[d]

    def of(self, term: Term) -> Term:
        def swap(t: Term) -> Term | None:
            if t.op != "derived":
                return None
            d, ref = t.args
            body = self.of_definition(d)
            return None if body is d.definition else substitute(body, {d.variable: self.of(ref)})

        return transform(term, swap)

    def of_action(self, a: Action) -> Action:
        requires = tuple(replace(r, term=self.of(r.term)) for r in a.requires)
        writes = tuple(Write(w.field, self.of(w.ref), self.of(w.value)) for w in a.writes)
        return replace(a, requires=requires, writes=writes, until=self.of(a.until))

    def of_property(self, p: Property) -> Property:
        return replace(p, term=self.of(p.term), goal=self.of(p.goal))
