"""Plays the scenarios of a folder. HOLDFAST_REWRITE=1 writes what comes of each line instead of comparing with it."""

from __future__ import annotations

import os
from pathlib import Path

from holdfast.scenarios.play import mistakes, play, rewritten
from holdfast.scenarios.text import read

FOLDER = Path(__file__).parent
REWRITE = os.environ.get("HOLDFAST_REWRITE") == "1"


def scenarios_in(folder: Path) -> list[Path]:
    """The scenarios of a folder, by name; there has to be one."""
    found = sorted(folder.glob("*.scenario"))
    assert found, f"no scenario in {folder}"
    return found


def assert_plays(file: Path, *, rewrite: bool = REWRITE) -> None:
    """Every line comes to what it expects; or, when asked to, is rewritten to what it comes to."""
    script = read(file)
    played = play(script, script.run())
    if rewrite:
        file.write_text(rewritten(script, played), encoding="utf-8")
        return
    wrong = mistakes(script, played)
    assert not wrong, "\n".join(problem.render() for problem in wrong)
