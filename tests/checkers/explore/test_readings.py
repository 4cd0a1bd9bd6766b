"""The engines against the reference interpreter, on a system that says everything that the language can."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.explore.layout import Layout
from holdfast.checkers.explore.machine import Machine
from holdfast.checkers.explore.program import program
from holdfast.checkers.explore.python import PythonMachine
from holdfast.checkers.explore.search import Limits, Search
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Vacuous
from holdfast.model.language import State
from tests.checkers.explore import sink
from tests.checkers.explore.counter import count, run
from tests.plain_search import Everything
from tests.plain_search import search as plain_search

WORLDS = {"one jar": (1, 1, 2), "one shelf": (2, 1, 1)}
ENGINES = [("python", 63), ("python", 6), ("native", 63), ("native", 6)]


def sink_run(world: str) -> Run:
    return Run(sink.system(), sink.world(*WORLDS[world]))


@cache
def plain(world: str) -> Everything:
    return plain_search(sink_run(world))


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(("engine", "word_bits"), ENGINES)
def test_states_transitions_depth_and_firings_agree(world: str, engine: Any, word_bits: int) -> None:
    expected = plain(world)
    found = explore(sink_run(world), engine=engine, word_bits=word_bits)
    figures = found.figures

    assert (figures.states, figures.transitions, figures.depth) == (
        expected.figures.states,
        expected.figures.transitions,
        expected.figures.depth,
    )
    never = {name for name, times in expected.figures.firings.items() if not times}
    assert figures.firings == expected.figures.firings
    if isinstance(found, Vacuous):
        assert set(found.never_fired) == never
        assert set(found.never_witnessed) == {"all_full", "stands_and_leans_apart"} - expected.soonest.keys()
    else:
        assert isinstance(found, Holds)
        assert {name: len(steps) for name, steps in found.witnesses.items()} == expected.soonest


def test_the_worlds_try_one_word_and_several() -> None:
    words = [[Layout(sink_run(w).instance, bits).words for bits in (63, 6)] for w in WORLDS]

    assert words == [[1, 3], [1, 2]]


def test_the_engines_agree_where_the_interpreter_is_too_slow() -> None:
    one = Run(sink.system(), sink.world(2, 1, 2))
    python, native = explore(one, engine="python"), explore(one, engine="native", word_bits=6)

    assert isinstance(python, Holds) and isinstance(native, Holds)
    assert python.figures.states == native.figures.states == 6_584
    assert python.figures.firings == native.figures.firings
    assert python.figures.depth == native.figures.depth
    assert {k: len(v) for k, v in python.witnesses.items()} == {k: len(v) for k, v in native.witnesses.items()}


# ----------------------------------------------------------------------------------------- the table and its growth
class Narrow(PythonMachine):
    """A machine whose table begins small."""

    first_buckets = 512
    slice = 500


def states_of(machine: Machine) -> set[State]:
    layout = machine.program.layout
    return {layout.unpack(machine.state("QUEUE", k)) for k in range(machine.get("TAIL"))}


@pytest.mark.parametrize("word_bits", [63, 5])
def test_a_table_that_grows_often_loses_no_state_and_finds_none_twice(word_bits: int) -> None:
    one = run(count, limit=9, counters=4)
    machine = Narrow(program(one.instance, word_bits=word_bits))
    search = Search(one, machine, Limits())
    search.go()

    assert machine.get("SIZE") > 2 * Narrow.first_buckets
    assert machine.get("TAIL") == 10**4
    assert len(states_of(machine)) == 10**4
    assert search.figures().depth == 4 * 9 + 1


def test_every_state_is_led_to_by_as_many_steps_as_it_is_far() -> None:
    one = run(count, limit=3, counters=3)
    search = Search(one, PythonMachine(program(one.instance)), Limits())
    search.go()
    layout = search.program.layout

    for number in range(4**3):
        state = layout.unpack(search.machine.state("QUEUE", number))
        initial, steps = search.path(number)
        assert one.replay(steps, initial)[-1] == state
        assert len(steps) == sum(state)
