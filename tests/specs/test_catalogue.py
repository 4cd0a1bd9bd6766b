"""The catalogue: every requirement of the model has worlds, a witness and a mutant, and nothing in it is by hand."""

from __future__ import annotations

from dataclasses import replace

from holdfast.model.language import Kind
from holdfast.specs import ledger
from holdfast.specs.catalogue import REQUIREMENTS, rows
from holdfast.specs.ledger import Ledger
from holdfast.specs.model import full
from holdfast.specs.worlds import MODEL_WORLDS


def test_no_row_lacks_a_world_a_witness_or_a_mutant() -> None:
    for row in rows():
        assert row.sentence, row
        assert row.worlds, row
        assert row.witness, row
        assert row.mutants, row
        assert row.verdict == "Holds", row


def test_every_requirement_has_a_row_and_every_citing_property_its_rows() -> None:
    cited = {(cite, p.name) for p in full().of_kind(Kind.ALWAYS, Kind.STEP) for cite in p.cites}

    assert {(row.id, row.property) for row in rows()} == cited
    assert list(dict.fromkeys(row.id for row in rows())) == list(REQUIREMENTS)


def test_a_witness_is_shown_where_it_is_soonest() -> None:
    pinned = ledger.read().worlds
    shown = {shown for row in rows() for shown in row.witness}

    assert shown
    for one in shown:
        everywhere = [
            pinned[name].witnesses[one.witness] for name in MODEL_WORLDS if one.witness in pinned[name].witnesses
        ]
        assert one.steps == min(everywhere) == pinned[one.world].witnesses[one.witness]


def test_worlds_that_are_there_to_fail_are_named_apart() -> None:
    failing = {row.property: row.violated_in for row in rows() if row.violated_in}

    assert set(failing) == {case.breaks for case in MODEL_WORLDS.values() if case.breaks}
    for row in rows():
        assert not set(row.worlds) & {name for name, case in MODEL_WORLDS.items() if case.breaks}


def test_a_world_that_broke_turns_the_verdict() -> None:
    pinned = ledger.read()
    broken = replace(pinned.worlds["smallest"], verdict="Violated", broke="no_vm_lost", steps=1)

    found = rows(Ledger({**pinned.worlds, "smallest": broken}, pinned.mutants))

    there = [row for row in found if "smallest" in row.worlds]
    assert {row.verdict for row in there} == {"Holds, Violated"}
    assert {row.verdict for row in found if row not in there} == {"Holds"}


def test_an_empty_ledger_knows_nothing() -> None:
    found = rows(Ledger())

    assert {row.verdict for row in found} == {"Unknown"}
    assert not any(row.witness for row in found)
