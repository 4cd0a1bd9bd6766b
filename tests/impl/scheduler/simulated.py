"""A small world, deterministic, in virtual time: a machine with guests that want memory, balloons, and swap.

Each second guests come nearer to the working set that they want, balloons and swap to their targets. It keeps count of what
it is told and checks at every step that no page is lost and no frame is given twice (M1, M3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from random import Random

from holdfast.impl.scheduler.estimates import ClassPages, Sample
from holdfast.impl.scheduler.memory_state import MemoryState
from holdfast.impl.scheduler.rounds import Effects, Round, run_round
from holdfast.impl.scheduler.snapshot import MachineMemory, Settings, Snapshot, VmMemory

IDLE = ("free", "inactive_buffer", "inactive_anonymous")
"""What a balloon takes, in this order; a guest that needs memory uses it in this order."""


@dataclass
class Guest:
    """A VM and what is in it; `wants` is the working set that its programs want at a time."""

    name: str
    size: int
    pages: dict[str, int]
    wants: Callable[[int], int]
    reservation: int = 0
    shares: int = 1000
    pages_per_s: int = 20
    """How fast its balloon moves."""
    has_balloon: bool = True
    stuck: bool = False
    """Its balloon driver does not answer."""
    ballooned: int = 0
    swapped: int = 0
    balloon_target: int = 0
    swap_target: int = 0
    owing_since_s: int = 0
    progress_at_s: int = 0
    blocked: bool = False
    refused: int = 0
    """Pages that it wanted in the last second and did not get."""
    sample: Sample | None = None

    @property
    def classes(self) -> ClassPages:
        """Its pages by class, as they are."""
        return ClassPages(**self.pages)

    @property
    def untouched(self) -> int:
        """Pages that are nowhere."""
        return self.size - self.classes.total - self.ballooned - self.swapped

    @property
    def owed(self) -> int:
        """What has yet to be taken."""
        return max(0, self.balloon_target - self.ballooned) + max(0, self.swap_target - self.swapped)


@dataclass
class World:
    """A machine, its guests, and the log of what the scheduler did."""

    memory: int
    hypervisor: int
    slots: int
    guests: list[Guest]
    swaps_per_s: int = 10
    jitter: int = 0
    """What the hypervisor takes more, every second five seconds."""
    samples: int | None = None
    """How many pages are looked at in a sample; all, where nothing is said."""
    chance: Random = field(default_factory=lambda: Random(0))
    now_s: int = 0
    log: list[tuple[int, str, str, int]] = field(default_factory=list[tuple[int, str, str, int]])
    given_early: int = 0
    """How often pages were given while others still owed some (M9)."""

    def guest(self, name: str) -> Guest:
        """The guest of that name."""
        return next(g for g in self.guests if g.name == name)

    @property
    def free(self) -> int:
        """Frames that nobody has; never negative (M1)."""
        return self.memory - self._others() - sum(g.classes.total for g in self.guests)

    def _others(self) -> int:
        return self.hypervisor + self.jitter * (self.now_s // 5 % 2)

    # ------------------------------------------------------------------------------------------------- what it is told
    def effects(self) -> Effects:
        """The record of functions that the scheduler gets."""
        return Effects(
            self.set_balloon, self.swap_out, self.swap_in, self.block, self.unblock, self.take_sample, self.observe
        )

    def set_balloon(self, name: str, pages: int) -> None:
        """A balloon's new target."""
        g = self.guest(name)
        self._given(g, min(g.ballooned, g.balloon_target) - min(g.ballooned, pages), "set_balloon", pages)
        if g.ballooned >= g.balloon_target:
            g.owing_since_s = self.now_s
        g.balloon_target = pages

    def swap_out(self, name: str, pages: int) -> None:
        """A swap target that is higher."""
        self.log.append((self.now_s, "swap_out", name, pages))
        self.guest(name).swap_target = pages

    def swap_in(self, name: str, pages: int) -> None:
        """A swap target that is lower."""
        g = self.guest(name)
        self._given(g, min(g.swapped, g.swap_target) - min(g.swapped, pages), "swap_in", pages)
        g.swap_target = pages

    def _given(self, g: Guest, gain: int, what: str, pages: int) -> None:
        self.log.append((self.now_s, what, g.name, pages))
        if gain > 0:
            self.given_early += any(other.owed for other in self.guests)

    def block(self, name: str) -> None:
        """The guest stands still."""
        self.log.append((self.now_s, "block", name, 0))
        self.guest(name).blocked = True

    def unblock(self, name: str) -> None:
        """The guest runs again."""
        self.log.append((self.now_s, "unblock", name, 0))
        g = self.guest(name)
        g.blocked, g.owing_since_s = False, self.now_s

    def take_sample(self, name: str) -> None:
        """Pages that chance picks are looked at, or all of them."""
        g = self.guest(name)
        seen = g.classes
        if self.samples is not None:
            all_of_them = [kind for kind, pages in g.pages.items() for _ in range(pages)]
            picked = Counter(self.chance.sample(all_of_them, min(self.samples, len(all_of_them))))
            seen = ClassPages(**picked)
        g.sample = Sample(g.classes.total, seen, self.now_s)

    def observe(self) -> Snapshot:
        """The world a second later."""
        self.pass_second()
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        """The world as it is."""
        machine = MachineMemory(self.memory, self.memory - self.free, self._others(), self.slots)
        return Snapshot(self.now_s, machine, tuple(map(seen, self.guests)))

    # -------------------------------------------------------------------------------------------------- what happens in it
    def pass_second(self) -> None:
        """Hypervisor, balloons and guests each do what they do in a second."""
        self.now_s += 1
        for g in self.guests:
            self._swap(g)
            if not g.blocked:
                self._balloon(g)
                self._want(g)
        assert self.free >= 0
        assert all(g.untouched >= 0 and min(g.pages.values()) >= 0 for g in self.guests)

    def _swap(self, g: Guest) -> None:
        """Victims are picked blindly: from whatever class has most that can be reclaimed."""
        for _ in range(self.swaps_per_s):
            victim = max((c for c in g.pages if c != "unreclaimable"), key=lambda c: g.pages[c])
            if g.swapped < g.swap_target and g.pages[victim] and self._slots_used() < self.slots:
                g.pages[victim] -= 1
                g.swapped += 1

    def _slots_used(self) -> int:
        return sum(g.swapped for g in self.guests)

    def _balloon(self, g: Guest) -> None:
        before = g.ballooned
        if g.has_balloon and not g.stuck:
            for _ in range(g.pages_per_s):
                if g.ballooned > g.balloon_target:
                    g.ballooned -= 1
                elif g.ballooned < g.balloon_target and self._give_page(g):
                    g.ballooned += 1
        if g.ballooned != before:
            g.progress_at_s = self.now_s

    def _give_page(self, g: Guest) -> bool:
        """A page for the balloon: an idle one, else one that was never touched."""
        for kind in IDLE:
            if g.pages[kind]:
                g.pages[kind] -= 1
                return True
        return g.untouched > 0

    def _want(self, g: Guest) -> None:
        """A guest uses what is idle, then what it never touched, then what is swapped beyond the target."""
        g.refused = 0
        for _ in range(abs(g.wants(self.now_s) - g.classes.working)):
            if g.classes.working > g.wants(self.now_s):
                self._age(g)
            elif not self._use(g):
                g.refused += 1

    def _age(self, g: Guest) -> None:
        if g.pages["active_anonymous"]:
            g.pages["active_anonymous"] -= 1
            g.pages["inactive_anonymous"] += 1

    def _use(self, g: Guest) -> bool:
        for kind in IDLE:
            if g.pages[kind]:
                g.pages[kind] -= 1
                g.pages["active_anonymous"] += 1
                return True
        beyond = g.swapped > g.swap_target
        if self.free == 0 or not (g.untouched or beyond):
            return False
        if not g.untouched:
            g.swapped -= 1
        g.pages["active_anonymous"] += 1
        return True


