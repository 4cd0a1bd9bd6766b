"""What must come in the end and what must stay possible, in every world that decides it, by two roads."""

from __future__ import annotations

import ast
import inspect
from functools import cache

import pytest

from holdfast.checkers import graph
from holdfast.checkers.fixpoint import wrong
from holdfast.checkers.graph import Graph
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Violated
from holdfast.model.language import Kind
from holdfast.rederive.rows import liveness_row
from holdfast.specs.decided import Asked, asked, deciding
from holdfast.specs.model import PARTS, live
from holdfast.specs.questions import ONCE
from holdfast.specs.worlds import MODEL_WORLDS
from tests.specs.pinned import pin_liveness


@cache
def graph_of(world: str) -> Graph:
    return graph.explicit(Run(*deciding(world)))


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.row)
def test_a_liveness_property_holds_and_comes_to_what_is_pinned(one: Asked) -> None:
    seen = graph_of(one.world)
    row = liveness_row(seen, seen.run.system.property(one.named))

    assert row.verdict == "Holds"
    assert row.first
    pin_liveness(one.row, row)


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.row)
def test_the_fixpoint_agrees(one: Asked) -> None:
    seen = graph_of(one.world)

    assert not wrong(seen, seen.run.system.property(one.named))


def test_every_liveness_property_is_asked_somewhere() -> None:
    written = {p.name for p in live(*PARTS).of_kind(Kind.LEADS_TO, Kind.RECOVERABLE)}

    assert written == {one.named for one in asked()}


def test_only_worlds_that_keep_the_rest_decide_liveness() -> None:
    for one in asked():
        assert MODEL_WORLDS[one.world].breaks is None, one


def test_every_leads_to_says_what_is_taken_to_be_fair() -> None:
    modules = [module for part in PARTS.values() for module in part.liveness]
    texts = [node for module in modules for node in ast.walk(ast.parse(inspect.getsource(module)))]
    named = {node.name: ast.get_docstring(node) or "" for node in texts if isinstance(node, ast.FunctionDef)}

    for p in live(*PARTS).of_kind(Kind.LEADS_TO):
        assert "Fair:" in named[p.name], p.name


# ----------------------------------------------------------------------------- what a property rests on, by two roads
@pytest.mark.parametrize(
    ("world", "left_out", "breaks"),
    [
        ("smallest", ("roll_back",), "can_be_rolled_back"),
        ("smallest", ("withdraw",), "can_be_rolled_back"),
        ("smallest", ("destroy_host_vm",), "can_be_rolled_back"),
        ("smallest", ("resume",), "can_be_done"),
        ("smallest", ("disassociate",), "can_be_done"),
        ("never-given-up", ("resume",), "suspended_resumes"),
        ("never-given-up", ("validate_map",), "suspended_resumes"),
        ("never-given-up", ("commit",), "consolidation_ends"),
        ("never-given-up", ("activate",), "consolidation_ends"),
        ("never-given-up", ("destroy_host_vm",), "disassociation_ends"),
        ("never-given-up", ("suspend",), "exchange_ends"),
        ("low-and-blocked", ("ask_swap",), "low_memory_recovers"),
        ("low-and-blocked", ("unblock",), "blocked_runs_again"),
        ("comes-to-rest", ("ask_balloon",), "insufficient_gets_memory"),
        ("comes-to-rest", ("deflate",), "comes_to_rest"),
        ("dead-balloon", ("give_balloon_up",), "dead_balloon_replaced"),
    ],
)
def test_what_a_property_rests_on_is_seen_by_both_roads(world: str, left_out: tuple[str, ...], breaks: str) -> None:
    """Without these actions, and without faults, it fails."""
    system, whole = deciding(world)
    left = {**whole.leave_out, **dict.fromkeys((*left_out, *ONCE), "to see what rests on the actions")}
    seen = graph.explicit(Run(system, type(whole)(world, *whole.members, leave_out=left)))
    p = system.property(breaks)
    verdict = graph.recoverable(seen, p) if p.kind is Kind.RECOVERABLE else graph.leads_to(seen, p)

    assert isinstance(verdict, Violated)
    last = seen.run.replay(verdict.steps, verdict.initial)[-1]
    assert not seen.run.value(p.goal, last, {})
    assert wrong(seen, p)
