"""Logs whose amounts are open: held against numbered states, and at sizes that nobody could number."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Annotated

import pytest

from holdfast.checkers.conform.inclusion import Acceptor, Excluded, Included, Undecided
from holdfast.checkers.conform.observation import Observed, seen
from holdfast.checkers.conform.quantities import QuantityAcceptor
from holdfast.checkers.interpret import Run
from holdfast.model.language import (
    Action,
    Actor,
    Entity,
    ModelError,
    Quantity,
    Role,
    System,
    Unit,
    World,
    action,
    between,
    check,
    constant,
    require,
    varying,
)

from .runs import run_of, walk

litres = Unit("litres")
RAIN, KEEPER = Actor("rain", Role.ENVIRONMENT), Actor("keeper", Role.PLANNED)
MOST = 50_000_000


class Sky(Entity):
    """How much it may rain at once."""

    most = constant(litres)


class Tank(Entity):
    """A tank with a tap, and a drain that takes what is in it."""

    size = constant(litres)
    water = varying(litres, upto=size)
    drained = varying(litres, upto=None)
    shut = varying(bool)


@action(by=RAIN)
def rain(tank: Tank, amount: Annotated[Quantity, between(litres, 1, Sky.most)]) -> None:
    """Water falls into an open tank."""
    require(~tank.shut, "the tank is open")
    require(tank.water + amount <= tank.size, "the tank has room")
    tank.water += amount


@action(by=KEEPER)
def drain(tank: Tank, amount: Annotated[Quantity, between(litres, 1, Sky.most)]) -> None:
    """Water is let out of a tank that is shut."""
    require(tank.shut, "the tank is shut")
    require(amount <= tank.water, "so much water is in the tank")
    tank.water -= amount
    tank.drained += amount


@action(by=KEEPER)
def shut(tank: Tank) -> None:
    """The tank is shut."""
    require(~tank.shut, "the tank is open")
    tank.shut = True


@action(by=KEEPER)
def reopen(tank: Tank) -> None:
    """The tank is opened once it is empty."""
    require(tank.shut, "the tank is shut")
    require(tank.water == 0, "the tank is empty")
    tank.shut = False


def tanks() -> Run:
    """Two tanks of a thousand litres."""
    system = check(System((Sky, Tank), (_traced(rain), _traced(drain), _traced(shut), _traced(reopen)), ()))
    return Run(system, World("tanks", Sky("sky", most=MOST), Tank("a", size=1000), Tank("b", size=1000)))


def _traced(traced: object) -> Action:
    assert isinstance(traced, Action)
    return traced


def test_what_fell_unobserved_before_the_tank_was_shut_is_inferred_from_what_is_let_out_later() -> None:
    log = [
        Observed("shut", {"tank": "a"}),
        Observed("drain", {"tank": "a", "amount": 700}),
        Observed("reopen", {"tank": "a"}),
    ]

    assert isinstance(QuantityAcceptor(tanks(), ["rain"]).judge(log), Included)
    seen_all = QuantityAcceptor(tanks()).judge(log)
    assert isinstance(seen_all, Excluded) and seen_all.number == 1
    assert seen_all.diagnosis.always == ("so much water is in the tank",)


def test_what_was_seen_after_an_event_bounds_what_can_have_been_hidden() -> None:
    drained = Observed("drain", {"tank": "a"}, {"a.water": 5, "a.drained": 600})
    acceptor = QuantityAcceptor(tanks(), ["rain"])

    right = acceptor.judge([Observed("shut", {"tank": "a"}), drained, Observed("drain", {"tank": "a", "amount": 5})])
    wrong = acceptor.judge([Observed("shut", {"tank": "a"}), drained, Observed("drain", {"tank": "a", "amount": 6})])

    assert isinstance(right, Included)
    assert isinstance(wrong, Excluded) and wrong.number == 2
    assert wrong.diagnosis.always == ("so much water is in the tank",)


def test_more_than_any_amounts_could_make_is_refused_by_name() -> None:
    log = [Observed("shut", {"tank": "b"}), Observed("drain", {"tank": "b", "amount": 1001})]

    verdict = QuantityAcceptor(tanks(), ["rain"]).judge(log)

    assert isinstance(verdict, Excluded) and verdict.matched == {None: 1}
    assert verdict.diagnosis.refused == ("so much water is in the tank",)


def test_what_was_seen_and_no_amounts_lead_to_is_told() -> None:
    shown = Observed("shut", {"tank": "a"}, {"a.shut": True, "b.water": 7, "a.water": 2000})

    verdict = QuantityAcceptor(tanks(), ["rain"]).judge([shown])

    assert isinstance(verdict, Excluded)
    assert [d.key for d in verdict.diagnosis.differs] == ["a.water"]


def test_hidden_steps_that_change_control_are_tried_before_the_event_and_before_earlier_ones() -> None:
    rained = Observed("rain", {"tank": "a", "amount": 9})
    log = [Observed("shut", {"tank": "a"}), rained, Observed("drain", {"tank": "a", "amount": 9})]

    shown = QuantityAcceptor(tanks(), ["rain", "drain"]).judge(log)
    hidden = QuantityAcceptor(tanks(), ["rain", "shut", "reopen", "drain"]).judge(log)

    assert isinstance(shown, Excluded) and shown.number == 1
    assert isinstance(hidden, Included)


def test_hidden_steps_are_found_that_only_help_other_hidden_steps() -> None:
    emptied = [Observed("drain", {"tank": "a", "amount": 30}), Observed("drain", {"tank": "a", "amount": 40})]
    log = [Observed("shut", {"tank": "a"}), emptied[0], Observed("reopen", {"tank": "a"}), emptied[1]]

    assert isinstance(QuantityAcceptor(tanks(), ["rain", "shut"], depth=0).judge(log), Included)
    assert isinstance(QuantityAcceptor(tanks(), ["rain"], depth=0).judge(log), Excluded)


def test_bounds_leave_a_log_undecided_rather_than_refused() -> None:
    never = [Observed("shut", {"tank": "a"}), Observed("drain", {"tank": "a", "amount": 2000})]

    few = QuantityAcceptor(tanks(), ["rain", "shut", "reopen"], tries=3).judge(never)
    shallow = QuantityAcceptor(tanks(), ["shut", "reopen"], depth=1).judge(never)

    assert isinstance(few, Undecided) and "more than 3 steps" in few.why
    assert isinstance(shallow, Undecided) and "more than 1 hidden steps in a row" in shallow.why


def test_the_nearest_events_name_the_largest_amounts_that_are_possible() -> None:
    log = [Observed("rain", {"tank": "a", "amount": 400}), Observed("drain", {"tank": "a", "amount": 5})]

    verdict = QuantityAcceptor(tanks()).judge(log)

    assert isinstance(verdict, Excluded) and verdict.diagnosis.always == ("the tank is shut",)
    said = [(near.why, [str(e) for e in near.steps]) for near in verdict.diagnosis.nearest]
    assert ("about the same", ["rain a 600"]) in said
    assert ("after this it can be taken", ["shut a"]) in said


def test_what_cannot_be_filled_in_is_refused_before_any_log() -> None:
    run = run_of("reclaim-first")

    with pytest.raises(ModelError, match="reclaim cannot stay unobserved: it has more than one number"):
        QuantityAcceptor(run, ["reclaim"])
    with pytest.raises(ModelError, match="in the order of the log"):
        QuantityAcceptor(run).judge([], by_process=True)


@pytest.mark.parametrize("world", ["growth-in-flight", "six-classes", "bursts", "every-fault", "smallest"])
def test_with_open_amounts_the_verdict_is_that_on_numbered_states(world: str) -> None:
    run, verdicts = run_of(world), Counter[tuple[str, str]]()
    amounts = [a.name for a in run.instance.actions if [p for p in a.parameters if p.range is not None][:1] != []]
    flows = [name for name in amounts if name != "reclaim"]
    kinds = [flows, [a for a in flows if run.system.action(a).by.name == "guest"], flows[-2:]]
    judges = [(Acceptor(run, hidden), QuantityAcceptor(run, hidden), hidden) for hidden in kinds]

    for seed in range(24):
        by_number, by_amount, hidden = judges[seed // 2 % 3]
        chance = random.Random(seed)
        log = [e for e in walk(run, 40, seed, whole=seed % 3 == 0) if e.action not in hidden or chance.random() < 0.5]
        if seed % 2 and log:
            a, arguments = chance.choice([s for s in run.every_step if s[0].name not in hidden])
            log[chance.randrange(len(log))] = replace(seen(run, a.name, arguments), line=99)
        numbered, opened = by_number.judge(log), by_amount.judge(log)

        verdicts[type(numbered).__name__, type(opened).__name__] += 1
        if isinstance(numbered, Excluded):
            assert isinstance(opened, Excluded), opened
            assert opened.number == numbered.number
            assert set(opened.diagnosis.always) <= set(numbered.diagnosis.refused)
    assert verdicts["Included", "Included"] >= 8 and verdicts["Excluded", "Excluded"] >= 3
    assert set(verdicts) <= {("Included", "Included"), ("Excluded", "Excluded")}, verdicts
