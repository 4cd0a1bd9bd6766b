"""A scenario in every form that a team can use, and the folder that holds them: all of its files, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..checkers.trace import Trace, dump, trace
from ..command.tracing import plan_origin, run_of
from ..inputs.positions import Position
from ..inputs.problems import BadInput, Problem
from .itf import itf
from .scenario import Scenario
from .text import written


def forms(scenario: Scenario, number: int, folder: Path) -> dict[str, str]:
    """The scenario's files for a folder, by name. What is in them depends on the scenario and on where plans are."""
    stem = f"{number:02}-{scenario.name}"
    return {
        f"{stem}.jsonl": "".join(f"{line}\n" for line in dump(_trace(scenario, folder))),
        f"{stem}.log.jsonl": "".join(f"{line}\n" for line in dump(_log(scenario, folder))),
        f"{stem}.itf.json": itf(scenario),
        f"{stem}.scenario": text(scenario, folder),
        f"test_{stem.replace('-', '_')}.py": pytest_file(scenario, folder),
    }


# ------------------------------------------------------------------------------------------------- traces and logs
def _trace(scenario: Scenario, folder: Path) -> Trace:
    one = scenario.counterexample
    sentence = scenario.sentences[0]
    broken = one.cause.properties[0]
    told = trace(
        scenario.run, one.steps, broken=broken, sentence=sentence, initial=one.initial, cycle_from=one.cycle_from
    )
    told = replace(told, origin=_origin(scenario, folder))
    if scenario.origin.world is None:
        return told
    replayed, _ = run_of(told, folder / "trace", None)  # which may ask fewer properties
    return replace(told, system=replayed.system.digest)


def _origin(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """How `holdfast replay` gets the run again."""
    said = scenario.origin.record()
    if scenario.origin.plan is not None:
        from ..inputs.load import load_plan

        said |= plan_origin(load_plan(scenario.origin.plan), folder / "trace")
    return said


def _log(scenario: Scenario, folder: Path) -> Trace:
    """What an implementation with this fault would log: of the run as it should be, with no word of what breaks."""
    told = _trace(scenario, folder)
    origin = {key: value for key, value in told.origin.items() if key != "mutant"}
    return replace(told, system="", property=None, sentence="", origin=origin)


# ------------------------------------------------------------------------------------------------------------ text
def text(scenario: Scenario, folder: Path) -> str:
    """The scenario as text, with what comes of each step where its fault is."""
    lines = [f"# {scenario.what}: {scenario.cost}.", *(f"# {sentence}" for sentence in scenario.sentences)]
    return "\n".join([*lines, *_headers(scenario, folder), "", *scenario.lines(outcomes=True), ""])


def _headers(scenario: Scenario, folder: Path) -> Iterator[str]:
    origin, one = scenario.origin, scenario.counterexample
    if origin.plan is not None:
        yield f"plan {written(os.path.relpath(origin.plan, folder))}"
    if origin.world is not None:
        yield f"world {origin.world}"
    if origin.mutant is not None:
        yield f"mutant {origin.mutant}"
    yield from (f"tolerate {name} {count}" for name, count in origin.tolerated.items())
    if one.initial:
        yield f"initial {one.initial}"


# ---------------------------------------------------------------------------------------------------------- pytest
_TEST_FILE = '''"""{title}

{how}
"""

from holdfast.scenarios import follow

SCENARIO = """
{scenario}
"""


def test_{name}() -> None:
    """{sentence}"""
    assert follow(SCENARIO, __file__).broken == ()
'''


def pytest_file(scenario: Scenario, folder: Path) -> str:
    """A pytest file: it fails where the scenario breaks something, and passes where a step is refused or harmless."""
    headers = _headers(scenario, folder)
    return _TEST_FILE.format(
        title=f"{scenario.what[:1].upper()}{scenario.what[1:]}: {scenario.cost}.",
        how=_how(scenario),
        scenario="\n".join([*headers, *scenario.lines(outcomes=False)]).replace("\\", "\\\\"),
        name=scenario.name.replace("-", "_"),
        sentence=scenario.sentences[0],
    )


def _how(scenario: Scenario) -> str:
    origin = scenario.origin
    if origin.mutant is not None:
        return (
            f"It passes on the model as it is. With HOLDFAST_UNFIXED=1 in the environment the model has the deliberate\n"
            f"bug {origin.mutant}, and it fails."
        )
    if origin.plan is not None:
        return "It fails until the plan is mended; HOLDFAST_PLAN=FILE in the environment tries another plan."
    return "It fails until the world is another one, or tolerates less."


# ------------------------------------------------------------------------------------------------------ the folder
def write_all(scenarios: Iterable[Scenario], folder: Path) -> list[str]:
    """Write every form of every scenario to a new (or empty) folder, which then has all of them, or is as it was.

    Returns the files' names in order. Raises BadInput for a folder that is not to be had.
    """
    files: dict[str, str] = {}
    for number, scenario in enumerate(scenarios, 1):
        files |= forms(scenario, number, folder.absolute())
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise _bad(folder, "a folder that is not empty" if folder.is_dir() else "a file")
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}.") as beside:
            whole = Path(beside, "whole")
            whole.mkdir()
            for name, content in files.items():
                (whole / name).write_text(content, encoding="utf-8")
            whole.replace(folder)  # an empty folder gives way
    except OSError as error:
        raise _bad(folder, f"a folder that cannot be written ({error.strerror})") from None
    return list(files)


def _bad(folder: Path, found: str) -> BadInput:
    return BadInput([Problem(Position(str(folder), 0, 0), found, "a new folder, or an empty one")])
