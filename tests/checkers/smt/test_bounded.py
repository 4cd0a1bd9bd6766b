"""The bounded reading: what it finds is as short as can be, and is what the interpreter sees."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.smt import bounded
from holdfast.checkers.smt.meaning import Env, Finite, Rows
from holdfast.checkers.smt.z3types import Value
from holdfast.checkers.verdict import Holds, Unknown, Violated
from holdfast.model.language import (
    FALSE,
    TRUE,
    Action,
    Entity,
    Instance,
    Kind,
    ModelError,
    Property,
    System,
    Truth,
    World,
    action,
    all_of,
    always,
    require,
    sometimes,
    varying,
)
from holdfast.specs import yardstick
from holdfast.specs.toys import TOYS
from tests.plain_search import search

from . import accounts

FRAME = "the machine has a free frame"


@sometimes()
def ample() -> Truth:
    """Two accounts hold two cents each."""
    return all_of(a.balance == 2 for a in accounts.Account)


PROPERTIES = (*accounts.SYSTEM.properties, ample)


class Token(Entity):
    """It turns between 0 and 1; what it would do at 2 does not matter, as it never gets there."""

    place = varying(accounts.cents, upto=3)


@action(by=accounts.CUSTOMER)
def turn(token: Token) -> None:
    require(token.place < 2, "it is at 0 or 1")
    token.place = 1 - token.place


@action(by=accounts.CUSTOMER)
def slip(token: Token) -> None:
    require(token.place == 2, "it is at 2")
    token.place = 3


@always()
def never_at_three() -> Truth:
    """No token is at 3."""
    return all_of(token.place != 3 for token in Token)


def reckless() -> Run:
    """Exchange-2-2-4, whose copy step forgets to ask for a free frame."""
    system, world = yardstick.exchange(2, 2, 4)
    return Run(system.without("copy_in", FRAME), world)


def test_the_shortest_violation_of_a_mutant_has_five_steps_and_is_replayed() -> None:
    run = reckless()
    found = bounded.find(run, "within_capacity", 8)
    assert isinstance(found, Violated)
    assert len(found.steps) == 5
    assert found.steps[-1].action == "copy_in"
    assert found.figures.depth == 6
    states = run.replay(found.steps, found.initial)
    assert [run.holds(run.system.property("within_capacity"), s) for s in states] == [True] * 5 + [False]


def test_nothing_is_found_where_nothing_is_wrong_or_the_bound_is_too_low() -> None:
    assert bounded.find(Run(*yardstick.exchange(2, 2, 4)), "within_capacity", 5) is None
    assert bounded.find(reckless(), "within_capacity", 4) is None


@pytest.mark.parametrize("name", ["die-hard", "increment", "two-phase-3", "transaction-commit"])
def test_toys_have_their_shortest_witness_or_failure(name: str) -> None:
    toy = TOYS[name]
    run = Run(toy.system, toy.world())
    plain = search(run)
    for p in run.system.of_kind(Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES):
        soonest = plain.soonest.get(p.name)
        depth = 7 if soonest is None else soonest
        found = bounded.find(run, p, depth)
        assert not isinstance(found, Unknown)
        assert (None if found is None else len(found.steps)) == soonest
        if soonest:
            assert bounded.find(run, p, soonest - 1) is None


def test_every_property_of_small_accounts_is_decided_as_by_plain_search() -> None:
    """Open starts, `initially`, an amount, and steps: also for every requirement left out."""
    for system in [accounts.SYSTEM, *mutants(accounts.SYSTEM)]:
        run = Run(system, accounts.world(most=2, reserve=2, limits=(2, 1)))
        plain = search(run)
        session = bounded.Search(run)
        for p in system.of_kind(Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES):
            soonest = plain.soonest.get(p.name, 99)
            found = session.find(p, 3, heed_range=False)
            assert not isinstance(found, Unknown)
            assert (99 if found is None else len(found.steps)) == (soonest if soonest <= 3 else 99)


def mutants(system: System) -> list[System]:
    return [system.without(a.name, r.sentence) for a in system.actions for r in a.requires]


def test_an_amount_with_a_huge_range_stays_open() -> None:
    most = 10**12
    run = Run(accounts.SYSTEM, accounts.world(most=most, reserve=most - 7, limits=(most, most)))
    found = bounded.find(replaced_start(run), "rich", 3)
    assert isinstance(found, bounded.Witness)
    assert {s.action for s in found.steps} == {"deposit", "freeze"}
    assert max(s.arguments[-1] for s in found.steps) == most - 7


def replaced_start(run: Run) -> Run:
    """The same world, with every account empty at first."""
    limits = [a.values["limit"] for a in run.world.of(accounts.Account)]
    members = [accounts.Account(f"a{i}", limit=x, balance=0) for i, x in enumerate(limits)]
    return Run(run.system, World("large", *run.world.of(accounts.Bank), *members))


@pytest.mark.parametrize("filtered", [True, False], ids=["initially leaves some out", "every start is allowed"])
def test_the_initial_state_is_numbered_as_the_interpreter_numbers_it(filtered: bool) -> None:
    dropped = () if filtered else ("modest",)
    system = replace(accounts.SYSTEM, properties=tuple(p for p in PROPERTIES if p.name not in dropped))
    run = Run(system, accounts.world(reserve=4, limits=(2, 3)))
    assert len(run.initial()) == (11 if filtered else 12)
    found = bounded.find(run, ample, 0)
    assert isinstance(found, bounded.Witness)
    assert run.holds(ample, run.initial()[found.initial])
    assert found.initial > 0


def test_a_step_out_of_range_is_raised_by_the_interpreter_with_the_way_there() -> None:
    run = Run(accounts.SYSTEM.without("transfer", "the taker may hold so much"), accounts.world())
    with pytest.raises(OutOfRange, match=r"Account\.balance = \d+ is outside") as caught:
        bounded.find(run, "covered", 3)
    state = run.replay(caught.value.steps, caught.value.initial)[-1]
    with pytest.raises(OutOfRange):
        list(run.successors(state))
    assert bounded.find(run, "covered", 3, heed_range=False) is None


def test_an_instance_is_taken_as_it_is() -> None:
    assert bounded.find(Instance(*yardstick.exchange(1, 1, 2)), "done", 3) is None


@pytest.mark.parametrize("kind", [Kind.LEADS_TO, Kind.RECOVERABLE, Kind.ASSUME])
def test_only_what_a_bounded_search_can_decide_is_asked(kind: Kind) -> None:
    run = Run(*yardstick.exchange(1, 1, 2))
    with pytest.raises(ModelError, match="decides always, step and sometimes"):
        bounded.find(run, Property(kind, "other", "Something else.", TRUE), 1)


def test_time_that_runs_out_is_said() -> None:
    found = bounded.find(Run(*yardstick.exchange(4, 2, 11)), "done", 40, seconds=0.001)
    assert isinstance(found, Unknown)
    assert "z3 gave up after" in found.why


def test_a_reading_that_differs_from_the_interpreter_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy step of this reading forgets what it requires; the interpreter does not go along."""
    guard = Finite.guard

    def forgetful(self: Finite, action: Action, env: Env, at: Rows) -> Value:
        return True if action.name == "copy_in" else guard(self, action, env, at)

    monkeypatch.setattr(Finite, "guard", forgetful)
    with pytest.raises(bounded.Disagreement, match="refuses"):
        bounded.find(Run(*yardstick.exchange(1, 1, 1)), "within_capacity", 8)


