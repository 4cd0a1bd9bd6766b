"""Explore: every reachable state of a system in a world, breadth first, so that a counterexample is a shortest one.

layout.py packs states into words; writer.py, transitions.py and program.py write a system as code; kernel.py is the
search as code; python.py and native.py run both; search.py drives them, and answer.py makes the verdict.

What it does not check: `leads_to` and `recoverable`, which need the graph and not only its states (checkers/graph.py).
It does not report deadlocks, and it trusts no hash: states are compared whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeAlias

from ...model.language import ModelError
from ..interpret import Run
from ..verdict import Verdict
from .answer import Disagreement, verdict
from .layout import WORD_BITS
from .program import program
from .python import PythonMachine
from .search import Limits, Progress, Search

Engine: TypeAlias = Literal["auto", "native", "python"]

PATIENCE_SECONDS = 0.8
PATIENCE_WITH_CODE_SECONDS = 0.02


def explore(
    run: Run,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Callable[[Progress], None] | None = None,
    engine: Engine = "auto",
    word_bits: int = WORD_BITS,
) -> Verdict:
    """Check all `always` and `step` properties in every reachable state, and find a witness for each `sometimes`.

    `Violated` comes with the shortest steps; `Vacuous` if an action never fires or a `sometimes` is never so;
    `Unknown` if a limit ended the search. `engine` "auto" begins in Python, and starts again as native code if that
    takes long: sooner where the code has been compiled before. `word_bits` is for tests and benchmarks.

    Raises ModelError where the world does not fit (an assumption not met, a field without bound), OutOfRange, with the
    steps that lead there, where an assignment leaves the range of its field.
    """
    started = time.monotonic()
    unmet = run.unmet_assumptions()
    if unmet:
        said = "; ".join(p.sentence for p in unmet)
        raise ModelError(f"{run.world.name} does not meet what the model assumes: {said}")
    code = program(run.instance, word_bits=word_bits)
    if engine != "native":
        search = Search(run, PythonMachine(code), limits, progress, started)
        if search.go(until=_impatient(search) if engine == "auto" else None):
            return verdict(search)
    from .native import NativeMachine

    search = Search(run, NativeMachine(code, limits.memory), limits, progress, started)
    search.go()
    return verdict(search)


def _impatient(search: Search) -> Callable[[], bool]:
    """Whether Python has had its time, which is shorter where native code is at hand."""

    def over() -> bool:
        seconds = time.monotonic() - search.started
        if seconds < PATIENCE_WITH_CODE_SECONDS:
            return False
        from .native import is_compiled

        return seconds > PATIENCE_SECONDS or is_compiled(search.program)

    return over


__all__ = ["Disagreement", "Limits", "Progress", "Search", "explore"]
