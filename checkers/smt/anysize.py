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

import time
from copy import copy
from dataclasses import replace
from typing import Any, TypeAlias

from ...model.language import Action, Sort, System, Term
from .inplay import ASSUMED, DENIED, At, Ghost, Lemmas, Member, Truth
from .meaning import Env
from .reading import Reading
from .z3types import Value, conj, disj, identity, implied, ite, known, neg, plus, same, z3

Classes: TypeAlias = "dict[Any, int]"
"""Members by identity, to the number of what a model has in their place."""


class Scene(Reading):
    """One question about any world: facts, and the members in play."""

    def __init__(
        self, system: System, action: Action | None = None, *, starting: bool = False, lemmas: Lemmas | None = None
    ) -> None:
        """Before the action (if any), or in an initial state (`starting`)."""
        super().__init__(system, action, starting=starting, lemmas=lemmas)
        self._compared: list[Ghost] = []  # comparing the sums that comparisons bring up would go on for ever
        self._said: dict[Any, Value] = {}
        self._solver = z3.Solver()
        self._told = self._below = 0  # how many facts z3 knows, and how many of them every fork shares

    # ---------------------------------------------------------------------------------------------- what is asked
    def assume(self, *terms: Term) -> None:
        """These truths hold before the action; variables are the action's parameters."""
        self.deepen(*terms)
        self.facts += [self.value(t, self.parameters, ASSUMED) for t in terms]

    def deny(self, term: Term, *, after: bool) -> None:
        """This truth does not hold (after the action)."""
        self.deepen(term)
        self.facts.append(neg(self.value(term, self.parameters, replace(DENIED, after=after))))

    def refuted(self, seconds: float, *, comparing: bool = False) -> str:
        """`proved` if the facts contradict one another, `open` if nothing more can be said, else why it is not known.

        What is said of the members in play goes by z3's own last model: only what that model does not respect yet.
        `comparing` also compares sums with one another, member by member: it costs more, and initial states need it.
        """
        until = time.perf_counter() + seconds
        self._solver.push()
        try:
            model: Any = None
            while time.perf_counter() < until:
                if not (self._say(model) or (comparing and self._compare(model)) or model is None):
                    return "open"
                self._tell()
                self._solver.set("timeout", max(1, int(1000 * (until - time.perf_counter()))))
                result = self._solver.check()
                if result != z3.sat:
                    return "proved" if result == z3.unsat else f"z3 gave up: {self._solver.reason_unknown()}"
                model = self._solver.model()
            return f"not decided in {seconds} seconds"
        finally:
            self._solver.pop()
            self._told = self._below

    def fork(self) -> Scene:
        """Another scene that goes on from here; z3 is told only once what all forks share."""
        assert self._solver.num_scopes() == 0, "while one fork is being refuted, z3 knows what only that one says"
        if not self._told:
            self._say(None)
            self._tell()
        other = copy(self)
        other.facts = list(self.facts)
        other.members = {s: dict(here) for s, here in self.members.items()}
        other.truths = {k: replace(t, asked=dict(t.asked)) for k, t in self.truths.items()}
        other.ghosts, other.known, other._reads = dict(self.ghosts), dict(self.known), dict(self._reads)
        other._numbers, other._names = dict(self._numbers), dict(self._names)
        other._definitions, other._said = dict(self._definitions), dict(self._said)
        other._products = self._products.fork(other.facts)
        other._below = self._below = self._told
        return other

    def _tell(self) -> None:
        self._solver.add(*self.facts[self._told :])
        self._told = len(self.facts)

    # ---------------------------------------------------------------------------------------------- what can be said
    def _say(self, model: Any) -> bool:
        """One round: say what the model does not respect yet (without one, all that can be); whether anything was."""
        before = len(self.facts)
        values = {} if model is None else {k: model.eval(m.term, model_completion=True) for k, m in self.known.items()}
        classes = {k: identity(value) for k, value in values.items()}
        for truth in list(self.truths.values()):
            exists = truth.term.op == "exists"
            holds = None if model is None else _true(model, truth.symbol)
            if (truth.used if exists else truth.refuted) and not truth.witnessed and holds in (None, exists):
                truth.witnessed = True
                self._witness(truth)
            if (truth.refuted if exists else truth.used) and holds in (None, not exists):
                for m in self._others(truth.term.args[0].sort, truth.asked, model, classes):
                    truth.asked[identity(m.term)] = m
                    self._instance(truth, m)
        if model is not None:
            self._bound(model, classes)
        return len(self.facts) > before

    def _others(self, sort: Sort, asked: dict[Any, Member], model: Any, classes: Classes) -> list[Member]:
        """The members beside those asked: where there is a model, one of each class, and only real ones."""
        seen = {classes[k] for k, m in asked.items() if k in classes and _true(model, m.real)}
        chosen: list[Member] = []
        for key, m in list(self.members[sort].items()):
            if key in asked or m.level > self.depth + 1 or m.reads > self.reach:
                continue
            if model is None and m.reads:
                continue  # a model will tell whether it is anybody new
            if model is not None:
                if key not in classes or classes[key] in seen or not _true(model, m.real):
                    continue
                seen.add(classes[key])
            chosen.append(m)
        return chosen

    def _witness(self, truth: Truth) -> None:
        """A forall that fails, or an exists that holds, has a witness."""
        var, keep, body = truth.term.args
        exists = truth.term.op == "exists"
        cause = truth.symbol if exists else neg(truth.symbol)
        env = {**truth.env, var: self.someone(var.sort, str(var.args[0]), cause, self._next_level(truth.env))}
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
    def _bound(self, model: Any, classes: Classes) -> None:
        """A sum of contributions that are not negative is at least what all distinct members in play contribute."""
        met: set[Any] = set()
        for ghost in list(self.ghosts.values()):
            alike = ghost.term, *(classes.get(identity(x), identity(x)) for x in ghost.env.values())
            if ghost.after or alike in met:
                continue
            met.add(alike)
            if self.lemmas and self.lemmas.positive(ghost.term, starting=self.starting):
                fact = self._at_least(ghost, self._others(ghost.term.args[0].sort, {}, model, classes))
                if not _true(model, fact):
                    self.facts.append(fact)

    def _at_least(self, ghost: Ghost, members: list[Member]) -> Value:
        parts: list[Value] = []
        for k, m in enumerate(members):
            new = conj([m.real, *(neg(conj((o.real, same(o.term, m.term)))) for o in members[:k])])
            parts.append(ite(new, self.contribution(ghost.term, ghost.env, m.term, after=False), 0))
        return implied(self._arguments_real(ghost), ghost.symbol >= plus(parts))

    def _arguments_real(self, ghost: Ghost) -> Value:
        return conj(self.member(x).real for x in ghost.env.values() if not known(x))

    def _next_level(self, env: Env) -> int:
        return 1 + max((self.member(x).level for x in env.values() if not known(x)), default=0)

    def _compare(self, model: Any) -> bool:
        """Of two sums (or a sum and nothing), the larger has a member that contributes more to it; if any is new."""
        before = len(self.facts)
        ghosts = self._compared = self._compared or list(self.ghosts.values())
        for a in ghosts if model is not None else ():
            self._larger(a, None, model)
            self._larger(None, a, model)
            for b in ghosts:
                if a is not b and a.term.args[0].sort is b.term.args[0].sort:
                    self._larger(a, b, model)
        return len(self.facts) > before

    def _larger(self, a: Ghost | None, b: Ghost | None, model: Any) -> None:
        """If a exceeds b, so does the contribution of some member."""
        key = "larger", a and identity(a.symbol), b and identity(b.symbol)
        one = a or b
        larger = (a.symbol if a else 0) > (b.symbol if b else 0)
        if key in self._said or one is None or not _true(model, larger):
            return
        self._said[key] = larger
        m = self.someone(one.term.args[0].sort, "more", larger, self._next_level(one.env))
        more, less = (self.contribution(g.term, g.env, m, after=g.after) if g else 0 for g in (a, b))
        self.facts.append(implied(larger, more > less))


def _true(model: Any, value: Value) -> bool:
    """Whether a value is true in a model; without a model, anything may be."""
    return bool(value) if known(value) else model is None or z3.is_true(model.eval(value, model_completion=True))