def seen(g: Guest) -> VmMemory:
    """What can be observed of a guest."""
    return VmMemory(
        name=g.name,
        size_pages=g.size,
        reservation_pages=g.reservation,
        limit_pages=g.size,
        shares=g.shares,
        resident_pages=g.classes.total,
        ballooned_pages=g.ballooned,
        swapped_pages=g.swapped,
        balloon_target_pages=g.balloon_target,
        swap_target_pages=g.swap_target,
        has_balloon=g.has_balloon,
        owing_since_s=g.owing_since_s,
        progress_at_s=g.progress_at_s,
        blocked=g.blocked,
        sample=g.sample,
    )


def guest(
    name: str,
    size: int,
    working: int,
    idle: int,
    *,
    wants: Callable[[int], int] | None = None,
    shares: int = 1000,
    pages_per_s: int = 20,
    has_balloon: bool = True,
    stuck: bool = False,
    ballooned: int = 0,
    balloon_target: int = 0,
) -> Guest:
    """A guest with so many pages in use and idle, which wants what it has in use unless something else is said."""

    def the_same(_now_s: int) -> int:
        return working

    pages = asdict(ClassPages(active_anonymous=working, inactive_anonymous=idle // 2, free=idle - idle // 2))
    return Guest(
        name,
        size,
        pages,
        wants or the_same,
        shares=shares,
        pages_per_s=pages_per_s,
        has_balloon=has_balloon,
        stuck=stuck,
        ballooned=ballooned,
        balloon_target=balloon_target,
    )


@dataclass
class History:
    """What was seen over many rounds."""

    rounds: list[Round] = field(default_factory=list[Round])
    states: list[MemoryState] = field(default_factory=list[MemoryState])


def run(world: World, rounds: int, settings: Settings | None = None, every_s: int = 5) -> History:
    """So many rounds, with time between them in which only the world moves."""
    history = History()
    for g in world.guests:
        world.take_sample(g.name)
    at = replace(world.snapshot(), settings=settings or Settings(sampled_every_s=1))
    for _ in range(rounds):
        done = run_round(at, world.effects())
        history.rounds.append(done)
        history.states.append(done.decision.state)
        for _ in range(every_s):
            world.pass_second()
        at = replace(world.snapshot(), memory=done.snapshot.memory, settings=at.settings)
    return history
