"""What mutmut makes of the policy: every mutant is caught, or proved to do the same."""

from __future__ import annotations

import ast
from dataclasses import asdict

import pytest

from . import scheduler
from .citations import MODULES, cited, functions
from .equivalents import EQUIVALENTS, Equivalent, alike
from .made import Made, compiled, in_place, made, original
from .scheduler import judged, policy_itself
from .table import KEY, MADE, Record, Row

FUNCTIONS = [
    f"{module}.{name}" for module in MODULES for name, node in functions(module).items() if not node.decorator_list
]
"""Those that mutmut changes: it leaves alone what is decorated."""


def excused(mutant: Made) -> Equivalent | None:
    """What says that a mutant does the same, if anything does."""
    text = (mutant.function, mutant.before, mutant.after)
    return next((e for e in EQUIVALENTS if (e.function, e.before, e.after) == text), None)


def row(mutant: Made) -> Row:
    """What becomes of a mutant."""
    with in_place(mutant):
        road, named = judged() or ("", ())
    return Row(mutant.name, MADE, road, cited(mutant.function), named)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_made_of_it_is_caught(function: str, record_property: Record) -> None:
    assert policy_itself() is None

    rows = [row(mutant) for mutant in made(function.split(".")[0])[function] if not excused(mutant)]
    for one in rows:
        record_property(KEY, asdict(one))

    assert [one.mutant for one in rows if not one.caught] == []


@pytest.mark.parametrize("equivalent", EQUIVALENTS, ids=lambda e: f"{e.function}: {e.after}")
def test_what_is_excused_is_made_once_and_does_the_same(equivalent: Equivalent) -> None:
    mutants = [m for m in made(equivalent.function.split(".")[0])[equivalent.function] if excused(m) is equivalent]

    (mutant,) = mutants
    policy_itself()
    assert alike(original(mutant.function), compiled(mutant), equivalent.asked())
    with in_place(mutant):
        assert judged(thoroughly=False) is None


@pytest.mark.parametrize("module", MODULES)
def test_every_function_is_among_them(module: str) -> None:
    assert set(made(module)) == {f for f in FUNCTIONS if f.startswith(f"{module}.")}


def changed(function: str, before: str, after: str) -> Made:
    """A function with one text in place of another."""
    source = ast.unparse(functions(function.split(".")[0])[function.split(".", 1)[1]])
    return Made(function, before, after, source.replace(before, after))


def test_a_change_is_told_by_what_differs() -> None:
    (mutant,) = [m for m in made("technique")["technique.choose"] if ">=" in m.after]

    assert mutant.before == "ample = free_pages > lines.hard_pages"
    assert mutant.name == "technique.choose: _pages > lines.h -> _pages >= lines.h"


def test_what_does_not_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy_itself() is None
    monkeypatch.setattr(scheduler, "PATIENCE_S", 1)

    with in_place(changed("targets.ungiven", "return", "while True:\n        pass\n    return")):
        assert judged() == ("decisions", ("M9",))


def test_a_crash_names_what_the_innermost_function_is_there_for() -> None:
    assert policy_itself() is None

    with in_place(changed("policy.take", "slots_left(snapshot,", "slots_left(None,")):
        assert judged() == ("decisions", ("M13",))
