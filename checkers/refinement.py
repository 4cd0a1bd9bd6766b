"""Refinement: whatever a system does, a smaller one does too, or stands still.

The two are tied by a mapping: which sort stands for which, and what each field of the abstract system is in terms of the
concrete one. The obligation is then itself a `step` property of the concrete system: *every step changes nothing that the
abstract system sees, or is one of its actions*. So any engine that checks steps checks refinement.

An abstract action whose parameter is an integer may be taken with any integer of its range. It has to assign that
parameter to some field as it is; what the field has become then says which integer it was.

What it does not check: that the concrete system goes on (one that stands still refines everything), liveness, and what
the mapping leaves out. That it says something is asked: each abstract action must be needed, or the verdict is Vacuous.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..model.language import TRUE, Action, Kind, ModelError, Property, Sort, System, Term, Write, proxy
from ..model.language.entities import AnyField
from ..model.language.expressions import lift
from ..model.language.scope import apart
from ..model.language.terms import (
    QUANTIFIERS,
    arithmetic,
    bound_variable,
    choose,
    const,
    equal,
    junction,
    quantified,
    substitute,
    transform,
)
from .explore import explore
from .interpret import Run
from .verdict import Holds, Vacuous, Verdict, Violated

NAME = "refines"


@dataclass(frozen=True, eq=False)
class Refinement:
    """An abstract system, and what its sorts and fields are in a concrete one.

    `fields` maps every field of the abstract system to its meaning for one member of the concrete sort.
    """

    abstract: System
    sorts: Mapping[Sort, Sort]
    fields: Mapping[AnyField, Callable[[Any], object]]

    @cached_property
    def meanings(self) -> Mapping[AnyField, tuple[Term, Term]]:
        """The variable and the term that each abstract field stands for. Raises ModelError for a field left out."""
        found: dict[AnyField, tuple[Term, Term]] = {}
        for sort in self.abstract.sorts:
            for f in sort.fields:
                if sort not in self.sorts or f not in self.fields:
                    raise ModelError(f"the mapping does not say what {f!r} is")
                concrete: Any = self.sorts[sort]
                var = Term("var", ("self", 0), concrete)
                with apart():
                    found[f] = var, lift(self.fields[f](proxy(concrete, var)), f.sort)
        return found

    # --------------------------------------------------------------------------------------- terms, read concretely
    def concrete(self, term: Term) -> Term:
        """An abstract term in terms of the concrete system."""

        def swap(t: Term) -> Term | None:
            match t.op, t.args:
                case "var", (name, number):
                    return Term("var", (name, number), self.sorts.get(t.sort, t.sort))
                case "read", (field, ref):
                    return self.read(field, self.concrete(ref))
                case "derived", (definition, ref):
                    return self.concrete(substitute(definition.definition, {definition.variable: ref}))
                case op, (var, keep, body) if op in QUANTIFIERS:
                    fresh = bound_variable(str(var.args[0]), self.sorts[var.sort])
                    one = {Term("var", var.args, self.sorts[var.sort]): fresh}
                    kept, said = (substitute(self.concrete(part), one) for part in (keep, body))
                    return quantified(op, fresh, kept, said)
                case _:
                    return None

        return transform(term, swap)

    def read(self, field: AnyField, ref: Term) -> Term:
        """What an abstract field of a member is, `ref` being the concrete member that stands for it."""
        var, meaning = self.meanings[field]
        return substitute(meaning, {var: ref})

    # ------------------------------------------------------------------------------------------------- obligations
    def step(self, *left_out: str) -> Property:
        """Every step stands still, or is an action of the abstract system other than those left out."""
        actions = [a for a in self.abstract.actions if a.name not in left_out]
        term = junction("or", [self._frame(()), *(self._taken(a) for a in actions)])
        sentence = "Every step is one that the abstract system takes, or changes nothing that it sees."
        return Property(Kind.STEP, NAME, sentence, term)

    def _taken(self, a: Action) -> Term:
        """The step is this abstract action, with some arguments.

        Whom it writes to is said by the state before: a variable stands for that member, in the state after too.
        """
        refs = {ref: bound_variable("written", ref.sort) for w in a.writes if (ref := self.concrete(w.ref)).op != "var"}
        written = [(w, refs.get(ref := self.concrete(w.ref), ref)) for w in a.writes]
        given = self._integers(a, written)
        asked = [substitute(self.concrete(r.term), given) for r in a.requires]
        writes = tuple((w.field, ref, substitute(self.concrete(w.value), given)) for w, ref in written)
        meant = [equal(var, ref) for ref, var in refs.items()]
        term = junction("and", [*meant, *asked, *self._ranges(a, given), self._frame(writes)])
        for var in refs.values():
            term = quantified("exists", var, TRUE, term)
        for p in a.parameters:
            if p.range is None:
                fresh = bound_variable(str(p.var.args[0]), self.sorts[p.var.sort])
                term = quantified("exists", fresh, TRUE, substitute(term, {self.concrete(p.var): fresh}))
        return term

    def _integers(self, a: Action, written: list[tuple[Write, Term]]) -> dict[Term, Term]:
        """Each integer parameter is what the field that it is assigned to has become."""
        given: dict[Term, Term] = {}
        for p in a.parameters:
            if p.range is not None:
                found = next(((w.field, ref) for w, ref in written if w.value is p.var), None)
                if found is None:
                    raise ModelError(f"{a.name}: no field becomes {p.var}, so no step tells what it was", a.place)
                given[p.var] = _after(self.read(*found))
        return given

    def _ranges(self, a: Action, given: Mapping[Term, Term]) -> list[Term]:
        """The integers are within their ranges."""
        found: list[Term] = []
        for p in a.parameters:
            if p.range is None:
                continue
            value, high = given[p.var], p.range.high
            found.append(arithmetic("<=", const(p.range.low, p.var.sort), value))
            if isinstance(high, int):
                found.append(arithmetic("<=", value, const(high, p.var.sort)))
            else:
                one = bound_variable("bound", self.sorts[high.owner])
                found.append(quantified("forall", one, TRUE, arithmetic("<=", value, self.read(high, one))))
        return found

    def _frame(self, writes: tuple[tuple[AnyField, Term, Term], ...]) -> Term:
        """Every abstract field of every member becomes what is written to it, and what is not written stays."""
        parts: list[Term] = []
        for f in self.meanings:
            one = bound_variable("one", self.sorts[f.owner])
            value = self.read(f, one)
            for field, ref, new in writes:
                if field is f:
                    value = choose(equal(one, ref), new, value)
            parts.append(quantified("forall", one, TRUE, equal(_after(self.read(f, one)), value)))
        return junction("and", parts)

    def start(self) -> Term:
        """The fields are as the abstract system starts them."""
        parts: list[Term] = []
        for f in self.meanings:
            if f.start is not None and not f.rigid and not isinstance(f.start, (int, str)):
                one = bound_variable("one", self.sorts[f.owner])
                parts.append(quantified("forall", one, TRUE, equal(self.read(f, one), const(f.start, f.sort))))
        return junction("and", parts)


def _after(term: Term) -> Term:
    return Term("after", (term,), term.sort)


def refines(run: Run, refinement: Refinement, unseen: Container[str] = ()) -> Verdict:
    """Whether the run's system, in its world, refines the abstract one: from its start, over every step.

    Its witnesses are the shortest steps to each abstract action. Those in `unseen` need not happen in this world.
    Raises ModelError where an initial state is none of the abstract system, or the mapping is incomplete.
    """
    start = refinement.start()
    if not all(run.value(start, state, {}) for state in run.initial()):
        raise ModelError(f"{run.world.name} starts where the abstract system does not: {start}")
    verdict = _stepping(run, refinement.step())
    if not isinstance(verdict, (Holds, Vacuous)):
        return verdict
    asked = [a.name for a in refinement.abstract.actions if a.name not in unseen]
    needed = {name: _stepping(run, refinement.step(name)) for name in asked}
    idle = tuple(name for name, found in needed.items() if not isinstance(found, Violated))
    if idle:
        return Vacuous(run.world.name, idle, (), verdict.figures)
    witnesses = {name: found.steps for name, found in needed.items() if isinstance(found, Violated)}
    how = "every step of every reachable state is a step of the abstract system, or none for it"
    return Holds(run.world.name, how, (NAME,), verdict.figures, witnesses=witnesses)


def _stepping(run: Run, step: Property) -> Verdict:
    """The run explored with this property alone."""
    kept = (p for p in run.system.properties if p.kind in (Kind.ASSUME, Kind.INITIALLY))
    return explore(Run(replace(run.system, properties=(*kept, step)), run.world))
