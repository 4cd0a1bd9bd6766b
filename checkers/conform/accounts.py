"""Accounts: what the system works out of a state for a member, by its definitions, as an implementation may show it.

A wrong account is no wrong state: it may be that nothing ever comes of it in the world that is looked at, as where nobody
is charged for something, and nobody runs short of it. So it is compared by itself, and never decides in which state the
implementation is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...model.language import Instance, State, Term, derived
from ..interpret import Environment, Run
from ..plans.ground import Grounder, literal
from .compiled import NOT_SPELLED_OUT, Guard, function

Account = tuple["derived[Any]", int]
"""A definition, and the member that it is of."""


class Accounts:
    """The accounts of a run, by the name under which they are shown."""

    def __init__(self, run: Run) -> None:
        """Those that its actions and properties speak of, and those that these are made of."""
        self.run = run
        self.named: dict[str, Account] = {
            f"{member.label}.{d.name}": (d, i)
            for d in sorted(_spoken_of(run), key=repr)
            for i, member in enumerate(run.world.of(d.owner))
        }
        self._grounder = Grounder(run.instance)
        self._code: dict[str, Guard] = {}

    def of(self, state: State, keys: Iterable[str] | None = None) -> dict[str, Any]:
        """These accounts, or all of them, in a state, as they are shown."""
        show = self.run.instance.show
        return {
            key: show(self.named[key][0].definition.sort, int(self._worked_out(key)(state)))
            for key in (self.named if keys is None else keys)
        }

    def apart(self, shown: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was seen, in fields (and whatever else it may be) and accounts."""
        accounts = {key: value for key, value in shown.items() if key in self.named}
        return {key: value for key, value in shown.items() if key not in accounts}, accounts

    def wrong(self, state: State, shown: Mapping[str, Any]) -> dict[str, Any]:
        """The accounts that are not as they were seen, with what they are."""
        return {key: held for key, held in self.of(state, shown).items() if not same(shown[key], held)}

    def believed(self, state: State, shown: Mapping[str, Any]) -> Run:
        """The run in which these accounts are as they were seen in a state; what is no number counts as it is."""
        instance = self.run.instance
        said = {self.named[key]: int(value) for key, value in shown.items() if isinstance(value, int)}
        return _Believed(instance, state, said)

    def _worked_out(self, key: str) -> Guard:
        """The code of an account; what cannot be spelled out is left to the interpreter."""
        if key not in self._code:
            d, member = self.named[key]
            try:
                self._code[key] = function(self._grounder.ground(d.definition, {d.variable: literal(member)}))
            except NOT_SPELLED_OUT:
                self._code[key] = lambda state: self.run.value(d.definition, state, {d.variable: member})
        return self._code[key]


class _Believed(Run):
    """A run in which some definitions mean something else in one state."""

    def __init__(self, instance: Instance, state: State, said: Mapping[Account, int]) -> None:
        super().__init__(instance)
        self._state, self._said = state, said

    def value(self, term: Term, state: State, env: Environment, later: State | None = None) -> int:
        """The value of a term."""
        if term.op == "derived" and state == self._state:
            definition, ref = term.args
            said = self._said.get((definition, super().value(ref, state, env, later)))
            if said is not None:
                return said
        return super().value(term, state, env, later)


def _spoken_of(run: Run) -> set[derived[Any]]:
    found: set[derived[Any]] = set()
    todo = [*_terms(run)]
    while todo:
        inside = {t.args[0] for t in todo.pop().walk() if t.op == "derived"} - found
        found |= inside
        todo += [d.definition for d in inside]
    return found


def _terms(run: Run) -> Iterator[Term]:
    for action in run.instance.actions:
        yield from (r.term for r in action.requires)
        yield from (term for w in action.writes for term in (w.ref, w.value))
    for p in run.system.properties:
        yield from (p.term, p.goal)


def same(shown: Any, held: Any) -> bool:
    """Whether a value that was shown is the one that is held: no truth is a number."""
    return bool(shown == held) and type(shown) is type(held)
