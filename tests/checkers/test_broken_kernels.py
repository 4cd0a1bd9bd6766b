"""An explorer with one line broken fails the checks that the whole one passes: each breakage names who catches it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis import Phase

import holdfast.checkers.explore as whole
from holdfast.checkers.interpret import Run
from tests.checkers.differential import roads
from tests.checkers.differential.test_random import each
from tests.checkers.explorer_checks import CHECKS
from tests.plain_search import search
from tests.random_systems import Case

FOLDER = Path(whole.__file__).parent
COPY = "holdfast.checkers.explore_broken"


@dataclass(frozen=True)
class Breakage:
    """A line of the explorer replaced by another, what that does, and the check that has to notice."""

    name: str
    sentence: str
    file: str
    line: str
    instead: str
    caught_by: str


BREAKAGES = (
    Breakage(
        "truncation not reported",
        "a search that meets the limit on states ends as if it were finished",
        "search.py",
        'self.stopped_by = f"more than {limits.states} states"',
        'self.event = "FINISHED"; return True',
        "truncation",
    ),
    Breakage(
        "depth off by one",
        "the last level, which finds nothing new, is not counted",
        "kernel.py",
        "        if head == level_end:\n",
        "        if head == level_end and head < load(C, TAIL):\n",
        "toy_counts",
    ),
    Breakage(
        "initial states unchecked",
        "properties are looked at only in states that a step has led to",
        "kernel.py",
        "if number != 0:\n                event = ALWAYS_BROKEN",
        "if number != 0 and load(C, DEPTH) > 0:\n                event = ALWAYS_BROKEN",
        "initial_states",
    ),
    Breakage(
        "one initial state",
        "the search begins in the first initial state only",
        "search.py",
        "self.initial = run.initial()",
        "self.initial = run.initial()[:1]",
        "every_initial_state",
    ),
    Breakage(
        "firings not counted",
        "an action fires, and its count stays where it is",
        "transitions.py",
        "w.put(FIRED.format(number=number, times=may))",
        'w.put("n = n + 0")',
        "toy_firings",
    ),
    Breakage(
        "refusals counted as firings",
        "an action is counted before its requirements are asked",
        "transitions.py",
        '        condition = " & ".join(',
        '        self.writer.put(FIRED.format(number=number, times=1))\n        condition = " & ".join(',
        "refusals",
    ),
    Breakage(
        "ranges of steps not taken",
        "an action that is computed where it may not be taken counts as one that leaves its range there",
        "transitions.py",
        "fault = fault | {may} & (",
        "fault = fault | (",
        "refusals",
    ),
    Breakage(
        "a requirement forgotten",
        "of the requirements that are asked together, only the last is",
        "transitions.py",
        "for t in guards[0])",
        "for t in guards[0][-1:])",
        "toy_counts",
    ),
    Breakage(
        "transitions are states",
        "a state counts as one transition, however many steps leave it",
        "kernel.py",
        "store(C, TRANSITIONS, load(C, TRANSITIONS) + transitions)",
        "store(C, TRANSITIONS, load(C, TRANSITIONS) + heads)",
        "toy_counts",
    ),
    Breakage(
        "two states taken for one",
        "states that differ in their lowest bit are the same to the table",
        "kernel.py",
        "key = ~load(out, i * WORDS)",
        "key = ~(load(out, i * WORDS) | 1)",
        "toy_counts",
    ),
    Breakage(
        "states lost when the table grows",
        "the entries of the old table stay where the new one does not look for them",
        "search.py",
        'm.set("UNSPREAD", old)',
        'm.set("UNSPREAD", 0)',
        "toy_growth",
    ),
    Breakage(
        "steps held against nothing",
        "a step property sees the state before the step twice",
        "kernel.py",
        "call(load(M, UNPACK_LATER), out, i * WORDS, K, W, 0, 0, 0)",
        "call(load(M, UNPACK_LATER), q, head * WORDS, K, W, 0, 0, 0)",
        "step_properties",
    ),
    Breakage(
        "only the first step looked at",
        "of the steps that leave a state, a step property sees one",
        "kernel.py",
        "while i < n and number == 0:",
        "while i < start + 1 and number == 0:",
        "step_properties",
    ),
    Breakage(
        "ranges unchecked",
        "an assignment out of range goes unnoticed, and spoils the neighbour's bits",
        "kernel.py",
        "if load(V, load(C, FAULT)) != 0:",
        "if 0 != 0:",
        "ranges",
    ),
    Breakage(
        "both writes to one member count",
        "the difference of a later write is not taken from what the earlier one left",
        "transitions.py",
        "old = choose(equal(w.ref, write.ref), w.value, old)",
        "pass",
        "same_member",
    ),
    Breakage(
        "vacuity not reported",
        "an action that never fires makes no difference to the verdict",
        "answer.py",
        "if never_fired or never_shown:",
        "if never_shown:",
        "refusals",
    ),
    Breakage(
        "witnesses missed",
        "every `sometimes` counts as shown by the first state that is looked at",
        "program.py",
        'with w.block(f"if {shown}:", conditional=True):',
        'with w.block(f"if {shown} >= 0:", conditional=True):',
        "unwitnessed",
    ),
)


class Broken(SourceFileLoader):
    """Loads a file with one line replaced, never from compiled code."""

    def __init__(self, name: str, breakage: Breakage) -> None:
        """For one file of the copy."""
        super().__init__(name, str(FOLDER / breakage.file))
        self.breakage = breakage

    def get_code(self, fullname: str) -> CodeType:
        """The code of the changed text."""
        return compile(changed(self.breakage), f"<{fullname}: {self.breakage.name}>", "exec")


def changed(breakage: Breakage) -> str:
    """The text of the file with the line replaced. Fails unless the line is there exactly once."""
    text = (FOLDER / breakage.file).read_text(encoding="utf-8")
    assert text.count(breakage.line) == 1, f"{breakage.file} has {text.count(breakage.line)} of {breakage.line!r}"
    return text.replace(breakage.line, breakage.instead)


@contextmanager
def broken(breakage: Breakage) -> Generator[ModuleType]:
    """A copy of the explorer's package in which one file is changed; the real one stays as it is."""
    spec = spec_from_file_location(COPY, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)])
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules[COPY] = module_from_spec(spec)
    try:
        name = f"{COPY}.{breakage.file.removesuffix('.py')}"
        part = spec_from_file_location(name, FOLDER / breakage.file, loader=Broken(name, breakage))
        assert part is not None
        assert part.loader is not None
        sys.modules[name] = module_from_spec(part)
        part.loader.exec_module(sys.modules[name])
        spec.loader.exec_module(package)
        yield package
    finally:
        for loaded in [m for m in sys.modules if m == COPY or m.startswith(f"{COPY}.")]:
            del sys.modules[loaded]
        importlib.invalidate_caches()


