"""Memory balancers of a machine with guests: what public descriptions say of such daemons, and nothing of the model.

Each guest has a balloon with a target. A balancer measures what a guest works with; a guest that needs more than it has
gets back what was taken from it, and a guest that has more than it needs is asked for it. In two phases: first everything is
freed, and only when it has been freed is anything given. The single-phase balancer sets all targets at once, in the hope
that balloons will hurry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.conformance.adapter import Adapter, Answer, Done, Greeting, Refused

HEADROOM = 1
SLUSH = 1
"""What stays free, in pages, when all has been given."""


@dataclass
class Domain:
    """A guest: what it may have at most, what it works with, its balloon and the balloon's target; what was measured."""

    most: int
    working: int
    balloon: int
    target: int
    measured: int | None = None
    used: bool = True

    @property
    def granted(self) -> int:
        return self.most - self.target

    @property
    def settled(self) -> bool:
        return self.balloon >= self.target

    @property
    def fair(self) -> int:
        return min(self.most, (self.measured or 0) + HEADROOM)

    @property
    def short(self) -> int:
        """What it needs back, of what was taken."""
        return max(0, min(self.fair - self.granted, self.target))

    @property
    def spare(self) -> int:
        return max(0, self.granted - self.fair)


class Balancer:
    """The daemon."""

    def __init__(self, memory: int, domains: dict[str, Domain], *, two_phase: bool) -> None:
        self.memory, self.domains, self.two_phase = memory, domains, two_phase

    @property
    def unclaimed(self) -> int:
        """What is free once every balloon has reached its target."""
        return self.memory - SLUSH - sum(d.granted for d in self.domains.values())

    def measure(self, name: str) -> None:
        self.domains[name].measured, self.domains[name].used = self.domains[name].working, False

    def free(self, name: str) -> bool:
        """Ask a guest for what others are short of."""
        asked = self.domains[name]
        short = sum(d.short for d in self.domains.values()) - self.unclaimed
        if asked.used or min(asked.spare, short) <= 0:
            return False
        asked.target += min(asked.spare, short)
        asked.used = True
        return True

    def give(self, name: str) -> bool:
        """Give a guest back what it is short of."""
        asked = self.domains[name]
        more = min(asked.short, self.unclaimed)
        if asked.used or more <= 0 or (self.two_phase and not all(d.settled for d in self.domains.values())):
            return False
        asked.target -= more
        asked.used = True
        return True


class TwoPhase(Adapter):
    """A balancer, and the balloons of its guests, as the gate asks for them."""

    two_phase = True

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        self.members = {m["label"]: m["constants"] for m in world["members"]}
        return Greeting(type(self).__name__)

    def reset(self, state: Mapping[str, Any]) -> None:
        known = {**state, **{f"{label}.{key}": v for label, of in self.members.items() for key, v in of.items()}}
        names = [label for label, of in self.members.items() if "reservation" in of]
        domains = {
            name: Domain(
                known[f"{name}.size"],
                known[f"{name}.active_anonymous"],
                known[f"{name}.ballooned"],
                known[f"{name}.balloon_target"],
            )
            for name in names
        }
        memory = known["host.capacity"] - known["host.old.footprint"]
        self.balancer = Balancer(memory, domains, two_phase=self.two_phase)

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        name = arguments.get("vm") or str(arguments["w"]).removeprefix("watch ")
        return Done() if self._did(action, name) else Refused()

    def _did(self, action: str, name: str) -> bool:
        domain = self.balancer.domains[name]
        match action:
            case "sample_classes":
                self.balancer.measure(name)
            case "ask_balloon":
                return self.balancer.free(name)
            case "grant":
                return self.balancer.give(name)
            case "squeeze_anonymous" if domain.balloon < domain.target:
                domain.balloon += 1
            case "deflate" if domain.balloon > domain.target:
                domain.balloon -= 1
            case _:
                return False
        return True

    def observe(self) -> Mapping[str, Any]:
        return {f"{name}.ballooned": d.balloon for name, d in self.balancer.domains.items()}


class SinglePhase(TwoPhase):
    """Gives before it has what it gives."""

    two_phase = False
