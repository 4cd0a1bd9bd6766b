"""One path through a run at sizes whose states cannot be numbered: control is known, amounts may be open.

The state holds a number in every slot that decides control, and a number or a z3 integer in every other one. Before an
event, the flows of every group that concerns it are given their chance (`flows.py`). z3 keeps the path's constraints, so
that it can say whether any amounts fit; what it refuses is refused whatever was not observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.language import Action, Requirement, State, Term
from ..interpret import Run
from ..plans.ground import Ground, Grounder, control_slots, literal, node, reduce, slots_of
from ..plans.solve import lower
from ..smt.z3types import known, plus, same, z3
from .flows import Flow, Form, Group, bounds, groups_of
from .space import TooMany

PATIENCE_MS = 20_000
"""How long z3 may think about one question."""


@dataclass(frozen=True)
class Taken:
    """A step of the path. Numbers are z3 integers where they were not observed. `event`: its number in the log, if any."""

    action: Action
    arguments: tuple[Any, ...]
    event: int | None


@dataclass(frozen=True)
class Window:
    """A chance for hidden flows: how much each moved, as a z3 integer."""

    amounts: tuple[tuple[Flow, Any], ...]


@dataclass(frozen=True)
class Wanted:
    """A step that is to be taken: its arguments, numbers open where they are z3 integers; what was observed after it."""

    action: Action
    arguments: tuple[Any, ...]
    after: tuple[tuple[int, frozenset[int]], ...] = ()
    event: int | None = None


@dataclass
class Path:
    """What has happened, and the state after it."""

    state: list[Any]
    items: list[Taken | Window] = field(default_factory=list["Taken | Window"])
    held: dict[Form, tuple[Any, ...]] = field(default_factory=dict[Form, "tuple[Any, ...]"])
    """Bounds of flows that are known to hold, with the values of their slots for which they do."""


class Symbolic:
    """Walks one path at a time, forwards and back."""

    def __init__(self, run: Run, hidden: Iterable[str], start: State) -> None:
        """At the start. Raises ModelError for a hidden action that moves amounts in another way than a flow."""
        self.run, self.instance = run, run.instance
        self.grounder = Grounder(run.instance)
        self.control = control_slots(run.instance, self.grounder)
        self.groups = groups_of(run.instance, self.grounder, self.control, frozenset(hidden))
        self._stirred = [(g, g.slots, frozenset[int]().union(*(f.reads for f in g.flows))) for g in self.groups]
        self.solver = z3.Solver()
        self.solver.set("timeout", PATIENCE_MS)
        self.path = Path(list(start))
        self._marks: list[tuple[list[Any], int, dict[Form, tuple[Any, ...]]]] = []
        self._names = 0

    # ------------------------------------------------------------------------------------------------------- there and back
    def mark(self) -> None:
        """Remember where the path is."""
        self.solver.push()
        self._marks.append((list(self.path.state), len(self.path.items), dict(self.path.held)))

    def back(self) -> None:
        """Go back to where it was last marked."""
        self.solver.pop()
        self.path.state, length, self.path.held = self._marks.pop()
        del self.path.items[length:]

    @property
    def marks(self) -> int:
        """How often it was marked."""
        return len(self._marks)

    def fits(self, *more: Any) -> bool:
        """Whether some amounts fit the path (and what more is asked). Raises TooMany where z3 does not know."""
        if any(t is False for t in more):
            return False
        found = self.solver.check(*(t for t in more if not known(t)))
        if found == z3.unknown:
            raise TooMany(f"z3 did not decide about amounts within {PATIENCE_MS // 1000} s")
        return bool(found == z3.sat)

    def integer(self, low: int, high: int | None) -> Any:
        """A number that is open, within its range."""
        self._names += 1
        value = z3.Int(f"n{self._names}")
        self.solver.add(value >= low, *([] if high is None else [value <= high]))
        return value

    # --------------------------------------------------------------------------------------------------------- hidden flows
    def give_way(self, concerned: frozenset[int], written: frozenset[int]) -> None:
        """Let flows happen whose slots a step concerns, or that ask for what it writes."""
        for group, slots, reads in self._stirred:
            if not slots.isdisjoint(concerned) or not reads.isdisjoint(written):
                self._open(group)

    def _open(self, group: Group) -> None:
        running = [(f, asked) for f in group.flows if (asked := self._allowed(f)) is not None]
        if not running:
            return
        before, state = list(self.path.state), self.path.state
        amounts = [(f, self.integer(0, None)) for f, _ in running]
        for slot in sorted({s for f, _ in running for s in f.delta}):
            state[slot] = self.integer(0, self._high(slot))
            moved = [_times(f.delta[slot], amount) for f, amount in amounts if slot in f.delta]
            self.solver.add(state[slot] == z3.Sum(before[slot], *moved))
        for form in bounds(running):
            self._keep_within(form, before, state)
        self.path.items.append(Window(tuple(amounts)))

    def _keep_within(self, form: Form, before: list[Any], state: list[Any]) -> None:
        """A bound holds after the flows, or (where it did not hold before them) is not overstepped further."""
        constant, coefficients = form
        if constant == 0 and all(n < 0 for _, n in coefficients):
            return  # no slot is negative
        old, new = (plus([constant, *(_times(n, s[k]) for k, n in coefficients)]) for s in (before, state))
        held = self.path.held.get(form, ())
        still = held and all(before[k] is was for (k, _), was in zip(coefficients, held, strict=True))
        if still or (known(old) and old <= 0):
            self.solver.add(new <= 0)
            self.path.held[form] = tuple(state[k] for k, _ in coefficients)
        else:
            self.solver.add(z3.Or(new <= 0, new <= old))

    def _allowed(self, flow: Flow) -> list[Ground] | None:
        """What a flow asks for with control put in; None where control does not allow it."""
        asked = [self.reduced(g) for g in flow.asked]
        return None if any(g == literal(0) for g in asked) else asked

    def _high(self, slot: int) -> int | None:
        if not hasattr(self, "_highs"):
            fields = self.instance.fields
            self._highs = [self.instance.high(f, i) for f in fields for i in range(self.instance.count(f.owner))]
        return self._highs[slot]

    # --------------------------------------------------------------------------------------------------------------- steps
    def reduced(self, g: Ground) -> Ground:
        """The expression with control put in."""
        return reduce(g, self.path.state, self.control)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    def value(self, g: Ground, numbers: Mapping[Any, Any]) -> Any:
        """The expression at the end of the path: a number, a truth or a z3 expression."""
        values: Any = _Values(self.path.state, numbers)
        return lower(self.reduced(g), values)

    def environment(self, action: Action, arguments: Sequence[Any]) -> tuple[dict[Term, Ground], dict[str, Any]]:
        """Parameters as ground expressions; those whose number is open are named, and told by name."""
        env: dict[Term, Ground] = {}
        numbers: dict[str, Any] = {}
        for p, value in zip(action.parameters, arguments, strict=True):
            name = str(p.var.args[0])
            env[p.var] = literal(value) if known(value) else node("amount", name)
            numbers[name] = value
        return env, numbers

    def concerns(self, action: Action, env: Mapping[Term, Ground]) -> tuple[frozenset[int], frozenset[int]]:
        """The slots that a step reads or writes, and those that it writes."""
        asked = [self.grounder.ground(r.term, env) for r in action.requires]
        writes = [
            (w.field, self.grounder.ground(w.ref, env), self.grounder.ground(w.value, env)) for w in action.writes
        ]
        written: set[int] = set()
        for f, ref, _ in writes:
            base = self.instance.base[f]
            written.update([base + ref[1]] if ref[0] == "lit" else range(base, base + self.instance.count(f.owner)))
        read = (slots_of(g) for g in (*asked, *(g for _, ref, value in writes for g in (ref, value))))
        return frozenset(written).union(*read), frozenset(written)

    def ask(self, step: Wanted) -> tuple[tuple[Requirement, Any], ...]:
        """Let what is hidden happen, and then say what the step asks for: each requirement as a truth, known or of z3."""
        env, numbers = self.environment(step.action, step.arguments)
        concerned, written = self.concerns(step.action, env)
        self.give_way(concerned | {slot for slot, _ in step.after}, written)
        return tuple((r, self._truth(self.grounder.ground(r.term, env), numbers)) for r in step.action.requires)

    def do(self, step: Wanted) -> tuple[Any, ...]:
        """Write what the step writes; for each slot that was observed after it, whether it is as it was observed.

        Raises TooMany where control would depend on what is open.
        """
        env, numbers = self.environment(step.action, step.arguments)
        self.solver.add(*(t for t in self._write(step.action, env, numbers) if not known(t)))
        self.path.items.append(Taken(step.action, tuple(step.arguments), step.event))
        return tuple(_one_of(self.path.state[slot], values) for slot, values in step.after)

    def take(self, step: Wanted) -> bool:
        """Let what is hidden happen, and then the step: whether any amounts fit. Raises TooMany."""
        truths = [t for _, t in self.ask(step)]
        if any(t is False for t in truths):
            return False
        self.solver.add(*(t for t in truths if not known(t)))
        seen = self.do(step)
        if any(t is False for t in seen):
            return False
        self.solver.add(*(t for t in seen if not known(t)))
        return self.fits()

    def _truth(self, g: Ground, numbers: Mapping[str, Any]) -> Any:
        found = self.value(g, numbers)
        return bool(found) if known(found) else found

    def _write(self, action: Action, env: Mapping[Term, Ground], numbers: Mapping[str, Any]) -> list[Any]:
        """Do what the step does; what keeps each slot that it wrote in its range."""
        new: dict[int, Any] = {}
        for w in action.writes:
            ref = self.reduced(self.grounder.ground(w.ref, env))
            slot = self.instance.base[w.field] + int(ref[1])
            value = self.value(self.grounder.ground(w.value, env), numbers)
            new[slot] = self._decided(value) if slot in self.control else value
        ranges: list[Any] = []
        for slot, value in new.items():
            self.path.state[slot] = int(value) if known(value) else value
            high = self._high(slot)
            if slot not in self.control:
                ranges += [value >= 0] if high is None else [value >= 0, value <= high]
        return ranges

    def _decided(self, value: Any) -> int:
        """A value that decides control: the one that it must have. Raises TooMany where that is open."""
        if known(value):
            return int(value)
        if z3.is_bool(value):
            for truth in (True, False):
                if not self.fits(value if not truth else z3.Not(value)):
                    return int(truth)
        raise TooMany("what happens next depends on amounts that were not observed")


class _Values(dict[Any, Any]):
    """The values of slots by number, and of amounts by name."""

    def __init__(self, state: list[Any], numbers: Mapping[Any, Any]) -> None:
        super().__init__(numbers)
        self._state = state

    def __missing__(self, key: Any) -> Any:
        return self._state[key]


def _times(n: int, value: Any) -> Any:
    """n times a value; z3 need not be told of a factor of one."""
    return value if n == 1 else -value if n == -1 else n * value


def _one_of(value: Any, values: frozenset[int]) -> Any:
    """Whether a slot holds one of these."""
    if known(value):
        return int(value) in values
    truths = [same(value, v) for v in sorted(values)]
    return truths[0] if len(truths) == 1 else z3.Or(truths)