@pytest.mark.parametrize("name", CHECKS)
def test_the_whole_explorer_passes(name: str) -> None:
    CHECKS[name](whole)


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda b: b.name)
def test_a_broken_explorer_is_caught(breakage: Breakage) -> None:
    with broken(breakage) as exploring:
        assert exploring.explore is not whole.explore
        with pytest.raises((AssertionError, exploring.Disagreement, pytest.fail.Exception)):
            CHECKS[breakage.caught_by](exploring)


@pytest.mark.parametrize("name", ["transitions are states", "witnesses missed", "steps held against nothing"])
def test_random_systems_catch_a_broken_explorer_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(case: Case) -> None:
        run = Run(case.system, case.world)
        roads.agrees_with_explorer(run, search(run), "python")

    with broken(next(b for b in BREAKAGES if b.name == name)) as exploring:
        monkeypatch.setattr(roads, "explore", exploring.explore)
        with pytest.raises((AssertionError, exploring.Disagreement)):
            each(1_000, 0, check, Phase.generate)


@pytest.mark.parametrize("file", sorted({b.file for b in BREAKAGES}))
def test_a_copy_with_nothing_broken_passes(file: str) -> None:
    """It is the breakage that is caught, and not the copying: the same line is put in its place."""
    line = next(b.line for b in BREAKAGES if b.file == file)
    with broken(Breakage("nothing", "the same line again", file, line, line, "")) as exploring:
        for name in {b.caught_by for b in BREAKAGES if b.file == file}:
            CHECKS[name](exploring)


def test_there_are_ten_breakages_and_each_changes_the_text() -> None:
    assert len({b.name for b in BREAKAGES}) == len(BREAKAGES) >= 10
    for breakage in BREAKAGES:
        assert changed(breakage) != (FOLDER / breakage.file).read_text(encoding="utf-8")
        assert breakage.sentence
