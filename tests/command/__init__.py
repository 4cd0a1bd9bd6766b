"""Tests of the command line: some as a process of its own, most through click's runner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from holdfast.command.app import holdfast

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "specs" / "examples"


def process(
    *arguments: str | Path, cwd: Path = ROOT, limit: float = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `holdfast` as a process, from any folder, for so many seconds at most."""
    return subprocess.run(
        [sys.executable, "-m", "holdfast", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
        timeout=limit,
        check=False,
    )


def run(*arguments: str | Path, color: bool = False) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(holdfast, [str(a) for a in arguments], color=color, catch_exceptions=False)
