"""The states that an implementation may be in: compiled steps, hidden steps, partial observation."""

from __future__ import annotations

import pytest

from holdfast.checkers.conform.accounts import Accounts
from holdfast.checkers.conform.closure import Closure, ones
from holdfast.checkers.conform.compiled import Compiled
from holdfast.checkers.conform.frontier import initial
from holdfast.checkers.conform.observation import Observed, resolve, seen
from holdfast.checkers.conform.space import Space, TooMany
from holdfast.checkers.graph import explicit
from holdfast.checkers.interpret import Run
from holdfast.model.language import Kind, ModelError

from .runs import every_action, run_of, walk

TINY = ("toy-two-phase-3", "toy-transaction-commit", "toy-die-hard", "one-page-at-rest", "post-copy")


@pytest.mark.parametrize("world", (*TINY, "smallest", "budgets-apart", "placed-within-limit"))
def test_compiled_steps_are_those_of_the_reference_interpreter(world: str) -> None:
    run = run_of(world)
    graph, space = explicit(run), Space(run)
    ways = space.ways_of(every_action(run))

    for number, state in enumerate(graph.states):
        compiled = {(way.step, space.states[to]) for way, to in space.try_from(space.number(state), ways)}
        assert compiled == {(step, graph.states[to]) for step, to in graph.edges[number]}


@pytest.mark.parametrize("world", (*TINY, "smallest", "comes-to-rest"))
def test_compiled_properties_and_accounts_are_those_of_the_reference_interpreter(world: str) -> None:
    run = run_of(world)
    graph, fast, accounts = explicit(run), Compiled(run.instance), Accounts(run)

    for state, edges in zip(graph.states[:200], graph.edges, strict=False):
        for p in run.system.of_kind(Kind.ALWAYS):
            assert fast.holds(p, state) == run.holds(p, state)
        for p in run.system.of_kind(Kind.STEP):
            for _, to in edges:
                assert fast.holds(p, state, graph.states[to]) == run.holds(p, state, graph.states[to])
        for key, (d, member) in accounts.named.items():
            held = run.instance.show(d.definition.sort, run.value(d.definition, state, {d.variable: member}))
            assert accounts.of(state, [key]) == {key: held}


@pytest.mark.parametrize("world", TINY)
def test_the_closure_is_what_hidden_steps_reach(world: str) -> None:
    run = run_of(world)
    hidden = sorted(every_action(run))[::2]
    space = Space(run)
    closure = Closure(space, hidden)

    for state in explicit(run).states:
        found, todo = {state}, [state]
        while todo:
            steps = run.successors(todo.pop())
            new = {after for step, after in steps if step.action in hidden} - found
            found |= new
            todo += new
        assert {space.states[n] for n in ones(closure.of([space.number(state)]))} == found


@pytest.mark.parametrize("world", TINY)
def test_a_frontier_follows_what_happened_and_holds_the_state_that_it_led_to(world: str) -> None:
    run = run_of(world)
    frontier = initial(run)

    for event in walk(run, 60, seed=1, whole=True):
        frontier = frontier.after(event)

        assert [run.shown(state) for state in frontier.states] == [event.after]


def test_an_argument_that_was_not_seen_may_be_any() -> None:
    run = run_of("toy-die-hard")

    whole = {s for jug in run.system.action("fill").parameters for s in _filled(run, str(jug.var.args[0]))}

    assert initial(run).after(Observed("fill")).states == whole


def _filled(run: Run, name: str) -> set[tuple[int, ...]]:
    labels = [run.instance.show(p.var.sort, i) for p in run.system.action("fill").parameters for i in range(2)]
    return {state for label in labels for state in initial(run).after(Observed("fill", {name: label})).states}


def test_what_was_seen_after_an_event_leaves_only_states_that_look_so() -> None:
    run = run_of("toy-two-phase-3")
    (first, second, _) = (f"{m.label}" for m in run.world.members if type(m).__name__ == "Manager")

    blind = initial(run).after(Observed("rm_prepare"))
    one = initial(run).after(Observed("rm_prepare", after={f"{second}.state": "PREPARED"}))

    assert len(blind.states) == 3
    assert len(one.states) == 1
    assert not one.after(Observed("rm_prepare", after={f"{first}.state": "WORKING", f"{second}.state": "WORKING"}))


def test_what_cannot_happen_leaves_no_state_unless_something_hidden_can_have_led_there() -> None:
    run = run_of("toy-two-phase-3")
    commit = Observed("tm_commit")

    assert not initial(run).after(commit)
    assert not initial(run, ["rm_prepare"]).after(commit)
    assert initial(run, ["rm_prepare", "tm_rcv_prepared"]).after(commit)


def test_a_refusal_says_whether_it_holds_everywhere_and_by_which_requirements() -> None:
    run = run_of("toy-two-phase-3")
    sentence = "every manager is known to be prepared"

    nowhere = initial(run).refuses("tm_commit", (0,))
    maybe = initial(run, ["rm_prepare", "tm_rcv_prepared"]).refuses("tm_commit", (0,))

    assert nowhere.everywhere and [r.sentence for r in nowhere.by] == [sentence]
    assert maybe.somewhere and not maybe.everywhere and sentence in [r.sentence for r in maybe.by]
    assert not initial(run).refuses("tm_abort", (0,)).somewhere


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Observed("tm_comit"), "did you mean tm_commit"),
        (Observed("tm_commit", {"rm": "x"}), "tm_commit has no argument rm; it takes tm"),
        (Observed("rm_prepare", {"rm": "nobody"}), "has no nobody"),
        (Observed("tm_abort", after={"nobody.state": "ABORTED"}), "has no nobody.state"),
    ],
)
def test_what_the_run_does_not_know_is_said(event: Observed, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        initial(run_of("toy-two-phase-3")).after(event)


def test_members_of_an_enum_are_known_by_name_and_by_value() -> None:
    run = run_of("smallest")
    name = next(m.label for m in run.world.members if type(m).__name__ == "Vm")

    by_name, by_value = (resolve(run, Observed("stop", after={f"{name}.stage": s})) for s in ("STOPPED", "stopped"))

    assert by_name.after == by_value.after
    with pytest.raises(ModelError, match=r"expected one of SETTLED.*found 'Stopped'"):
        resolve(run, Observed("stop", after={f"{name}.stage": "Stopped"}))


def test_what_never_changes_is_compared_too() -> None:
    run = run_of("smallest")
    label = next(m.label for m in run.world.members if type(m).__name__ == "Vm")
    size = next(m for m in run.world.members if m.label == label).values["size"]

    assert not resolve(run, Observed("stop", after={f"{label}.size": size})).never
    assert f"{label}.size is always {size}" in resolve(run, Observed("stop", after={f"{label}.size": 77})).never


def test_more_states_than_the_limit_are_not_guessed_about() -> None:
    run = run_of("smallest")

    with pytest.raises(TooMany, match="more than 20 states"):
        initial(run, every_action(run), limit=20).after(Observed("stop"))


def test_an_event_seen_whole_names_arguments_and_the_state_after_it() -> None:
    run = run_of("toy-die-hard")
    step, after = next(run.successors(run.initial()[0]))

    assert seen(run, step.action, step.arguments, after).after == run.shown(after)
