"""A run whose requirements, effects and properties are compiled, each once, when it is first asked for.

Guards and effects come from the traced terms with members and constants spelled out (`plans/ground.py`); where a term does
not fit there, the reference interpreter is asked. That both say the same is shown by tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from ...model.language import Action, Arguments, Instance, ModelError, Property, Requirement, State, Term
from ..interpret import OutOfRange, Run
from ..plans.ground import YES, Ground, Grounder, Node, join, node, source

Guard: TypeAlias = "Callable[[State], Any]"
Effect: TypeAlias = "Callable[[State], State]"
Refusing: TypeAlias = "Callable[[State], tuple[Requirement, ...]]"

NOT_SPELLED_OUT = (ModelError, RecursionError, SyntaxError, MemoryError)
"""What a term raises that cannot be spelled out, or not in the depth that Python reads."""


class _Named:
    """Ground expressions in which every part that is used more than once has a name, given to it by a line of code.

    As text alone, what shares parts grows with each use of them: a scheduler's estimates come to megabytes.
    """

    def __init__(self, roots: Iterable[Ground]) -> None:
        self.lines: list[str] = []
        self._uses = Counter[Ground]()
        self._known: dict[Ground, Ground] = {}
        for root in (todo := list(roots)):  # the list grows while it is read
            self._uses[root] += 1
            if self._uses[root] == 1:
                todo += _parts(root)

    def text(self, g: Ground) -> str:
        """The expression, which may speak of names given by the lines so far."""
        return source(self._named(g))

    def _named(self, g: Ground) -> Ground:
        if g not in self._known:
            inner = node(*map(self._inside, g)) if g[0] not in _PLAIN else g
            if self._uses[g] > 1 and g[0] not in _PLAIN:
                self.lines.append(f" x{len(self.lines)} = {source(inner)}")
                inner = node("amount", f"x{len(self.lines) - 1}")
            self._known[g] = inner
        return self._known[g]

    def _inside(self, part: Any) -> Any:
        if isinstance(part, Node):
            return self._named(part)
        return tuple(map(self._named, part)) if isinstance(part, tuple) else part  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


_PLAIN = ("lit", "slot", "amount")


def _parts(g: Ground) -> Iterator[Ground]:
    for part in g[1:]:
        if isinstance(part, Node):
            yield part
        elif isinstance(part, tuple):
            yield from part  # pyright: ignore[reportUnknownVariableType]


def function(*roots: Ground) -> Guard:
    """The expressions as code over a state: one gives its value, several a tuple."""
    named = _Named(roots)
    said = [named.text(root) for root in roots]
    result = said[0] if len(said) == 1 else f"({''.join(f'{text}, ' for text in said)})"
    made: Guard = _made(["def made(s):", *named.lines, f" return {result}"], {})
    return made


def _made(lines: list[str], scope: dict[str, Any]) -> Any:
    exec("\n".join(lines), scope)
    return scope["made"]


def guard(grounder: Grounder, action: Action, arguments: Arguments) -> Guard:
    """Whether a step is allowed in a state. Raises ModelError for a term that cannot be spelled out."""
    env = grounder.environment(action, arguments)
    return function(join("and", (grounder.ground(r.term, env) for r in action.requires)))


def effect(grounder: Grounder, action: Action, arguments: Arguments) -> Effect:
    """Where a step leads, its requirements taken for granted; the code raises OutOfRange. Raises ModelError as above."""
    instance, ground = grounder.instance, grounder.ground
    env = grounder.environment(action, arguments)
    writes = [(w.field, ground(w.ref, env), ground(w.value, env)) for w in action.writes]
    named = _Named(g for _, ref, value in writes for g in (ref, value))
    texts = [(f, named.text(ref), named.text(value)) for f, ref, value in writes]
    lines = ["def made(s):", " t = list(s)", *named.lines]
    for n, (f, ref, value) in enumerate(texts):
        base, highs = instance.base[f], [instance.high(f, i) for i in range(instance.count(f.owner))]
        lines += [f" i, v = {ref}, int({value})", *_checked(highs, n), f" t[{base} + i] = v"]
    scope: dict[str, Any] = {"OutOfRange": OutOfRange}
    scope |= {f"h{n}": tuple(_highs(instance, f)) for n, (f, _, _) in enumerate(texts)}
    made: Effect = _made([*lines, " return tuple(t)"], scope)
    return made


def _highs(instance: Instance, field: Any) -> Iterator[float]:
    for i in range(instance.count(field.owner)):
        high = instance.high(field, i)
        yield float("inf") if high is None else high


def _checked(highs: list[int | None], n: int) -> list[str]:
    if all(high is None for high in highs):
        return [" if v < 0: raise OutOfRange(f'{v} is negative')"]
    return [f" if not 0 <= v <= h{n}[i]: raise OutOfRange(f'{{v}} is outside 0..{{h{n}[i]}}')"]


class _OverSteps(Grounder):
    """Grounds terms over a step: the state after it takes the slots behind those of the state before."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self._after = _Shifted(instance)

    def _ground(self, term: Term, env: Any) -> Ground:
        if term.op == "after":
            return self._after.ground(term.args[0], env)
        return super()._ground(term, env)


