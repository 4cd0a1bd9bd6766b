"""How judging a log grows with its length: `python benches/conform.py` (`make bench`) prints one table.

Logs are walks at random through a small world, judged as they are, with events dropped, and as several processes wrote them.
The first log of each kind pays for the world's graph. Cores may be shared, so what counts is what ten times the events cost.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from holdfast.checkers.conform.inclusion import Acceptor, Excluded, Included, Inclusion
from holdfast.checkers.conform.observation import Observed, seen
from holdfast.checkers.conform.space import Space
from holdfast.checkers.interpret import Run
from holdfast.specs.worlds import WORLDS

WORLD = "six-classes"
LENGTHS = (1_000, 10_000)
DROPPED_PERCENT = 30
PROCESSES = (2, 4)


@dataclass(frozen=True)
class Way:
    """A way to judge logs: what judges them, how a walk becomes such a log, whether orders between processes are free."""

    name: str
    acceptor: Acceptor
    made: Callable[[list[Observed]], list[Observed]]
    by_process: bool = False

    def seconds(self, log: list[Observed], expected: type[Inclusion]) -> float:
        """Processor seconds that a verdict takes, which must be the expected one."""
        began = time.process_time()
        verdict = self.acceptor.judge(log, by_process=self.by_process)
        spent = time.process_time() - began
        if type(verdict) is not expected:
            raise SystemExit(f"expected {expected.__name__}, found {verdict}")
        return spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", default=WORLD, help=f"a named world [{WORLD}]")
    run = Run(*WORLDS[parser.parse_args().world].build())
    partial = Acceptor(run, [a.name for a in run.instance.actions])
    ways = [
        Way("complete", Acceptor(run), list),
        Way(f"{DROPPED_PERCENT} % dropped", partial, dropped),
        *(Way(f"and {n} processes", partial, processed(n), by_process=True) for n in PROCESSES),
    ]
    print(f"{run.world.name}: processor seconds for walks of so many events")
    print(f"{'log':<16}" + "".join(f"{length:>10}" for length in LENGTHS) + "     ratio  impossible event found in")
    for way in ways:
        way.seconds(way.made(walk(run, LENGTHS[0], seed=0)), Included)  # pays for the graph
        logs = [way.made(walk(run, length, seed=1)) for length in LENGTHS]
        spent = [way.seconds(log, Included) for log in logs]
        found = way.seconds(broken(logs[-1]), Excluded)
        print(f"{way.name:<16}" + "".join(f"{s:>10.2f}" for s in spent) + f"{spent[-1] / spent[0]:>10.1f}  {found:.2f}")


def processed(processes: int) -> Callable[[list[Observed]], list[Observed]]:
    """Logs with events dropped, as so many processes wrote them."""
    return lambda log: dealt(dropped(log), processes)


def walk(run: Run, length: int, seed: int) -> list[Observed]:
    """So many steps at random, with the whole state after every tenth."""
    chance, space = random.Random(seed), Space(run)
    ways = space.ways_of(a.name for a in run.instance.actions)
    here, log = space.number(run.initial()[0]), list[Observed]()
    while len(log) < length:
        possible = list(space.try_from(here, ways))
        if not possible:
            raise SystemExit(f"{run.world.name} comes to an end after {len(log)} steps")
        way, here = chance.choice(possible)
        after = space.states[here] if len(log) % 10 == 0 else None
        log.append(replace(seen(run, way.action.name, way.arguments, after), line=len(log) + 1))
    return log


def dropped(log: Sequence[Observed]) -> list[Observed]:
    """Without so many events in a hundred."""
    chance = random.Random(len(log))
    return [event for event in log if chance.randrange(100) >= DROPPED_PERCENT]


def dealt(log: Sequence[Observed], processes: int) -> list[Observed]:
    """As so many processes wrote it, one after the other."""
    chance = random.Random(processes)
    named = [replace(event, process=f"p{chance.randrange(processes)}") for event in log]
    return sorted(named, key=lambda event: str(event.process))


def broken(log: Sequence[Observed]) -> list[Observed]:
    """With an impossible value seen after an event in the middle."""
    at = next(k for k in range(len(log) // 2, len(log)) if log[k].after)
    key = next(k for k, v in log[at].after.items() if type(v) is int)
    return [*log[:at], replace(log[at], after={key: 99}), *log[at + 1 :]]


if __name__ == "__main__":
    main()
