"""How terms read in a scene about any number of members: see anysize.py, which asks the questions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...model.language import ANYTHING, BOOL, Action, Field, Sort, System, Term
from ...model.language.terms import encode
from .inplay import ASSUMED, WEIGHED, At, Ghost, Lemmas, Member, Truth, parameter_limits, z3_sort
from .meaning import Env, Meaning, bounded, footprint, nesting, reach
from .products import Products
from .z3types import Value, conj, identity, is_choice, is_ite, ite, known, neg, of_rank, plus, same, z3


class Reading(Meaning[At]):
    """Fields are functions over identities; quantifiers and sums are symbols, noted as they are met."""

    def __init__(
        self, system: System, action: Action | None = None, *, starting: bool = False, lemmas: Lemmas | None = None
    ) -> None:
        """Before the action (if any), or in an initial state (`starting`)."""
        super().__init__()
        self.system, self.action, self.starting = system, action, starting
        self.lemmas = lemmas  # without them, nothing is known about sums
        self.facts: list[Value] = []
        self.members: dict[Sort, dict[Any, Member]] = {s: {} for s in system.sorts}
        self.single = {high.owner for high in parameter_limits(system)}
        self.truths: dict[Any, Truth] = {}
        self.ghosts: dict[Any, Ghost] = {}
        self.written: dict[Field[Any, Any], list[tuple[Value, Value]]] = {}
        self.parameters: dict[Term, Value] = {}
        self.known: dict[Any, Member] = {}
        self.depth = self.reach = 0  # how deep quantifiers lie, and how far references lead, in what was said so far
        self._numbers: dict[Any, int] = {}
        self._names: dict[Term, str] = {}
        self._reads: dict[Any, Value] = {}
        self._products = Products(self.facts)
        if action:
            self._enter_action(action)

    def deepen(self, *terms: Term) -> None:
        """What is asked lies as deep as these terms, too."""
        self.depth = max([self.depth, *map(nesting, terms)])
        self.reach = max([self.reach, *map(reach, terms)])

    # ---------------------------------------------------------------------------------------------- members
    def someone(self, sort: Sort, stem: str, real: Value = True, level: int = 0) -> Value:
        """A new member, about whom nothing is known. The witness of a witness is of the next higher level."""
        self._numbers[stem] = self._numbers.get(stem, 0) + 1
        return self.enter(sort, Member(z3.Const(f"{stem}!{self._numbers[stem]}", z3_sort(sort)), real, level))

    def anything(self, var: Term, stem: str) -> Value:
        """A value for a variable, about which nothing is known: a member, or a number."""
        if isinstance(var.sort, Sort):
            return self.someone(var.sort, stem)
        self._numbers[stem] = self._numbers.get(stem, 0) + 1
        return z3.Int(f"{stem}!{self._numbers[stem]}")

    def enter(self, sort: Sort, member: Member) -> Value:
        """Bring a member into play; its term."""
        here, key = self.members[sort], identity(member.term)
        if key not in here:
            if sort in self.single and here:
                self.facts.append(next(iter(here.values())).term == member.term)
            here[key] = self.known[key] = member
        return member.term

    def member(self, term: Value) -> Member:
        """What is known of a member."""
        return self.known.get(identity(term), Member(term, True))

    def _enter_action(self, action: Action) -> None:
        for p in action.parameters:
            if p.range is None:
                name = str(p.var.args[0])
                self.parameters[p.var] = self.enter(p.var.sort, Member(z3.Const(name, z3_sort(p.var.sort)), True))
                continue
            amount = self.parameters[p.var] = z3.Int(str(p.var.args[0]))
            high = p.range.high
            if isinstance(high, Field):
                high = self.read(high, self._the(high.owner), ASSUMED)
            self.facts += [p.range.low <= amount, amount <= high]
        for w in action.writes:
            ref, new = (self.value(t, self.parameters, WEIGHED) for t in (w.ref, w.value))
            self.written.setdefault(w.field, []).append((ref, new))
            self.deepen(w.ref, w.value)

    def _the(self, sort: Sort) -> Value:
        """The one member of a sort that bounds a parameter."""
        here = self.members[sort]
        return (
            next(iter(here.values())).term
            if here
            else self.enter(sort, Member(z3.Const("the one", z3_sort(sort)), True))
        )

    # ---------------------------------------------------------------------------------------------- reading
    def later(self, at: At) -> At:
        """After the action."""
        return replace(at, after=True)

    def against(self, at: At) -> At:
        """Under a negation, what is used is refuted."""
        return replace(at, used=at.refuted, refuted=at.used)

    def neutral(self, at: At) -> At:
        """Both may happen."""
        return replace(at, used=True, refuted=True)

    def times(self, a: Value, b: Value) -> Value:
        """The product, linear where it can be."""
        return self._products.times(a, b)

    def read(self, field: Field[Any, Any], ref: Value, at: At) -> Value:
        """The field of a member; a choice between members is a choice between their fields."""
        if is_ite(ref):
            condition, one, other = ref.children()
            return ite(condition, self.read(field, one, at), self.read(field, other, at))
        value = self.stored(field, ref)
        if at.after:
            for written, new in self.written.get(field, ()):
                value = ite(same(ref, written), new, value)
        return value

    def stored(self, f: Field[Any, Any], ref: Value) -> Value:
        """The field before the action, or at the start."""
        start = f.start
        if self.starting and not (f.rigid or f.budget or start is ANYTHING or start is None):
            return self.stored(start, ref) if isinstance(start, Field) else of_rank(encode(start), f.sort)
        key = f, identity(ref)
        if key not in self._reads:
            value = z3.Function(repr(f), z3_sort(f.owner), z3_sort(f.sort))(ref)
            self._reads[key] = value
            if isinstance(f.sort, Sort):
                owner = self.member(ref)
                self.enter(f.sort, Member(value, owner.real, owner.level, owner.reads + 1))
            else:
                self.facts += self._limits(f, ref, value)
        return self._reads[key]

    def _limits(self, f: Field[Any, Any], ref: Value, value: Value) -> list[Value]:
        """The range of a field: that assignments keep to it is an obligation of its own."""
        if f.sort == BOOL:
            return []
        if is_choice(f.sort):
            return [value >= 0, value < len(f.sort)]
        high = self.read(f.upto, ref, ASSUMED) if isinstance(f.upto, Field) else f.upto
        return [value >= 0] if high is None else [value >= 0, value <= high]

    def start_in_range(self, f: Field[Any, Any], member: Value) -> list[Value]:
        """The field starts in its range at this member."""
        return self._limits(f, member, self.stored(f, member))

    def in_range(self) -> Value:
        """Every assignment of the action stays in the range of its field."""
        limits: list[Value] = []
        for f, pairs in self.written.items():
            if bounded(f):
                limits += [fact for ref, new in pairs for fact in self._limits(f, ref, new)]
        return conj(limits)

    # ---------------------------------------------------------------------------------------------- quantifiers
    def quantifier(self, t: Term, env: Env, at: At) -> Value:
        """The truth or the number that stands for it."""
        free = sorted(t.free, key=lambda v: (str(v.args[0]), v.args[1]))
        for v in free:
            if is_ite(env[v]):
                condition, one, other = env[v].children()
                parts = (self.quantifier(t, {**env, v: x}, at) for x in (one, other))
                return ite(condition, *parts)
        inner = {v: env[v] for v in free}
        return self._sum(t, inner, at) if t.op == "sum" else self._truth(t, inner, at)

    def _symbol(self, t: Term, env: Env, after: bool, result: Any) -> Value:
        args = [z3.IntVal(x) if known(x) else x for x in env.values()]
        name = self._names.setdefault(t, f"{t.op}#{len(self._names)}") + ("'" if after else "")
        return z3.Function(name, *(a.sort() for a in args), result)(*args) if args else z3.Const(name, result)

    def changes(self, t: Term) -> bool:
        """Whether the action writes a field that the term reads."""
        return not footprint(t).isdisjoint(self.written)

    def _truth(self, t: Term, env: Env, at: At) -> Value:
        after = at.after and self.changes(t)
        symbol = self._symbol(t, env, after, z3.BoolSort())
        truth = self.truths.setdefault(identity(symbol), Truth(t, env, after, symbol))
        truth.used, truth.refuted = truth.used or at.used, truth.refuted or at.refuted
        return truth.symbol

    # ---------------------------------------------------------------------------------------------- sums
    def contribution(self, t: Term, env: Env, member: Value, *, after: bool) -> Value:
        """What a member adds to a sum."""
        var, keep, body = t.args
        inner = {**env, var: member}
        at = replace(WEIGHED, after=after)
        return ite(self.value(keep, inner, at), self.value(body, inner, at), 0)

    def acting(self, t: Term) -> list[Value]:
        """The members over which the sum ranges that the action writes, where the sum can see it."""
        refs = (ref for f in footprint(t) if f.owner is t.args[0].sort for ref, _ in self.written.get(f, ()))
        return list({identity(ref): ref for ref in refs}.values())

    def ghost(self, t: Term, env: Env, *, after: bool) -> Value:
        """The number that stands for a sum."""
        symbol = self._symbol(t, env, after, z3.IntSort())
        return self.ghosts.setdefault(identity(symbol), Ghost(t, env, after, symbol)).symbol

    def _sum(self, t: Term, env: Env, at: At) -> Value:
        before = self.ghost(t, env, after=False)
        if not (at.after and self.changes(t)):
            return before
        if not (self.action and self.lemmas and self.lemmas.framed(self.action, t)):
            return self.ghost(t, env, after=True)
        parts: list[Value] = [before]
        acting = self.acting(t)
        for k, m in enumerate(acting):
            change = self.contribution(t, env, m, after=True) - self.contribution(t, env, m, after=False)
            parts.append(ite(conj(neg(same(m, other)) for other in acting[:k]), change, 0))
        return plus(parts)
