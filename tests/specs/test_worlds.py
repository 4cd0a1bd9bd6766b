"""The named worlds: together they do and show everything; what they leave out and assume is said, and exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.checkers.interpret import Run
from holdfast.model.language import Kind, ModelError
from holdfast.specs import forward_worlds, full_machines, ledger, small_worlds
from holdfast.specs.case import Case, seeing
from holdfast.specs.controller import worlds as controller
from holdfast.specs.downtime import worlds as downtime
from holdfast.specs.frames import worlds as frames
from holdfast.specs.model import PARTS, full, live, safety
from holdfast.specs.moves import worlds as moves
from holdfast.specs.partitions import worlds as partitions
from holdfast.specs.placement import worlds as placed
from holdfast.specs.scheduler import worlds as scheduler
from holdfast.specs.storage import worlds as storage
from holdfast.specs.worlds import MODEL_WORLDS, WORLDS

SPECS = Path(small_worlds.__file__).parent
ASSUMPTIONS = (SPECS / "assumptions.md").read_text(encoding="utf-8")
WRITTEN = (
    small_worlds,
    forward_worlds,
    full_machines,
    moves,
    storage,
    downtime,
    placed,
    frames,
    partitions,
    scheduler,
    controller,
)
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
    named = {a.name for a in full().actions} | {p.name for p in (*full().properties, *live(*PARTS).properties)}
    said = set(re.findall(r"`([^`]+)`", ASSUMPTIONS))

    assert said
    assert said <= fields | named | set(WORLDS)


def test_an_assumption_that_is_cited_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*SPECS.glob("*.py"), *(SPECS.parent / "model").glob("*.py"))]
    cited = {number for text in texts for number in re.findall(r"\(A(\d+)\)", text)}
    numbers = set(re.findall(r"^\*\*A(\d+) ", ASSUMPTIONS, re.MULTILINE))

    assert cited
    assert cited <= numbers
