"""The catalogue: every requirement of the model has worlds, a witness and a mutant, and nothing in it is by hand."""

from __future__ import annotations

from dataclasses import replace

from holdfast.model.language import Kind
from holdfast.specs import ledger
from holdfast.specs.catalogue import REQUIREMENTS, missing, rows
from holdfast.specs.decided import LIVENESS, Asked, asked
from holdfast.specs.ledger import Ledger
from holdfast.specs.model import PARTS, full, live
from holdfast.specs.worlds import MODEL_WORLDS


def test_no_row_lacks_a_world_a_witness_or_a_mutant() -> None:
    for row in rows():
        assert row.sentence, row
        assert row.worlds, row
        assert row.witness, row
        assert row.mutants, row
        assert row.verdict == "Holds", row


def test_every_requirement_has_a_row_and_every_citing_property_its_rows() -> None:
    properties = (*full().of_kind(Kind.ALWAYS, Kind.STEP), *live(*PARTS).of_kind(*LIVENESS))
    cited = {(cite, p.name) for p in properties for cite in p.cites}

    assert {(row.id, row.property) for row in rows()} == cited
    ids = list(dict.fromkeys(row.id for row in rows()))
    assert ids == [name for name in REQUIREMENTS if name in ids]
    assert {*ids, *missing(rows())} == set(REQUIREMENTS)
    assert not set(ids) & set(missing(rows()))


def test_a_witness_is_shown_where_it_is_soonest() -> None:
    pinned = ledger.read().worlds
    shown = {shown for row in rows() for shown in row.witness if not shown.states}

    assert shown
    for one in shown:
        everywhere = [
            pinned[name].witnesses[one.witness] for name in MODEL_WORLDS if one.witness in pinned[name].witnesses
        ]
        assert one.steps == min(everywhere) == pinned[one.world].witnesses[one.witness]


def test_a_liveness_property_is_shown_where_it_has_something_to_wait_for() -> None:
    pinned = ledger.read().liveness
    shown = {shown for row in rows() for shown in row.witness if shown.states}

    assert shown
    for one in shown:
        assert pinned[Asked(one.witness, one.world).row].first == one.states


def test_worlds_that_are_there_to_fail_are_named_apart() -> None:
    failing = {row.property: row.violated_in for row in rows() if row.violated_in}

    assert set(failing) == {case.breaks for case in MODEL_WORLDS.values() if case.breaks}
    for row in rows():
        assert not set(row.worlds) & {name for name, case in MODEL_WORLDS.items() if case.breaks}


def test_a_world_that_broke_turns_the_verdict() -> None:
    pinned = ledger.read()
    broken = replace(pinned.worlds["smallest"], verdict="Violated", broke="no_vm_lost", steps=1)
    one = Asked("exchange_ends", "never-given-up").row
    never = {one: replace(pinned.liveness[one], verdict="Violated", steps=9)}

    found = rows(Ledger({**pinned.worlds, "smallest": broken}, pinned.mutants, {**pinned.liveness, **never}))

    touched = {row.property for row in found if "smallest" in row.worlds and row.property not in pinned_alive()}
    assert touched
    assert {row.verdict for row in found if row.property in touched} == {"Holds, Violated"}
    assert {row.property for row in found if row.verdict != "Holds"} == {*touched, "exchange_ends"}


def pinned_alive() -> set[str]:
    """The liveness properties: what an exploration says of a world says nothing of them."""
    return {one.named for one in asked()}


def test_an_empty_ledger_knows_nothing() -> None:
    found = rows(Ledger())

    assert {row.verdict for row in found} == {"Unknown"}
    assert not any(row.witness for row in found)
    assert not any(row.mutants for row in found)


def test_the_names_are_those_of_the_catalogue_of_requirements() -> None:
    assert len(REQUIREMENTS) == len(set(REQUIREMENTS)) == 18 + 14 + 1 + 7 + 7 + 5
    assert REQUIREMENTS[0] == "S1"
    assert REQUIREMENTS[-1] == "F5"


def test_a_name_without_a_property_is_missing() -> None:
    without = [row for row in rows() if row.id != "S4"]

    assert "S4" in missing(without)
    assert "S4" not in missing(rows())
