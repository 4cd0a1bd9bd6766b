"""The reading for any number of members: fields are functions over uninterpreted identities.

One scene asks one question: what is assumed, and what is to be refuted. Nothing is ever quantified in z3. A quantifier
of the model is a truth of its own, tied to the members in play: if it holds, it holds at each of them; if it fails,
there is a witness, which comes into play. A sum is a number of its own, tied to the members in play: it is at least
what they contribute, an action changes it by what the members that it writes contribute, and two sums that differ
have a member whose contributions differ.

Every fact is true of every state of every world, so what they refute is refuted. They do not say everything: that
a scene is not refuted proves nothing (scopes.py looks for a real state then).

A witness need not exist, and a sort may be empty: every member in play carries the condition under which it is real,
and nothing is said of a member that is not.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from ...model.language import ANYTHING, BOOL, Action, Field, Sort, System, Term
from ...model.language.terms import encode
from .inplay import ASSUMED, DENIED, WEIGHED, At, Ghost, Lemmas, Member, Truth, parameter_limits, z3_sort
from .meaning import Env, Meaning, bounded, footprint, nesting
from .products import Products
from .z3types import Value, conj, disj, identity, implied, is_choice, is_ite, ite, known, neg, of_rank, plus, same, z3


class Scene(Meaning[At]):
    """One question about any world: facts, and the members in play."""

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
        self._depth = 0
        self._numbers: dict[Any, int] = {}
        self._names: dict[Term, str] = {}
        self._reads: dict[Any, Value] = {}
        self._compared: list[Ghost] = []  # comparing the sums that comparisons bring up would go on for ever
        self._products = Products(self.facts)
        self._solver = z3.Solver()
        self._told = self._below = 0  # how many facts z3 knows, and how many of them every fork shares
        if action:
            self._enter_action(action)

    # ---------------------------------------------------------------------------------------------- what is asked
    def assume(self, *terms: Term) -> None:
        """These truths hold before the action; variables are the action's parameters."""
        self._depth = max([self._depth, *map(nesting, terms)])
        self.facts += [self.value(t, self.parameters, ASSUMED) for t in terms]

    def deepen(self, term: Term) -> None:
        """Instances go as deep as this term, too."""
        self._depth = max(self._depth, nesting(term))

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

    def deny(self, term: Term, *, after: bool) -> None:
        """This truth does not hold (after the action)."""
        self._depth = max(self._depth, nesting(term))
        self.facts.append(neg(self.value(term, self.parameters, replace(DENIED, after=after))))

    def refuted(self, seconds: float, *, comparing: bool = False) -> str:
        """`proved` if the facts contradict one another, `open` if z3 sees no contradiction, else why it gave up.

        Instances of quantifiers are added in as many rounds as they are nested, and one more. `comparing` also
        compares sums with one another, member by member: it costs more, and initial states need it.
        """
        result: Any = z3.unknown
        self._solver.set("timeout", int(1000 * seconds))
        self._solver.push()
        try:
            for stage in [self._bound] * (self._depth + 1) + [self._compare] * (self._depth + 1) * comparing:
                self._instantiate()
                stage()
                self._tell()
                result = self._solver.check()
                if result == z3.unsat:
                    return "proved"
            return "open" if result == z3.sat else f"z3 gave up: {self._solver.reason_unknown()}"
        finally:
            self._solver.pop()
            self._told = self._below

    def fork(self) -> Scene:
        """Another scene that goes on from here; z3 is told only once what all forks share."""
        assert self._solver.num_scopes() == 0, "while one fork is being refuted, z3 knows what only that one says"
        if not self._told:
            self._instantiate()
            self._bound()
            self._tell()
        other = copy(self)
        other.facts = list(self.facts)
        other.members = {s: dict(here) for s, here in self.members.items()}
        other.truths = {k: replace(t, asked=set(t.asked)) for k, t in self.truths.items()}
        other.ghosts, other._reads = dict(self.ghosts), dict(self._reads)
        other._numbers, other._names = dict(self._numbers), dict(self._names)
        other._definitions = dict(self._definitions)
        other._products = self._products.fork(other.facts)
        other._below = self._below = self._told
        return other

    def _tell(self) -> None:
        self._solver.add(*self.facts[self._told :])
        self._told = len(self.facts)

    # ---------------------------------------------------------------------------------------------- members
    def someone(self, sort: Sort, stem: str, real: Value = True) -> Value:
        """A new member, about whom nothing is known."""
        self._numbers[stem] = self._numbers.get(stem, 0) + 1
        return self.enter(sort, z3.Const(f"{stem}!{self._numbers[stem]}", z3_sort(sort)), real)

    def anything(self, var: Term, stem: str) -> Value:
        """A value for a variable, about which nothing is known: a member, or a number."""
        if isinstance(var.sort, Sort):
            return self.someone(var.sort, stem)
        self._numbers[stem] = self._numbers.get(stem, 0) + 1
        return z3.Int(f"{stem}!{self._numbers[stem]}")

    def enter(self, sort: Sort, term: Value, real: Value) -> Value:
        """Bring a member into play."""
        here = self.members[sort]
        if sort in self.single and here:
            self.facts.append(next(iter(here.values())).term == term)
        here.setdefault(identity(term), Member(term, real))
        return term

    def real(self, term: Value) -> Value:
        """The condition under which a member is real."""
        for here in self.members.values():
            if identity(term) in here:
                return here[identity(term)].real
        return True

    def _enter_action(self, action: Action) -> None:
        for p in action.parameters:
            if p.range is None:
                name = str(p.var.args[0])
                self.parameters[p.var] = self.enter(p.var.sort, z3.Const(name, z3_sort(p.var.sort)), True)
                continue
            amount = self.parameters[p.var] = z3.Int(str(p.var.args[0]))
            high = p.range.high
            if isinstance(high, Field):
                high = self.read(high, self._the(high.owner), ASSUMED)
            self.facts += [p.range.low <= amount, amount <= high]
        for w in action.writes:
            ref, new = (self.value(t, self.parameters, WEIGHED) for t in (w.ref, w.value))
            self.written.setdefault(w.field, []).append((ref, new))
            self._depth = max(self._depth, nesting(w.ref), nesting(w.value))

    def _the(self, sort: Sort) -> Value:
        """The one member of a sort that bounds a parameter."""
        here = self.members[sort]
        return next(iter(here.values())).term if here else self.enter(sort, z3.Const("the one", z3_sort(sort)), True)

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
                self.enter(f.sort, value, self.real(ref))
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

    def _instantiate(self) -> None:
        """One round: witnesses for what is in play, and what holds at the members in play."""
        for truth in list(self.truths.values()):
            everywhere = truth.term.op == "forall"
            if (truth.refuted if everywhere else truth.used) and None not in truth.asked:
                truth.asked.add(None)
                self._witness(truth)
            if not (truth.used if everywhere else truth.refuted):
                continue
            for m in list(self.members[truth.term.args[0].sort].values()):
                if identity(m.term) not in truth.asked:
                    truth.asked.add(identity(m.term))
                    self._instance(truth, m)

    def _witness(self, truth: Truth) -> None:
        """A forall that fails, or an exists that holds, has a witness."""
        var, keep, body = truth.term.args
        exists = truth.term.op == "exists"
        cause = truth.symbol if exists else neg(truth.symbol)
        env = {**truth.env, var: self.someone(var.sort, str(var.args[0]), cause)}
        kept = self.value(keep, env, At(truth.after))
        shown = self.value(body, env, At(truth.after, used=exists, refuted=not exists))
        self.facts.append(implied(cause, conj((kept, shown if exists else neg(shown)))))

    def _instance(self, truth: Truth, m: Member) -> None:
        """A forall that holds, or an exists that fails, does so at every real member."""
        var, keep, body = truth.term.args
        env = {**truth.env, var: m.term}
        kept = self.value(keep, env, At(truth.after, used=False, refuted=True))
        if truth.term.op == "forall":
            holds, cause = disj((neg(kept), self.value(body, env, At(truth.after)))), truth.symbol
        else:
            shown = self.value(body, env, At(truth.after, used=False, refuted=True))
            holds, cause = neg(conj((kept, shown))), neg(truth.symbol)
        self.facts.append(implied(conj((cause, m.real)), holds))

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

    def _bound(self) -> None:
        """A sum of contributions that are not negative is at least what all distinct members in play contribute."""
        for ghost in list(self.ghosts.values()):
            if ghost.after or not (self.lemmas and self.lemmas.positive(ghost.term, starting=self.starting)):
                continue
            parts: list[Value] = []
            seen: list[Member] = []
            for m in list(self.members[ghost.term.args[0].sort].values()):
                new = conj([m.real, *(neg(conj((o.real, same(o.term, m.term)))) for o in seen)])
                parts.append(ite(new, self.contribution(ghost.term, ghost.env, m.term, after=False), 0))
                seen.append(m)
            self._fact(implied(self._arguments_real(ghost), ghost.symbol >= plus(parts)))

    def _arguments_real(self, ghost: Ghost) -> Value:
        return conj(self.real(x) for x in ghost.env.values() if not known(x))

    def _fact(self, fact: Value) -> None:
        if known(fact) or ("fact", identity(fact)) not in self._reads:
            self.facts.append(fact)
            if not known(fact):
                self._reads["fact", identity(fact)] = fact

    def _compare(self) -> None:
        """Of two sums (or a sum and nothing), the larger has a member that contributes more to it."""
        self._bound()
        ghosts = self._compared = self._compared or list(self.ghosts.values())
        for a in ghosts:
            self._larger(a, None)
            self._larger(None, a)
            for b in ghosts:
                if a is not b and a.term.args[0].sort is b.term.args[0].sort:
                    self._larger(a, b)

    def _larger(self, a: Ghost | None, b: Ghost | None) -> None:
        """If a exceeds b, so does the contribution of some member."""
        key = "larger", a and identity(a.symbol), b and identity(b.symbol)
        one = a or b
        if key in self._reads or one is None:
            return
        larger = (a.symbol if a else 0) > (b.symbol if b else 0)
        self._reads[key] = larger
        m = self.someone(one.term.args[0].sort, "more", larger)
        more, less = (self.contribution(g.term, g.env, m, after=g.after) if g else 0 for g in (a, b))
        self._fact(implied(larger, more > less))
