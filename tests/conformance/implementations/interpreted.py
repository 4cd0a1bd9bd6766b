"""The reference interpreter as an implementation: it conforms, and each mutant of the system deviates as it was made to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.checkers.conform.observation import Observed, resolve
from holdfast.checkers.interpret import Run
from holdfast.conformance.adapter import Adapter, Answer, Done, Refused
from holdfast.model.language import State


class Interpreted(Adapter):
    """A run that does what it is asked for. `sees` says which fields it shows."""

    def __init__(self, run: Run, sees: tuple[str, ...] | None = None) -> None:
        self.run, self.sees = run, sees
        self.state: State = ()

    def reset(self, state: Mapping[str, Any]) -> None:
        (self.state,) = (s for s in self.run.initial() if self.run.shown(s) == state)

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        pattern = resolve(self.run, Observed(action, arguments))
        chosen = tuple(next(iter(values)) for values in pattern.allowed if values)
        broken = self.run.broken(self.state, pattern.action, chosen)
        if broken:
            return Refused(broken[0].sentence)
        self.state = self.run.effect(self.state, pattern.action, chosen)
        return Done()

    def observe(self) -> Mapping[str, Any]:
        shown = self.run.shown(self.state)
        return shown if self.sees is None else {key: shown[key] for key in self.sees}
