"""Every published figure of every toy, from the reference interpreter and from the explorer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Refused, Run
from holdfast.checkers.verdict import Figures, Holds, Vacuous, Violated
from holdfast.model.language import Kind, State, Step, check
from holdfast.specs.toys import TOYS, die_hard_world, two_phase
from tests.plain_search import Everything, search

NAMES = list(TOYS)
COUNTED = [name for name in NAMES if TOYS[name].published.states is not None]


def run_of(name: str) -> Run:
    return Run(check(TOYS[name].system), TOYS[name].world())


def silent(name: str) -> Run:
    """The toy without properties: nothing ends the search early."""
    run = run_of(name)
    return Run(replace(run.system, properties=()), run.world)


@cache
def interpreted(name: str) -> Everything:
    return search(run_of(name))


@cache
def explored(name: str) -> Figures:
    return explore(silent(name)).figures


# ------------------------------------------------------------------------------------------------------- figures
@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("road", ["interpreter", "explorer"])
def test_the_published_counts_come_out(name: str, road: str) -> None:
    published = TOYS[name].published
    figures = explored(name) if road == "explorer" else interpreted(name).figures
    initial = len(run_of(name).initial())

    assert figures.states == published.states
    assert published.transitions in (None, figures.transitions + initial)
    assert published.depth in (None, figures.depth)


@pytest.mark.parametrize("name", COUNTED)
def test_both_roads_count_every_action_alike(name: str) -> None:
    plain, native = interpreted(name).figures, explored(name)

    assert native.firings == plain.firings
    assert (native.transitions, native.depth) == (plain.transitions, plain.depth)
    assert sum(native.firings.values()) == native.transitions


@pytest.mark.parametrize("name", NAMES)
def test_the_shortest_failure_or_witness_is_as_long_as_published(name: str) -> None:
    for said, steps in TOYS[name].published.shortest.items():
        run = run_of(name)
        plain = interpreted(name) if name in COUNTED else search(run, most_steps=steps)
        assert plain.soonest.get(said) == steps

        p = run.system.property(said)
        verdict = explore(Run(replace(run.system, properties=(p,)), run.world))
        if p.kind is not Kind.SOMETIMES:
            assert isinstance(verdict, Holds if steps is None else Violated)
            assert steps is None or (isinstance(verdict, Violated) and len(verdict.steps) == steps)
        elif steps is None:
            assert isinstance(verdict, Vacuous)
            assert verdict.never_witnessed == (said,)
        else:
            assert isinstance(verdict, Holds)
            assert len(verdict.witnesses[said]) == steps


def test_every_registered_property_is_one_of_the_toy() -> None:
    for name in NAMES:
        known = {p.name for p in TOYS[name].system.properties}
        assert set(TOYS[name].published.shortest) <= known
        assert TOYS[name].published.source


# ------------------------------------------------------------------------------------------ what else is published
def test_the_solution_of_the_equation_is_x_x_y() -> None:
    verdict = explore(run_of("diophantine-solvable"))

    assert isinstance(verdict, Holds)
    taken = [step.action for step in verdict.witnesses["solvable"]]
    assert sorted(taken) == ["increase_x", "increase_x", "increase_y"]


def test_the_jugs_are_solved_by_filling_the_big_one_twice() -> None:
    small, big = 0, 1
    fill, pour = Step("fill", (big,)), Step("pour", (big, small))
    run = Run(TOYS["die-hard"].system, die_hard_world())
    states = run.replay((fill, pour, Step("empty", (small,)), pour, fill, pour))

    solved = run.system.property("solved")
    assert [run.holds(solved, state) for state in states] == [False] * 6 + [True]


def test_the_lost_update_needs_both_to_read_before_either_writes() -> None:
    verdict = explore(run_of("increment"))

    assert isinstance(verdict, Violated)
    assert verdict.property == "fin"
    assert [step.action for step in verdict.steps] == ["read", "read", "write", "write"]


def test_a_manager_that_has_not_prepared_is_refused_by_name() -> None:
    run = run_of("two-phase-3")

    with pytest.raises(Refused, match="every manager is known to be prepared") as refused:
        run.take(run.initial()[0], Step("tm_commit", (0,)))
    assert [r.sentence for r in refused.value.broken] == ["every manager is known to be prepared"]


def test_stateright_counts_665_states_of_two_phase_commit_with_its_symmetry() -> None:
    """Its representative sorts the managers by state alone, and it follows states, not representatives, depth first."""
    assert depth_first("two-phase-5", keys=1) == 665


def test_there_are_314_states_of_two_phase_commit_up_to_permutation() -> None:
    assert depth_first("two-phase-5", keys=3) == 314


def depth_first(name: str, keys: int) -> int:
    """How many states a depth-first search sees that sorts the managers of each by their first so many fields."""
    run = run_of(name)
    instance = run.instance
    fields = [f for f in instance.fields if f.owner is two_phase.Manager]
    managers = [[instance.slot(f, i) for f in fields] for i in range(instance.count(two_phase.Manager))]
    rest = [slot for slot in range(instance.slots) if all(slot not in slots for slots in managers)]

    def representative(state: State) -> State:
        found = sorted((tuple(state[slot] for slot in slots) for slots in managers), key=lambda m: m[:keys])
        return (*(value for manager in found for value in manager), *(state[slot] for slot in rest))

    todo = run.initial()
    seen = {representative(state) for state in todo}
    while todo:
        for _, after in run.successors(todo.pop()):
            if representative(after) not in seen:
                seen.add(representative(after))
                todo.append(after)
    return len(seen)
