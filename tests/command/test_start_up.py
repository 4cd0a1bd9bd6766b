"""What is loaded is what is used: starting must not cost what only one command needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from . import EXAMPLES, ROOT

HEAVY = {"z3", "numba", "numpy", "networkx", "pydantic", "yaml", "rich", "hypothesis"}
INPUT = {"pydantic", "yaml"}

PROGRAM = """
import sys
from holdfast.command import main
sys.argv = ["holdfast", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(end.code, *sys.modules, file=sys.stderr)
"""


def loaded(*arguments: str) -> tuple[int, set[str]]:
    """The exit code, and the heavy modules that a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    return int(code), HEAVY & set(modules)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["verify", "--help"], ["schedule", "--help"], ["import", "libvirt", "--help"], ["--version"]],
)
def test_help_loads_nothing_heavy_and_no_model(arguments: list[str]) -> None:
    code, modules = loaded(*arguments)

    assert (code, modules) == (0, set())


def test_verify_loads_the_reader_and_z3_and_no_compiler() -> None:
    code, modules = loaded("verify", str(EXAMPLES / "safe-edge.yaml"))

    assert (code, modules) == (0, {*INPUT, "z3"})


def test_a_plan_that_cannot_be_read_does_not_load_z3() -> None:
    code, modules = loaded("verify", "specs/examples/edge.yaml")

    assert (code, modules) == (2, INPUT)


def test_the_scheduler_loads_the_reader_and_nothing_else() -> None:
    code, modules = loaded("schedule", str(EXAMPLES / "full.yaml"), "--make-room", "60GiB")

    assert (code, modules) == (0, INPUT)


def test_a_tiny_world_is_explored_without_anything_heavy() -> None:
    code, modules = loaded("explore", "toy-die-hard")

    assert (code, modules) == (0, set())
