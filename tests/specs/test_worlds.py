"""The named worlds: together they do and show everything; what they leave out and assume is said, and exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.checkers import graph
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Violated
from holdfast.model.language import Kind, ModelError, World
from holdfast.specs import ledger, liveness, small_worlds
from holdfast.specs.case import Case, seeing
from holdfast.specs.model import full, live, safety
from holdfast.specs.moves import worlds as moves
from holdfast.specs.questions import ONCE
from holdfast.specs.worlds import MODEL_WORLDS, WORLDS
from tests.specs.pinned import REWRITE

SPECS = Path(small_worlds.__file__).parent
ASSUMPTIONS = (SPECS / "assumptions.md").read_text(encoding="utf-8")
WRITTEN = (small_worlds, moves)
HOLDING = [name for name, case in MODEL_WORLDS.items() if case.breaks is None]


# ------------------------------------------------------------------------------------------------ together
def test_together_the_worlds_of_the_model_fire_every_action() -> None:
    rows = ledger.read().worlds
    fired = {action for name in MODEL_WORLDS for action, times in rows[name].firings.items() if times}

    assert fired == {a.name for a in full().actions}


def test_together_the_worlds_of_the_model_show_every_witness() -> None:
    rows = ledger.read().worlds
    shown = {witness for name in HOLDING for witness in rows[name].witnesses}

    assert shown == {p.name for p in full().of_kind(Kind.SOMETIMES)}


def test_a_world_shows_every_witness_that_it_does_not_leave_out() -> None:
    rows = ledger.read().worlds

    for name in HOLDING:
        system, _ = MODEL_WORLDS[name].build()
        assert set(rows[name].witnesses) == {p.name for p in system.of_kind(Kind.SOMETIMES)}, name
        assert not rows[name].never, name


def test_every_property_of_the_catalogue_has_a_witness_under_its_name() -> None:
    witnessed = {cited for p in full().of_kind(Kind.SOMETIMES) for cited in p.cites}

    for p in full().of_kind(Kind.ALWAYS, Kind.STEP):
        assert set(p.cites) <= witnessed, p


# ------------------------------------------------------------------------------------------------ one by one
@pytest.mark.parametrize("name", WORLDS)
def test_a_world_has_its_name_and_its_reasons(name: str) -> None:
    case = WORLDS[name]
    system, world = case.build()

    assert case.name == name == world.name
    assert case.reason.endswith(".")
    assert all(case.bounds.values())
    assert all(world.leave_out.values())
    assert all(case.unseen.values())
    if name in MODEL_WORLDS:
        assert case.bounds
        assert world.reason == case.reason
        kept = {p.name for p in safety().of_kind(Kind.ALWAYS, Kind.STEP, Kind.ASSUME)}
        assert kept <= {p.name for p in system.properties}
        assert not Run(system, world).unmet_assumptions()


def test_a_world_that_is_there_to_fail_names_a_property_that_must_hold() -> None:
    failing = {case.name: case.breaks for case in MODEL_WORLDS.values() if case.breaks}

    assert len(failing) >= 2
    for breaks in failing.values():
        assert breaks and full().property(breaks).kind in (Kind.ALWAYS, Kind.STEP)


def test_only_a_witness_is_left_out_by_name() -> None:
    assert len(seeing(full(), {"machine_full": "why"}).properties) == len(full().properties) - 1
    with pytest.raises(ModelError, match="no_vm_lost is no witness"):
        seeing(full(), {"no_vm_lost": "why"})
    with pytest.raises(ModelError, match="machine_fill"):
        seeing(full(), {"machine_fill": "why"})


def test_every_case_of_the_text_is_registered_once() -> None:
    written = [found for module in WRITTEN for found in vars(module).values() if isinstance(found, Case)]

    assert [case.name for case in written] == list(MODEL_WORLDS)


# ------------------------------------------------------------------------------------------------ assumptions
def test_assumptions_are_numbered_in_order() -> None:
    numbers = [int(n) for n in re.findall(r"^\*\*A(\d+) ", ASSUMPTIONS, re.MULTILINE)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert ASSUMPTIONS.count("*Where:*") == len(numbers)


def test_what_an_assumption_names_exists() -> None:
    fields = {repr(f) for sort in full().sorts for f in sort.fields}
    named = {a.name for a in full().actions} | {p.name for p in (*full().properties, *live().properties)}
    said = set(re.findall(r"`([^`]+)`", ASSUMPTIONS))

    assert said
    assert said <= fields | named | set(WORLDS)


def test_an_assumption_that_is_cited_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*SPECS.glob("*.py"), *(SPECS.parent / "model").glob("*.py"))]
    cited = {number for text in texts for number in re.findall(r"\(A(\d+)\)", text)}
    numbers = set(re.findall(r"^\*\*A(\d+) ", ASSUMPTIONS, re.MULTILINE))

    assert cited
    assert cited <= numbers


# --------------------------------------------------------------------------------------------------- liveness
def smallest_without(*actions: str) -> World:
    """The smallest world with these actions left out, and faults: nothing else should be needed to see the failure."""
    _, world = MODEL_WORLDS["smallest"].build()
    left = {**world.leave_out, **dict.fromkeys((*actions, *ONCE), "to see what rests on the actions")}
    return World("smallest", *world.members, leave_out=left)


@pytest.mark.parametrize("name", ["smallest", "growth-in-flight"])
def test_an_exchange_can_always_be_ended_one_way_or_the_other(name: str) -> None:
    verdict = graph.check(Run(live(), MODEL_WORLDS[name].build()[1]))

    assert isinstance(verdict, Holds)
    assert set(verdict.properties) == {p.name for p in vars(liveness).values() if p in live().properties}
    assert verdict.figures.states == ledger.read().worlds[name].states or REWRITE


@pytest.mark.parametrize(
    ("left_out", "breaks"),
    [
        (("roll_back",), "can_be_rolled_back"),
        (("withdraw",), "can_be_rolled_back"),
        (("destroy_host_vm",), "can_be_rolled_back"),
        (("resume",), "can_be_done"),
        (("disassociate",), "can_be_done"),
    ],
)
def test_what_can_be_done_rests_on_its_actions(left_out: tuple[str, ...], breaks: str) -> None:
    verdict = graph.check(Run(live(), smallest_without(*left_out)))

    assert isinstance(verdict, Violated)
    assert verdict.property == breaks


@pytest.mark.parametrize(
    ("left_out", "breaks"),
    [(("resume",), "suspended_resumes"), (("commit", "cancel"), "flight_ends"), (("activate",), "flight_ends")],
)
def test_what_comes_in_the_end_rests_on_its_actions(left_out: tuple[str, ...], breaks: str) -> None:
    found = graph.explicit(Run(live(), smallest_without(*left_out)))
    verdict = graph.leads_to(found, live().property(breaks))

    assert isinstance(verdict, Violated)
    last = found.run.replay(verdict.steps, verdict.initial)[-1]
    assert not found.run.value(live().property(breaks).goal, last, {})
