"""The whole model refines the one-page model, in small worlds; and a model that does not is told so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.refinement import NAME, Refinement, refines
from holdfast.checkers.verdict import Holds, Vacuous, Violated
from holdfast.model.abstract import Extent, Home, Host, Resident
from holdfast.model.actors import pages
from holdfast.model.inventory import Vm
from holdfast.model.language import Choice, ModelError, World, where
from holdfast.model.language.terms import const
from holdfast.specs.mutants import MUTANTS
from holdfast.specs.refinement import FIELDS, SORTS, WORLDS, on_one_page
from holdfast.specs.worlds import MODEL_WORLDS

MAPPED = Refinement(on_one_page(), SORTS, FIELDS)
ACTIONS = {a.name for a in on_one_page().actions}
EXPOSED = ("one-still-on-old", "replaced-while-running", "copied-without-room", "back-toward-terminated-old")
"""Mutants of the whole model that can be seen from the one page."""
LARGE = ("two-machines", "split-smallest")
"""Worlds that take a quarter of a minute each."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in LARGE else []) for n in WORLDS])
def test_the_whole_model_refines_the_one_page(name: str) -> None:
    verdict = refines(Run(*MODEL_WORLDS[name].build()), MAPPED, WORLDS[name])

    assert isinstance(verdict, Holds)
    assert set(verdict.witnesses) == ACTIONS - WORLDS[name].keys()


def test_an_action_that_is_never_seen_makes_it_vacuous() -> None:
    verdict = refines(Run(*MODEL_WORLDS["one-at-a-time"].build()), MAPPED)

    assert isinstance(verdict, Vacuous)
    assert verdict.never_fired == ("fall_back", "move")


def test_together_the_worlds_show_every_action() -> None:
    assert all(any(name not in unseen for unseen in WORLDS.values()) for name in ACTIONS)


def test_every_action_of_the_one_page_is_seen_and_replays() -> None:
    run = Run(*MODEL_WORLDS["smallest"].build())
    verdict = refines(run, MAPPED, WORLDS["smallest"])

    assert isinstance(verdict, Holds)
    assert set(verdict.witnesses) == ACTIONS - {"move"}
    for name, steps in verdict.witnesses.items():
        before, after = run.replay(steps)[-2:]
        assert run.holds(MAPPED.step(), before, after)
        assert not run.holds(MAPPED.step(name), before, after)


@pytest.mark.parametrize("name", EXPOSED)
def test_a_broken_model_does_not_refine_it(name: str) -> None:
    run = Run(*MUTANTS[name].build())
    verdict = refines(run, MAPPED)

    assert isinstance(verdict, Violated)
    assert verdict.property == NAME
    assert not run.holds(MAPPED.step(), *run.replay(verdict.steps)[-2:])


def test_what_the_mapping_leaves_out_is_told() -> None:
    fewer = {f: meaning for f, meaning in FIELDS.items() if f is not Host.side}

    with pytest.raises(ModelError, match=r"the mapping does not say what Host\.side is"):
        Refinement(on_one_page(), SORTS, fewer).step()


def test_a_start_that_is_none_of_the_one_page_is_told() -> None:
    def nested_at_first(_: Vm) -> Choice[Home]:
        return where(True, Home.GUEST, Home.OLD)

    run = Run(*MODEL_WORLDS["smallest"].build())

    with pytest.raises(ModelError, match="smallest starts where the abstract system does not"):
        refines(run, replace(MAPPED, fields={**FIELDS, Resident.home: nested_at_first}))


def test_an_integer_that_no_field_becomes_is_told() -> None:
    system = on_one_page()
    use = system.action("use")
    lost = replace(use, writes=tuple(replace(w, value=const(0, pages)) for w in use.writes))

    with pytest.raises(ModelError, match="use: no field becomes held"):
        Refinement(system.with_action(lost), SORTS, FIELDS).step()


def test_the_one_page_is_a_model_of_its_own() -> None:
    extent = Extent("extent", most=2)
    host = Host("host", memory=2, held=1)
    other = Host("other", memory=1)
    world = World("one-page", extent, host, other, *(Resident(name, host=host) for name in ("first", "second")))
    verdict = explore(Run(on_one_page(), world))

    assert isinstance(verdict, Holds)
    assert set(verdict.figures.firings) == ACTIONS
