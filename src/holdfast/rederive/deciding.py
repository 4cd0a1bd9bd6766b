"""Deciding a system in a world, by the engine that its properties need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.language import Kind

if TYPE_CHECKING:
    from ..checkers.interpret import Run
    from ..checkers.verdict import Verdict


def asks_graph_only(run: Run) -> bool:
    """Whether every property to decide is one that the explorer cannot: liveness, and nothing else."""
    asked = run.system.of_kind(Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES)
    return not asked and bool(run.system.of_kind(Kind.LEADS_TO, Kind.RECOVERABLE))


def decide(run: Run) -> Verdict:
    """The explorer's verdict; that of the state graph where only liveness is asked about."""
    from ..checkers import graph
    from ..checkers.explore import explore

    return graph.check(run) if asks_graph_only(run) else explore(run)