class _Shifted(Grounder):
    """Grounds terms over the state after a step."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self._width = sum(instance.count(f.owner) for f in instance.fields)

    def _field(self, field: Any, member: int) -> Ground:
        at = self.instance.base.get(field)
        return super()._field(field, member) if at is None else node("slot", self._width + at + member)


class Compiled(Run):
    """The same run, faster once it has been asked for the same step or property before."""

    def __init__(self, instance: Instance) -> None:
        """Nothing is compiled yet."""
        super().__init__(instance)
        self._grounder = _OverSteps(instance)
        self._refusing: dict[tuple[str, Arguments], Refusing] = {}
        self._effects: dict[tuple[str, Arguments], Effect] = {}
        self._holding: dict[Property, Guard | None] = {}

    def broken(self, state: State, action: Action, arguments: Arguments) -> tuple[Requirement, ...]:
        """The requirements that do not hold."""
        key = action.name, arguments
        if key not in self._refusing:
            self._refusing[key] = self._refusal(action, arguments)
        return self._refusing[key](state)

    def effect(self, state: State, action: Action, arguments: Arguments) -> State:
        """What the action writes, its requirements taken for granted. Raises OutOfRange."""
        key = action.name, arguments
        if key not in self._effects:
            self._effects[key] = self._effect(action, arguments)
        try:
            return self._effects[key](state)
        except OutOfRange:
            return super().effect(state, action, arguments)  # which says what left its range

    def holds(self, p: Property, state: State, later: State | None = None) -> bool:
        """Whether the property's predicate holds here (for a step property: over the step to `later`)."""
        if p not in self._holding:
            self._holding[p] = self._predicate(p)
        code = self._holding[p]
        if code is None:
            return super().holds(p, state, later)
        return bool(code(state if later is None else state + later))

    # -------------------------------------------------------------------------------------------------------------- code
    def _refusal(self, action: Action, arguments: Arguments) -> Refusing:
        try:
            env = self._grounder.environment(action, arguments)
            asked = [self._grounder.ground(r.term, env) for r in action.requires]
            allowed, told = function(join("and", asked)), function(*asked, YES)
        except NOT_SPELLED_OUT:
            return lambda state: Run.broken(self, state, action, arguments)
        requires = action.requires

        def refusal(state: State) -> tuple[Requirement, ...]:
            if allowed(state):
                return ()
            return tuple(r for r, holds in zip(requires, told(state), strict=False) if not holds)

        return refusal

    def _effect(self, action: Action, arguments: Arguments) -> Effect:
        try:
            return effect(self._grounder, action, arguments)
        except NOT_SPELLED_OUT:
            return lambda state: Run.effect(self, state, action, arguments)

    def _predicate(self, p: Property) -> Guard | None:
        try:
            return function(self._grounder.ground(p.term, {}))
        except NOT_SPELLED_OUT:
            return None
