"""Every deliberate bug is caught by the property that it names, in the world that it names."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Violated
from holdfast.model.inventory import Vm
from holdfast.model.language import Kind, ModelError, Quantity
from holdfast.rederive.deciding import decide
from holdfast.rederive.rows import mutant_row
from holdfast.specs import ledger
from holdfast.specs.decided import LIVENESS, asked, is_liveness
from holdfast.specs.model import PARTS, full, system
from holdfast.specs.mutants import EVERY, MUTANTS
from holdfast.specs.mutations import also_writing, defining, forgetting, not_writing
from holdfast.specs.worlds import MODEL_WORLDS
from tests.specs.pinned import pin_mutant

WORLDS = ledger.read().worlds
LARGE_GRAPH_STATES = 3_000


def _marks(name: str) -> list[pytest.MarkDecorator]:
    """Liveness is decided on a graph that is walked in Python: large ones are left to the slow tests."""
    mutant = MUTANTS[name]
    large = WORLDS[mutant.world].states > LARGE_GRAPH_STATES
    return [pytest.mark.slow] if large and is_liveness(mutant.breaks) else []


@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in MUTANTS])
def test_a_mutant_is_caught_by_the_property_that_it_names(name: str) -> None:
    mutant = MUTANTS[name]
    run = Run(*mutant.alone())
    first, alone = decide(Run(*mutant.build())), decide(run)

    assert isinstance(alone, Violated)
    assert alone.property == mutant.breaks
    assert_is_broken_at_the_end(run, alone)
    pin_mutant(name, mutant_row(first, alone))


def assert_is_broken_at_the_end(run: Run, found: Violated) -> None:
    """The steps break the property, and no fewer of them; of liveness, they end where the goal is not."""
    states = run.replay(found.steps, found.initial)
    broken = run.system.property(found.property)
    if broken.kind in LIVENESS:
        assert not run.value(broken.goal, states[-1], {})
        return
    held = [run.holds(broken, *((b, a) if broken.kind is Kind.STEP else (a,))) for b, a in pairwise(states)]
    assert held == [True] * (len(held) - 1) + [False]


def test_a_mutant_breaks_a_world_that_holds_without_it() -> None:
    rows = ledger.read().worlds

    for mutant in MUTANTS.values():
        row = rows[mutant.world]
        assert row.verdict == "Holds" or row.broke not in (None, mutant.breaks), mutant.name


def test_every_property_of_the_catalogue_is_exposed_by_a_mutant() -> None:
    named = {p.name for p in full().of_kind(Kind.ALWAYS, Kind.STEP) if p.cites}
    named |= {one.named for one in asked()}

    assert named <= {mutant.breaks for mutant in MUTANTS.values()}


def test_no_two_mutants_have_the_same_name() -> None:
    assert len({mutant.name for mutant in EVERY}) == len(EVERY)


def test_no_two_mutants_are_the_same_bug() -> None:
    whole = system(tuple(PARTS), ())
    broken = {mutant.apply(whole).digest: name for name, mutant in MUTANTS.items()}

    assert len(broken) == len(MUTANTS)
    assert whole.digest not in broken


# -------------------------------------------------------------------------------------------- breaking on purpose
def test_to_forget_what_was_never_required_is_a_mistake() -> None:
    with pytest.raises(ModelError, match="commit does not require 'that it rains'"):
        forgetting("commit", "that it rains")(full())


def test_to_leave_out_what_was_never_written_is_a_mistake() -> None:
    with pytest.raises(ModelError, match=r"commit does not write \{Vm.copied\}"):
        not_writing("commit", Vm.copied)(full())


def test_what_is_also_written_stands_in_place_of_what_was() -> None:
    def runs(vm: Vm) -> None:
        vm.running = True

    changed = also_writing("stop", runs)(full()).action("stop")
    assert [repr(w.value) for w in changed.writes if w.field is Vm.running] == ["True"]
    assert {w.field for w in changed.writes} == {w.field for w in full().action("stop").writes}


def test_the_same_definition_written_out_changes_nothing_that_is_reached() -> None:
    def charged(vm: Vm) -> Quantity:
        return vm.overhead + vm.at_target + vm.at_source

    system, world = MODEL_WORLDS["one-at-a-time"].build()
    written_out = defining(Vm.charged, charged)(system)
    before, after = explore(Run(system, world)), explore(Run(written_out, world))

    assert written_out.digest != system.digest
    assert isinstance(before, Holds)
    assert isinstance(after, Holds)
    assert replace(after.figures, seconds=0) == replace(before.figures, seconds=0)
