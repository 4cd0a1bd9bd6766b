"""Every requirement, removed: a property of the model misses it, or it is listed as equivalent, with the reason."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.model.language import Kind
from holdfast.rederive.killing import kill
from holdfast.specs import ledger
from holdfast.specs.decided import LIVENESS, asked
from holdfast.specs.equivalents import EQUIVALENT
from holdfast.specs.model import PARTS, full, live
from holdfast.specs.removals import IN_RANGE, Removal, removals
from holdfast.specs.worlds import MODEL_WORLDS
from tests.specs.pinned import pin_removal

LEDGER = ledger.read()
CHEAP_TRANSITIONS = 2_000
LIVE = {one.named for one in asked()}
ONE_IN = 4


def quick() -> set[Removal]:
    """One in so many of those that a cheap world kills before all are explored; the slow tests look at the others."""
    killed = [r for r in removals() if r.name in LEDGER.removals and LEDGER.removals[r.name].world]
    never_stuck = [r for r in killed if LEDGER.removals[r.name].killer not in LIVE]
    cheap = [
        r for r in never_stuck if LEDGER.worlds[str(LEDGER.removals[r.name].world)].transitions <= CHEAP_TRANSITIONS
    ]
    return set(cheap[::ONE_IN])


QUICK = quick()


@pytest.mark.parametrize(
    "removal",
    [pytest.param(r, marks=[] if r in QUICK else [pytest.mark.slow], id=r.name) for r in removals()],
)
def test_a_removal_is_killed_as_pinned(removal: Removal) -> None:
    pin_removal(removal.name, kill(removal, LEDGER))


def test_what_survives_is_listed_and_what_is_listed_survives() -> None:
    surviving = {r for r in removals() if LEDGER.removals[r.name].killer is None}

    assert {(r.action, r.sentence) for r in surviving} == EQUIVALENT.keys()
    assert all(EQUIVALENT.values())


def test_fewer_than_one_in_twenty_survives() -> None:
    assert len(EQUIVALENT) * 20 < len(removals())


def test_what_kills_is_a_property_of_the_model() -> None:
    named = {p.name for p in (*full().of_kind(Kind.ALWAYS, Kind.STEP), *live(*PARTS).of_kind(*LIVENESS))}
    killers = {row.killer for row in LEDGER.removals.values() if row.killer}

    assert killers <= named | {IN_RANGE}
    assert len(killers) > 15


def test_lemmas_kill_only_what_the_guests_are_assumed_to_keep() -> None:
    """Everything else is missed by a property that cites the catalogue."""
    lemmas = {p.name for p in full().of_kind(Kind.ALWAYS, Kind.STEP) if not p.cites}
    by_lemma = {row.killer for row in LEDGER.removals.values()} & lemmas

    assert by_lemma <= {"guests_keep_their_word"}


def test_a_removal_is_explored_cheapest_first_where_its_action_fires() -> None:
    worlds = Removal("copy_again", "so many copied pages are stale").worlds(LEDGER)
    effort = [(MODEL_WORLDS[world].parts, LEDGER.worlds[world].transitions) for world in worlds]

    assert effort == sorted(effort)
    assert "one-at-a-time" not in worlds


def test_what_a_world_shows_to_fail_kills_nothing_there() -> None:
    removal = Removal("end_lost_while_fetching", "pages are missing")
    (world,) = removal.worlds(LEDGER)
    breaks = MODEL_WORLDS[world].breaks

    assert breaks
    assert breaks not in {p.name for p in removal.safe(world)[0].properties}


def test_a_count_out_of_range_kills() -> None:
    removal = Removal("copy", "so many pages remain to be copied")
    row = LEDGER.removals[removal.name]
    run = Run(*removal.safe(str(row.world)))
    states = list(run.initial())

    assert row.killer == IN_RANGE
    assert row.steps
    with pytest.raises(OutOfRange):
        for _ in range(row.steps):
            states = [after for state in states for _, after in run.successors(state)]


def test_the_liveness_of_a_world_may_be_what_misses_a_requirement() -> None:
    killers = {row.killer for row in LEDGER.removals.values()}

    assert killers & {one.named for one in asked()}


def test_cited_properties_alone_are_fewer() -> None:
    removal = Removal("stop", "the VM is in pre-copy")
    whole, _ = removal.safe("smallest")
    cited, _ = removal.safe("smallest", cited=True)

    assert {p.name for p in whole.properties} - {p.name for p in cited.properties} >= {"old_then_new"}
    assert all(p.cites for p in cited.of_kind(Kind.ALWAYS, Kind.STEP))
    assert not whole.of_kind(Kind.SOMETIMES)
