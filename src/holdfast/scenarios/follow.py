"""What an exported pytest file asks: do these steps break anything here?"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from .play import Player, Wrong, step_of
from .text import Line, Script, parse


@dataclass(frozen=True)
class Followed:
    """How far steps could be followed, what they broke, and what stopped them (None: nothing did)."""

    steps: int
    broken: tuple[str, ...]
    stopped_by: str | None = None


def follow(text: str, file: str = "scenario") -> Followed:
    """Follow a scenario's steps to the first that is refused, and say what they broke.

    A bug that the scenario names is left out, as if it were mended, unless HOLDFAST_UNFIXED=1 is in the environment.
    HOLDFAST_PLAN in the environment is a plan that takes the place of the one named. Raises BadInput for a text that
    is no scenario, or a name in it that is not known.
    """
    script = parse(text, file, Path(file).parent)
    origin = script.origin
    if origin.plan is None:
        unfixed = os.environ.get("HOLDFAST_UNFIXED") == "1"
        origin = replace(origin, mutant=origin.mutant if unfixed else None)
    elif other := os.environ.get("HOLDFAST_PLAN"):
        origin = replace(origin, plan=Path(other))
    return _followed(replace(script, origin=origin))


def _followed(script: Script) -> Followed:
    run = script.run()
    player = Player(run, run.initial()[script.initial])
    broken: list[str] = list(player.broken(player.state))
    steps = 0
    for line in script.lines:
        if line.verb.text == "decide":
            broken += _decided(player, script, line)
            continue
        try:
            step = step_of(run, line)
        except Wrong as unknown:  # another plan has other steps: this one cannot happen there
            return Followed(steps, tuple(broken), str(unknown))
        refused = run.broken(player.state, run.system.action(step.action), step.arguments)
        if refused:
            return Followed(steps, tuple(broken), "; ".join(r.sentence for r in refused))
        broken += player.take(step)
        steps += 1
    return Followed(steps, tuple(broken))


def _decided(player: Player, script: Script, line: Line) -> list[str]:
    """The liveness property that the line asks, where the world breaks it."""
    return [line.arguments[0].text] if player.decided(line, script).kind == "violated" else []
