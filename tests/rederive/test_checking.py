"""What counts as a gap: nothing that was pinned is believed, and nothing undecided counts as Holds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from holdfast.rederive.checking import Checked, check, compared, surviving
from holdfast.rederive.tasks import Outcome, Section, Task, derive, tasks
from holdfast.specs import ledger
from holdfast.specs.catalogue import missing, rows
from holdfast.specs.decided import asked
from holdfast.specs.equivalents import EQUIVALENT
from holdfast.specs.ledger import Ledger, RemovalRow
from holdfast.specs.mutants import MUTANTS
from holdfast.specs.removals import removals
from holdfast.specs.worlds import MODEL_WORLDS

LEDGER = ledger.read()
UNSAID = {(name, "no property says it") for name in missing(rows())}
"""Identifiers that no part of the model has yet: gaps of their own, whatever else is asked here."""


def as_pinned(found: Ledger = LEDGER) -> list[Outcome]:
    """The outcomes of a run that came to what a ledger says."""
    sections: dict[Section, Mapping[str, Any]] = {
        "worlds": {name: row for name, row in found.worlds.items() if name in MODEL_WORLDS},
        "mutants": found.mutants,
        "liveness": found.liveness,
        "removals": found.removals,
    }
    return [Outcome(Task(s, name), {name: row}) for s, part in sections.items() for name, row in part.items()]


def nobody(_done: int, _of: int, _outcome: Outcome) -> None:
    """Listens to no progress."""


def gaps(checked: Checked) -> set[tuple[str, str]]:
    """Those beside what nobody says."""
    return {(gap.name, gap.says) for gap in checked.gaps} - UNSAID


def without(section: Section, name: str) -> list[Outcome]:
    return [o for o in as_pinned() if o.task != Task(section, name)]


# ------------------------------------------------------------------------------------------------ what is compared
def test_what_comes_out_as_pinned_has_no_gap_but_what_nobody_says() -> None:
    checked = compared(as_pinned(), LEDGER)

    assert not gaps(checked)
    assert {(gap.name, gap.says) for gap in checked.gaps} == UNSAID
    assert list(checked.rows) == rows()
    assert checked.exit_code == (1 if UNSAID else 0)


def test_one_state_more_is_a_gap() -> None:
    row = LEDGER.worlds["smallest"]
    more = replace(LEDGER, worlds={**LEDGER.worlds, "smallest": replace(row, states=row.states + 1)})

    assert gaps(compared(as_pinned(more), LEDGER)) == {
        ("smallest", f"the ledger says otherwise: states {row.states}, now {row.states + 1}")
    }


def test_a_world_that_breaks_is_a_gap_of_every_property_that_it_should_keep() -> None:
    row = replace(LEDGER.worlds["smallest"], verdict="Violated", broke="no_vm_lost", steps=3)
    found = gaps(compared(as_pinned(replace(LEDGER, worlds={**LEDGER.worlds, "smallest": row})), LEDGER))

    assert ("smallest", "it breaks no_vm_lost") in found
    assert ("S2 no_vm_lost", "its verdict is Holds, Violated") in found


def test_a_world_that_is_there_to_break_and_does_not_is_a_gap() -> None:
    name = next(name for name, case in MODEL_WORLDS.items() if case.breaks)
    row = replace(LEDGER.worlds[name], verdict="Holds", broke=None, steps=None)
    found = gaps(compared(as_pinned(replace(LEDGER, worlds={**LEDGER.worlds, name: row})), LEDGER))

    assert (name, "it breaks None") in found


def test_a_truncated_exploration_never_counts_as_holds() -> None:
    cut = Outcome(Task("worlds", "smallest"), undecided="2 seconds are over")
    checked = compared([*without("worlds", "smallest"), cut], LEDGER)

    assert not gaps(checked)
    assert [gap.says for gap in checked.undecided] == ["2 seconds are over"]
    assert replace(checked, gaps=()).exit_code == 3
    assert {row.verdict for row in checked.rows if row.property == "no_vm_lost"} == {"Holds, Unknown"}


def test_what_was_not_asked_is_a_gap() -> None:
    assert ("S2 no_vm_lost", "its verdict is Holds, Unknown") in gaps(compared(without("worlds", "smallest"), LEDGER))


def test_a_property_without_its_mutant_is_a_gap() -> None:
    only = [m.name for m in MUTANTS.values() if m.breaks == "exchange_ends"]
    assert len(only) == 1
    failed = Outcome(Task("mutants", only[0]), failed="nothing catches it: Holds")
    found = gaps(compared([*without("mutants", only[0]), failed], LEDGER))

    assert found == {("L2 exchange_ends", "no mutant shows that it can fail"), (only[0], "nothing catches it: Holds")}


def test_a_property_without_a_witness_is_vacuous() -> None:
    never = {name: replace(row, witnesses={}) for name, row in LEDGER.worlds.items()}
    found = gaps(compared(as_pinned(replace(LEDGER, worlds=never)), LEDGER))

    assert ("S1 one_authority", "no witness is seen in any world: it is vacuous") in found


def test_a_liveness_property_that_has_nothing_to_wait_for_is_vacuous() -> None:
    idle = {name: replace(row, first=0) for name, row in LEDGER.liveness.items()}
    found = gaps(compared(as_pinned(replace(LEDGER, liveness=idle)), LEDGER))

    assert ("L3 suspended_resumes", "no witness is seen in any world: it is vacuous") in found


def test_a_row_without_a_world_and_a_world_without_a_row_are_gaps() -> None:
    stale = replace(LEDGER, worlds={**LEDGER.worlds, "flat": LEDGER.worlds["smallest"]})
    unpinned = replace(LEDGER, worlds={n: row for n, row in LEDGER.worlds.items() if n != "smallest"})

    assert ("flat", "the ledger has a row of it, but there is no such world") in gaps(compared(as_pinned(), stale))
    assert ("smallest", "the ledger has no row of it") in gaps(compared(as_pinned(), unpinned))


# ---------------------------------------------------------------------------------------------------- removals
def test_a_survivor_is_a_gap_unless_it_is_listed() -> None:
    name = next(removal.name for removal in removals() if LEDGER.removals[removal.name].killer)
    survives = {**LEDGER.removals, name: RemovalRow()}

    assert [gap.name for gap in surviving(survives)] == [name]
    assert not [*surviving(LEDGER.removals)]


def test_what_is_listed_and_killed_all_the_same_is_a_gap() -> None:
    listed = ": ".join(next(iter(EQUIVALENT)))
    killed = {**LEDGER.removals, listed: RemovalRow("no_vm_lost", "smallest", 3)}

    assert [gap.says for gap in surviving(killed)] == ["it is listed as equivalent, but no_vm_lost misses it"]


def test_a_removal_that_nobody_tried_is_a_gap() -> None:
    assert len([*surviving({})]) == len(removals())


# ------------------------------------------------------------------------------------------------------ deriving
@pytest.mark.parametrize(
    "task",
    [
        Task("worlds", "smallest"),
        Task("worlds", "guest-outgrows-machine"),
        Task("mutants", "source-continued"),
        Task("mutants", "waits-for-the-guest"),
        Task("liveness", "never-given-up"),
        Task("removals", removals()[0].name),
    ],
    ids=lambda task: f"{task.section}-{task.name}",
)
def test_a_task_derives_what_is_pinned(task: Task) -> None:
    outcome = derive(task, LEDGER, time.time() + 60)
    pinned: Mapping[str, Any] = getattr(LEDGER, task.section)

    assert outcome.rows
    assert {name: pinned[name] for name in outcome.rows} == outcome.rows


def test_without_time_everything_is_undecided() -> None:
    todo = tasks(LEDGER, with_removals=True)
    checked = check(todo, LEDGER, seconds=0, jobs=1, told=nobody)

    assert len(checked.undecided) == len(todo)
    assert not gaps(checked)
    assert {row.verdict for row in checked.rows} == {"Unknown"}


def test_processes_derive_what_one_does() -> None:
    todo = [Task("worlds", "smallest"), Task("mutants", "source-continued"), Task("worlds", "one-at-a-time")]
    said: list[tuple[int, int]] = []
    one = check(todo, LEDGER, seconds=60, jobs=1, told=nobody)
    two = check(todo, LEDGER, seconds=60, jobs=2, told=lambda done, of, _: said.append((done, of)))

    assert one == two
    assert said == [(1, 3), (2, 3), (3, 3)]


def test_everything_is_a_task_and_the_longest_comes_first() -> None:
    todo = tasks(LEDGER, with_removals=True)
    most = max((row.transitions, name) for name, row in LEDGER.worlds.items() if name in MODEL_WORLDS)[1]

    assert todo[0] == Task("worlds", most)
    assert {t.name for t in todo if t.section == "worlds"} == set(MODEL_WORLDS)
    assert {t.name for t in todo if t.section == "mutants"} == set(MUTANTS)
    assert {t.name for t in todo if t.section == "liveness"} == {one.world for one in asked()}
    assert {t.name for t in todo if t.section == "removals"} == {r.name for r in removals()}
    assert not [t for t in tasks(LEDGER, with_removals=False) if t.section == "removals"]
