"""A requirement either refuses its action alone, in some state of some small world, or is listed as deciding nothing."""

from __future__ import annotations

from functools import cache

import pytest

from holdfast.checkers.interpret import Run
from holdfast.specs.model import full
from holdfast.specs.redundant import REDUNDANT
from holdfast.specs.worlds import MODEL_WORLDS

QUICK = ("smallest", "one-at-a-time", "growth-in-flight", "host-vm-too-small")
SMALL = (
    *QUICK,
    *("reclaim-first", "side-by-side", "promises-to-the-limit", "swapped-and-back", "squeezed-in"),
    *("larger-successor", "format-mismatch", "six-classes"),
    *("one-cannot-stay", "arrives-between-exchanges", "swapped-away", "post-copy", "post-copy-end-lost"),
    *("remapped", "remapped-or-copied", "remap-refused", "remap-out-refused"),
)


@cache
def deciding(name: str) -> frozenset[tuple[str, str]]:
    """The requirements of which each, somewhere in this world, is the only one that refuses its action."""
    run = Run(*MODEL_WORLDS[name].build())
    states = dict.fromkeys(run.initial())
    todo, found = list(states), set[tuple[str, str]]()
    for state in todo:
        for action, arguments in run.every_step:
            refusing = run.broken(state, action, arguments)
            if len(refusing) == 1:
                found.add((action.name, refusing[0].sentence))
            if refusing:
                continue
            after = run.effect(state, action, arguments)
            if after not in states:
                states[after] = None
                todo.append(after)
    return frozenset(found)


def every_requirement() -> set[tuple[str, str]]:
    return {(action.name, r.sentence) for action in full().actions for r in action.requires}


@pytest.mark.parametrize("name", QUICK)
def test_what_is_listed_decides_nothing(name: str) -> None:
    assert deciding(name)
    assert not deciding(name) & REDUNDANT.keys()


def test_what_is_listed_is_required_and_has_a_reason() -> None:
    assert REDUNDANT.keys() <= every_requirement()
    assert all(REDUNDANT.values())


@pytest.mark.slow
def test_what_is_not_listed_refuses_alone_somewhere() -> None:
    decided = frozenset[tuple[str, str]]().union(*map(deciding, SMALL))

    assert not decided & REDUNDANT.keys()
    assert decided == every_requirement() - REDUNDANT.keys()
