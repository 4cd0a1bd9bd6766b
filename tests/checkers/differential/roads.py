"""Several readings of one case, held against the plain search of the interpreter."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from holdfast.checkers.explore import Engine, explore
from holdfast.checkers.explore.layout import WORD_BITS
from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.smt import bounded
from holdfast.checkers.verdict import Holds, Vacuous, Verdict, Violated
from holdfast.model.language import Kind, ModelError, Property, Step
from tests.plain_search import Everything

NEVER = 1 << 30
"""More steps than any search takes."""


def soonest(plain: Everything, p: Property) -> int:
    """The steps to the first failure, or witness, of a property."""
    return plain.soonest.get(p.name, NEVER)


def agrees_with_explorer(run: Run, plain: Everything, engine: Engine, word_bits: int = WORD_BITS) -> None:
    """The explorer gives the verdict, the figures, the lengths and the errors of the plain search.

    Small words make many of them: `word_bits` tests the packing of states that are larger than one word.
    """
    exploring = partial(explore, engine=engine, word_bits=word_bits)
    if not plain.figures.states:
        with pytest.raises(ModelError, match="has no initial state"):
            exploring(run)
        return
    try:
        verdict = exploring(run)
    except OutOfRange as error:
        leaves_range(run, plain, error)
        return
    if not isinstance(verdict, Violated):
        found_nothing_wrong(run, plain, verdict)
        return
    is_shortest_failure(run, plain, verdict)
    if plain.first_out_of_range is None:  # without the properties that fail, the search goes on to its end
        kept = run.system.of_kind(Kind.SOMETIMES, Kind.INITIALLY)
        harmless = Run(replace(run.system, properties=kept), run.world)
        found_nothing_wrong(harmless, plain, exploring(harmless))


def leaves_range(run: Run, plain: Everything, error: OutOfRange) -> None:
    """An assignment leaves its range, in as few steps as possible, and no property fails sooner."""
    assert len(error.steps) + 1 == plain.first_out_of_range
    assert min((soonest(plain, p) for p in safety(run)), default=NEVER) > len(error.steps)
    state = run.replay(error.steps, error.initial)[-1]
    with pytest.raises(OutOfRange):
        list(run.successors(state))


def safety(run: Run) -> tuple[Property, ...]:
    """The properties that a single run can break."""
    return run.system.of_kind(Kind.ALWAYS, Kind.STEP)


def is_shortest_failure(run: Run, plain: Everything, verdict: Violated) -> None:
    """The verdict names a property that fails, no property fails sooner, and the interpreter goes the same way."""
    p = run.system.property(verdict.property)
    assert len(verdict.steps) == soonest(plain, p) == min(soonest(plain, q) for q in safety(run))
    assert plain.first_out_of_range is None or plain.first_out_of_range >= len(verdict.steps)
    states = run.replay(verdict.steps, verdict.initial)
    assert not run.holds(p, *(states[-2:] if p.kind is Kind.STEP else states[-1:]))


def found_nothing_wrong(run: Run, plain: Everything, verdict: Verdict) -> None:
    """Everything was gone through: all figures and all witnesses are those of the plain search."""
    assert plain.first_out_of_range is None
    assert all(soonest(plain, p) == NEVER for p in safety(run))
    assert replace(verdict.figures, seconds=0.0) == plain.figures
    unseen = tuple(p.name for p in run.system.of_kind(Kind.SOMETIMES) if soonest(plain, p) == NEVER)
    unfired = tuple(name for name, times in plain.figures.firings.items() if not times)
    if isinstance(verdict, Vacuous):
        assert (verdict.never_witnessed, verdict.never_fired) == (unseen, unfired)
        assert unseen or unfired
        return
    assert isinstance(verdict, Holds)
    assert not unseen
    assert not unfired
    for p in run.system.of_kind(Kind.SOMETIMES):
        is_shortest_witness(run, plain, p, verdict.witnesses[p.name], verdict.initials.get(p.name, 0))


def is_shortest_witness(run: Run, plain: Everything, p: Property, steps: tuple[Step, ...], initial: int) -> None:
    """The steps lead to a witness, and no other is nearer."""
    assert len(steps) == soonest(plain, p)
    assert run.holds(p, run.replay(steps, initial)[-1])


def agrees_with_z3(run: Run, plain: Everything, most_steps: int) -> None:
    """z3, within so many steps, finds for each property what the plain search does, as soon, and nothing else."""
    search = bounded.Search(run)
    out = NEVER if plain.first_out_of_range is None else plain.first_out_of_range
    for p in run.system.of_kind(Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES):
        try:
            found = search.find(p, most_steps)
        except OutOfRange:
            assert out <= min(soonest(plain, p), most_steps)
            continue
        if found is None:
            assert min(soonest(plain, p), out) > most_steps
        else:
            assert isinstance(found, Violated if p.kind is not Kind.SOMETIMES else bounded.Witness)
            assert len(found.steps) == soonest(plain, p) <= out
            states = run.replay(found.steps, found.initial)
            shown = run.holds(p, *(states[-2:] if p.kind is Kind.STEP else states[-1:]))
            assert shown is (p.kind is Kind.SOMETIMES)
