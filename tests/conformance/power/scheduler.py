"""Who judges a scheduler: every property of decisions on a pool of snapshots, the smallest first, and exact functions.

What is named is what the first report says: all that the first decision does not have that lacks anything.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import cache
from itertools import islice
from random import Random
from types import FrameType

from holdfast.impl.scheduler import admission
from holdfast.impl.scheduler.rounds import ClockStopped
from holdfast.impl.scheduler.snapshot import Snapshot

from ...impl.scheduler import exact, test_admission, test_host_vm, test_liveness
from ...impl.scheduler.judge import CRASHES, EXACT, broken
from ...impl.scheduler.snapshots import stream
from .citations import cited_by_crash

Report = tuple[str, tuple[str, ...]]
"""What caught a mutant, and the names of the catalogue that are reported."""

FEW, MANY = 250, 3000
"""So many snapshots are looked at before functions are, and in all."""

PATIENCE_S = 60
"""How long an answer may take: the slowest that is asked for takes a second, and a decision a thousandth of one."""


class TooLong(RuntimeError):
    """It does not end."""


@contextmanager
def bounded() -> Generator[None]:
    """Whatever is within has to end in time. Raises TooLong."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@cache
def pools() -> tuple[tuple[Snapshot, ...], tuple[Snapshot, ...]]:
    """A few snapshots, and the rest; of each the smallest first."""
    every = list(islice(stream(2), MANY))
    few, rest = (
        sorted(some, key=lambda s: (len(s.vms), s.machine.memory_pages)) for some in (every[:FEW], every[FEW:])
    )
    return tuple(few), tuple(rest)


def numbers(names: Iterable[str]) -> tuple[str, ...]:
    """The names in the catalogue that properties begin with."""
    return tuple(dict.fromkeys(name.split()[0] for name in names))


def in_decisions(pool: Iterable[Snapshot]) -> Report | None:
    """The first decision that lacks something; that there is none is reported by what the function that failed cites."""
    for snapshot in pool:
        try:
            with bounded():
                names = broken(snapshot)
        except CRASHES as error:
            return "decisions", cited_by_crash(error)
        if names:
            return "decisions", numbers(names)
    return None


def in_functions() -> Report | None:
    """The first function that computes something else than it must, or fails: then what that function cites is named."""
    for name, holds in EXACT.items():
        try:
            with bounded():
                right = holds()
        except CRASHES as error:
            return "functions", cited_by_crash(error) or numbers([name])
        if not right:
            return "functions", numbers([name])
    return None


def asked(holds: Callable[[], bool]) -> bool:
    """Whether something holds; what cannot even be asked does not."""
    try:
        with bounded():
            return holds()
    except (*CRASHES, ClockStopped):
        return False


def judged(*, thoroughly: bool = True) -> Report | None:
    """What is said of the policy, as it is now: in decisions, of its functions, and in more decisions."""
    few, rest = pools()
    return in_decisions(few) or in_functions() or in_decisions(rest if thoroughly else ())


@cache
def policy_itself() -> Report | None:
    """What is said of the policy as it is: nothing. To be asked before any mutant: what all are judged by is kept."""
    exact.cases()
    askers()
    return judged(thoroughly=False)


# ------------------------------------------------------------------------------------------- the gate, the host VM, rounds
@cache
def askers() -> tuple[test_admission.Asked, ...]:
    """Who asks to be admitted where, the smallest machines with the fewest VMs first."""
    random = Random(3)
    some = [(s, test_admission.newcomer(random.randint)) for s in islice(stream(3), MANY)]
    return tuple(sorted(some, key=lambda asked: (len(asked[0].vms), asked[0].machine.memory_pages)))


def at_the_gate() -> Report | None:
    """The first answer that lacks something."""
    for snapshot, new in askers():
        answer = admission.admit(snapshot, new)
        wrong = [name for name, holds in test_admission.PROPERTIES.items() if not holds(snapshot, new, answer)]
        if wrong:
            return "admission", numbers(wrong)
    return None


def in_rounds() -> Report | None:
    """What is not seen over many rounds in simulated worlds."""
    wrong = [name for name, seen in test_liveness.SEEN.items() if not asked(seen)]
    return ("rounds", numbers(wrong)) if wrong else None


def for_the_host_vm() -> Report | None:
    """The first count of frames that is not that of the worst way in."""
    for case in test_host_vm.CASES:
        wrong = [name for name, holds in test_host_vm.HELD.items() if not holds(case)]
        if wrong:
            return "host VM", numbers(wrong)
    return None
