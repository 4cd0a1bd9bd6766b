"""Toys with published figures: a checker is believed only where it gives every one of them.

`TOYS` maps a name to a module of actions and properties, a world, and what was published. Read a module first
(die_hard.py is the shortest), then its entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType

from ...model.language import System, World
from . import die_hard, diophantine, ewd840, increment, prisoners, transaction_commit, two_phase


@dataclass(frozen=True)
class Published:
    """Figures and their source; None where nobody published one.

    They count as TLC does: each initial state is a transition, and the levels of the breadth-first search (`depth`)
    include that of the initial states. `shortest` maps a property to the steps of its shortest witness (`sometimes`) or
    failure (any other kind), or to None where there is neither.
    """

    source: str
    states: int | None = None
    transitions: int | None = None
    depth: int | None = None
    shortest: Mapping[str, int | None] = field(default_factory=dict[str, "int | None"])
    remark: str = ""


@dataclass(frozen=True)
class Toy:
    """A module of actions and properties, a world for it, and its published figures."""

    module: ModuleType
    world: Callable[[], World]
    published: Published

    @property
    def system(self) -> System:
        """The traced system."""
        return System.of(self.module)


def two_phase_world(managers: int) -> World:
    """A coordinator and so many managers."""
    rms = (two_phase.Manager(f"rm{i}") for i in range(1, managers + 1))
    return World(f"two-phase-{managers}", two_phase.Coordinator("tm"), *rms)


def transaction_commit_world() -> World:
    """Three managers."""
    return World("transaction-commit", *(transaction_commit.Manager(f"rm{i}") for i in (1, 2, 3)))


def ewd840_world(nodes: int) -> World:
    """A ring of so many nodes."""
    ring = (ewd840.Node(f"node{i}", number=i) for i in range(nodes))
    return World(f"ewd840-{nodes}", ewd840.Token("token", last=nodes - 1), *ring)


def prisoners_world() -> World:
    """The counter and three others, who switch twice each."""
    others = [prisoners.Prisoner(name) for name in ("alice", "bob", "carol")]
    enough = 2 * len(others)
    return World("prisoners", prisoners.Room("room", enough=enough, most=enough + 1), *others)


def diophantine_world(a: int, b: int, c: int) -> World:
    """The equation with these coefficients, and every loss that its sum can have."""
    losses = range(0, (a + b) * (diophantine.VALUES - 1) + 1, diophantine.VALUES)
    wraps = (diophantine.Wrap(f"wrap{i}", loss=loss) for i, loss in enumerate(losses))
    return World(f"diophantine-{a}-{b}-{c}", diophantine.Equation("equation", a=a, b=b, c=c), *wraps)


def increment_world() -> World:
    """Two threads."""
    threads = (increment.Thread(name, threads=2) for name in ("one", "two"))
    return World("increment", increment.Shared("shared", threads=2), *threads)


def die_hard_world() -> World:
    """Jugs of three and five gallons, and four gallons to measure."""
    jugs = die_hard.Jug("small", size_gallons=3), die_hard.Jug("big", size_gallons=5)
    return World("die-hard", *jugs, die_hard.Wish("bomb", water_gallons=4))


TOYS: Mapping[str, Toy] = {
    "two-phase-3": Toy(
        two_phase,
        partial(two_phase_world, 3),
        Published(
            "tlaplus/Examples, specifications/transaction_commit/manifest.json: TwoPhase.cfg; Stateright, 2pc.rs",
            states=288,
            transitions=1_146,
            depth=11,
            shortest={"consistent": None},
        ),
    ),
    "two-phase-5": Toy(
        two_phase,
        partial(two_phase_world, 5),
        Published(
            "Stateright, examples/2pc.rs",
            states=8_832,
            shortest={"consistent": None},
            remark="665 with the symmetry of 2pc.rs, whose representatives are not unique; 314 up to permutation",
        ),
    ),
    "transaction-commit": Toy(
        transaction_commit,
        transaction_commit_world,
        Published(
            "tlaplus/Examples, specifications/transaction_commit/manifest.json: TCommit.cfg",
            states=34,
            transitions=94,
            depth=7,
            shortest={"tc_consistent": None},
        ),
    ),
    "ewd840-3": Toy(
        ewd840,
        partial(ewd840_world, 3),
        Published(
            "tlaplus/Examples, specifications/ewd840/manifest.json: EWD840.cfg",
            states=302,
            transitions=2_001,
            depth=9,
            shortest={"termination_detection": None},
            remark="the manifest prints depth 10: TLC ran there with several workers, which do not keep to levels",
        ),
    ),
    "ewd840-4": Toy(
        ewd840,
        partial(ewd840_world, 4),
        Published(
            "tlaplus/Examples, specifications/ewd840/manifest.json: EWD840_json.cfg",
            states=1_566,
            transitions=15_986,
            depth=12,
            shortest={"termination_detection": None},
        ),
    ),
    "prisoners": Toy(
        prisoners,
        prisoners_world,
        Published(
            "tlaplus/Examples, specifications/Prisoners/manifest.json: Prisoners.cfg",
            states=214,
            transitions=860,
            depth=14,
            shortest={"safety": None},
        ),
    ),
    "diophantine-unsolvable": Toy(
        diophantine,
        partial(diophantine_world, 2, 4, 7),
        Published("Stateright, src/test_util.rs", states=65_536, shortest={"solvable": None}),
    ),
    "diophantine-solvable": Toy(
        diophantine,
        partial(diophantine_world, 2, 10, 14),
        Published("Stateright, src/test_util.rs", shortest={"solvable": 3}),
    ),
    "increment": Toy(
        increment,
        increment_world,
        Published("Stateright, examples/increment.rs", states=13, shortest={"fin": 4}),
    ),
    "die-hard": Toy(
        die_hard,
        die_hard_world,
        Published("counted by hand", states=16, transitions=97, shortest={"solved": 6}),
    ),
}