# ------------------------------------------------------------------------------------------------- induction
def test_the_invariants_of_the_yardstick_are_inductive_together_and_not_alone() -> None:
    run = Run(*yardstick.exchange(3, 3, 9))
    together = run.system.of_kind(Kind.ALWAYS)
    proof = bounded.induction(run, together)
    assert isinstance(proof, Holds)
    assert proof.how == "k-inductive, with k = 1"
    assert proof.properties == tuple(p.name for p in together)
    alone = bounded.induction(run, run.system.property("within_capacity"))
    assert isinstance(alone, Unknown)
    assert "leaves its range" in alone.why


def test_induction_names_the_property_and_the_state_that_blocks_it() -> None:
    run = Run(*yardstick.exchange(2, 2, 4))
    kept = [p for p in run.system.of_kind(Kind.ALWAYS) if p.name != "suspended_means_nested"]
    blocked = bounded.induction(run, kept)
    assert isinstance(blocked, Unknown)
    assert "consolidated_before_exchange fails after kill_old" in blocked.why
    assert "host.host_vm = SUSPENDED" in blocked.why


def test_what_one_state_cannot_tell_is_proved_with_two() -> None:
    run = Run(System((Token,), (turn, slip), (never_at_three,)), World("token", Token("t")))
    blocked = bounded.induction(run, never_at_three, 1)
    assert isinstance(blocked, Unknown)
    assert blocked.why == "never_at_three fails after slip(0,) from t.place = 2"
    proof = bounded.induction(run, never_at_three, 2)
    assert isinstance(proof, Holds)
    assert proof.how == "k-inductive, with k = 2"


def test_induction_finds_what_is_wrong_from_the_start() -> None:
    never = Property(Kind.ALWAYS, "never", "Nothing is.", FALSE)
    found = bounded.induction(Run(*yardstick.exchange(1, 1, 2)), never, 2)
    assert isinstance(found, Violated)
    assert found.steps == ()


def test_induction_holds_exactly_where_plain_search_finds_nothing_on_accounts() -> None:
    for system in [accounts.SYSTEM, *mutants(accounts.SYSTEM)]:
        run = Run(system, accounts.world(most=2, reserve=2, limits=(2, 1)))
        plain = search(run)
        goals = system.of_kind(Kind.ALWAYS, Kind.STEP)
        broken = any(p.name in plain.soonest for p in goals)
        try:
            proof = bounded.induction(run, goals, 1)
        except OutOfRange:
            assert plain.first_out_of_range is not None
            continue
        assert isinstance(proof, Holds) <= (not broken and plain.first_out_of_range is None)


def test_z3_is_loaded_only_by_whoever_asks() -> None:
    code = "import sys, holdfast.checkers.smt, holdfast.checkers.interpret; assert 'z3' not in sys.modules"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    code = "import sys, holdfast.checkers.smt.bounded; assert 'z3' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
