"""The scenarios of mutants, written once for all tests that look into the files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from holdfast.scenarios.forms import write_all
from holdfast.scenarios.gather import Wanted, of_mutant
from holdfast.scenarios.scenario import Scenario
from holdfast.specs.mutants import MUTANTS
from tests.small_mutants import is_small

ROOT = Path(__file__).parents[2]


def mutants(*, small: bool) -> list[str]:
    """The mutants in small worlds, or all others."""
    return [name for name in MUTANTS if is_small(name) is small]


def first_of(names: list[str]) -> list[Scenario]:
    """One scenario of each mutant."""
    return [scenario for name in names for scenario in of_mutant(name, Wanted(1)).scenarios]


def results(folder: Path, **environment: str) -> dict[str, str]:
    """What each test file of a folder fails with, by its name, in a pytest of its own; nothing where it passes."""
    report = folder.with_name(f"{folder.name}.xml")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", str(folder)]
    env = {**os.environ, **environment, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, env=env, cwd=folder.parent, capture_output=True, check=False)
    cases = ElementTree.parse(report).iter("testcase")
    return {str(case.get("classname")).rpartition(".")[2]: _failure(case) for case in cases}


def _failure(case: ElementTree.Element) -> str:
    return " ".join(str(child.get("message")) for child in case)


def breaks(failures: dict[str, str]) -> list[str]:
    """The test files that fail since a property was broken, and for no other reason."""
    return [name for name, message in failures.items() if message.startswith("AssertionError: assert ('")]


def written(scenarios: list[Scenario], folder: Path) -> Path:
    """All forms of these scenarios, in a new folder."""
    write_all(scenarios, folder)
    return folder
