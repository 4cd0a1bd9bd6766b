"""One decision about all VMs of a machine, from a snapshot: targets, techniques, who is blocked, whom to sample.

First what was asked for before is gone through (`settling`). Then what memory is wanted is taken from those who pay least
for what they do not use. Then those who are short get back what was taken from them, as far as there will be room; `rounds`
sees that nothing is given before everything was taken (M9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from .division import Giver, revoke
from .memory_state import Lines, MemoryState, lines_of, next_state
from .settling import Settled, settle, slots_left
from .snapshot import Memory, Snapshot, Targets, VmMemory
from .targets import Standing, allocated, entitlements, fresh_estimate, gain, given, spare_by
from .technique import Liveness, Technique, choose, liveness


class Reason(Enum):
    """Why a VM is treated as it is."""

    PINNED = "it is suspended, preserved or in flight: nothing is touched"
    UNKNOWN = "there is no fresh estimate of its pages"
    SHORT = "it has less than it is due"
    GIVEN_BACK = "what was taken from it is given back"
    NO_ROOM = "there is no room yet to give it all that it is short of"
    GIVES = "it can spare pages that are wanted, and pays little for them"
    REPLACED = "what its balloon does not take is swapped instead"
    LESS_ASKED = "it owed more than it can spare now"
    BLOCKED = "memory is low, and it is above its target"
    KEEPS = "it keeps what it has: nothing more is wanted of it"
    NOTHING_SPARE = "it has no idle pages beyond what it is due"


@dataclass(frozen=True)
class VmDecision:
    """What is decided about one VM."""

    standing: Standing
    taken: Targets
    """After what is taken and before anything is given: what the first phase sets (M9)."""
    targets: Targets
    """After both phases."""
    blocked: bool
    to_sample: bool
    spare_pages: int
    """What it could have been asked for by its technique."""
    reasons: tuple[Reason, ...]

    @property
    def vm(self) -> VmMemory:
        """The VM."""
        return self.standing.vm

    @property
    def gain_pages(self) -> int:
        """What it is given."""
        return gain(self.vm, self.taken, self.targets)


@dataclass(frozen=True)
class Decision:
    """What is decided about a machine and its VMs; `memory` goes into the next snapshot."""

    state: MemoryState
    wanted_pages: int
    """What was to be taken."""
    vms: tuple[VmDecision, ...]
    memory: Memory

    def of(self, name: str) -> VmDecision:
        """What is decided about the VM of that name, of which there is one (M1). Raises KeyError where there is none."""
        found = next((d for d in self.vms if d.vm.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    @property
    def increases(self) -> tuple[VmDecision, ...]:
        """Those that are given pages, in the order in which they get them: who pays most for its pages first."""
        return tuple(sorted((d for d in self.vms if d.taken != d.targets), key=lambda d: -d.standing.price))


def decide(snapshot: Snapshot) -> Decision:
    """The decision about a snapshot; a function of it and of nothing else.

    The state (D4) and how each VM stands (D1, D3, D8) are first; then what is owed already (M4, M8, F5), what is taken (F1,
    F2, D2, M13) and what is given (M9); then who has to wait (M14), and what is kept for the next.
    """
    lines = lines_of(snapshot.machine.memory_pages)
    state = next_state(snapshot.memory.state, lines, snapshot.machine.free_pages)
    standings = stand(snapshot, lines)
    settled = settle(snapshot, lines, standings, state)
    wanted = wanted_pages(snapshot, lines, state, standings, settled)
    spared = {s.vm.name: spare_by(s, settled[s.vm.name].taken, snapshot.settings) for s in standings}
    taken = take(snapshot, standings, settled, spared, wanted)
    final = give(standings, settled, taken, room_pages(snapshot, lines, standings, taken))
    vms = tuple(
        VmDecision(
            s,
            taken[s.vm.name],
            final[s.vm.name],
            blocks(s, final[s.vm.name], state),
            due_for_sample(s, snapshot.settings.sampled_every_s),
            spared[s.vm.name],
            reasons(s, settled[s.vm.name], taken[s.vm.name], final[s.vm.name], spared[s.vm.name], state),
        )
        for s in standings
    )
    return Decision(state, wanted, vms, remembered(snapshot, standings, taken, state))


def stand(snapshot: Snapshot, lines: Lines) -> tuple[Standing, ...]:
    """How every VM stands, with what it is entitled to [W02] and due (D3)."""
    entitled = entitlements(snapshot, lines)
    return tuple(_standing(snapshot, lines, vm, entitled[vm.name]) for vm in snapshot.vms)


def _standing(snapshot: Snapshot, lines: Lines, vm: VmMemory, entitlement_pages: int) -> Standing:
    """What is estimated (D1), whether the balloon answers (D8, F5), how pages are taken (M6), and what is due (D3)."""
    found = fresh_estimate(vm, snapshot.now_s, snapshot.settings)
    answers = liveness(vm, snapshot.now_s, snapshot.memory.given_up_at_s.get(vm.name))
    technique = choose(lines, snapshot.machine.free_pages, answers)
    due = allocated(vm, found, entitlement_pages, snapshot.settings)
    return Standing(vm, found, answers, technique, entitlement_pages, due, snapshot.settings.idle_price)


# ------------------------------------------------------------------------------------------- how much memory there is
def expected_free_pages(snapshot: Snapshot, standings: Iterable[Standing], targets: Mapping[str, Targets]) -> int:
    """What will be free once what is owed has been taken, what was given is used, and what is promised is there.

    What is wanted is what this lacks (F1, F2, D2), and what may be given is what it exceeds (M8, M9). Nothing is expected of
    a balloon that does not answer, nor of a VM that may not be touched.
    """
    free = snapshot.machine.free_pages - snapshot.machine.promised_pages
    for s in standings:
        owes = targets[s.vm.name]
        if not s.vm.pinned:
            free += owes.owed_by_swap(s.vm)
            free += owes.owed_by_balloon(s.vm) if s.balloon is Liveness.ACTIVE else 0
        free -= untaken_pages(s.vm, snapshot.memory, owes)
    return free


def untaken_pages(vm: VmMemory, memory: Memory, targets: Targets) -> int:
    """What a VM was given and has not taken yet, as far as its targets still grant it: it is nobody else's (M9, F1, D2)."""
    return max(0, min(memory.granted_up_to.get(vm.name, 0), targets.granted(vm)) - vm.resident_pages)


def wanted_pages(
    snapshot: Snapshot,
    lines: Lines,
    state: MemoryState,
    standings: Iterable[Standing],
    settled: Mapping[str, Settled],
) -> int:
    """The pages to take: that Soft is left behind (F1), promises are kept, the short get their due (F2); no more (D2)."""
    due = sum(s.due_pages for s in settled.values())
    if state < MemoryState.SOFT and not due and not snapshot.machine.promised_pages:
        return 0
    expected = expected_free_pages(snapshot, standings, {name: s.taken for name, s in settled.items()})
    return max(0, lines.goal_pages + due - expected)


def room_pages(snapshot: Snapshot, lines: Lines, standings: Iterable[Standing], taken: Mapping[str, Targets]) -> int:
    """What may be given once everything has been taken (M8): after that, the machine is just not in Low (M9)."""
    return max(0, expected_free_pages(snapshot, standings, taken) - lines.low_pages - 1)


# --------------------------------------------------------------------------------------------------- taking and giving
def take(
    snapshot: Snapshot,
    standings: Iterable[Standing],
    settled: Mapping[str, Settled],
    spared: Mapping[str, int],
    wanted: int,
) -> dict[str, Targets]:
    """The targets with what is wanted (F1) taken from those who pay least for idle pages, within the swap slots (D2, M13).

    What balloon or swap still holds beyond a target, since it was given back and is not used yet, is kept first.
    """
    taken = {name: s.taken for name, s in settled.items()}
    slots = max(0, slots_left(snapshot, [taken[vm.name] for vm in snapshot.vms]))
    givers = givers_by_technique(standings, taken, spared)
    by_balloon, by_swap = shared_out(givers, wanted, slots, snapshot.settings.idle_price)
    for s in standings:
        name, before = s.vm.name, taken[s.vm.name]
        if pages := by_balloon.get(name):
            taken[name] = Targets(max(before.balloon_pages, s.vm.ballooned_pages) + pages, before.swap_pages)
        if pages := by_swap.get(name):
            taken[name] = Targets(before.balloon_pages, max(before.swap_pages, s.vm.swapped_pages) + pages)
    return taken


def givers_by_technique(
    standings: Iterable[Standing], owing: Mapping[str, Targets], spared: Mapping[str, int]
) -> Mapping[Technique, list[Giver]]:
    """Those who can spare pages, by how they are taken (M6); what they owe already is not theirs any more (D2)."""
    givers = {Technique.BALLOON: list[Giver](), Technique.SWAP: list[Giver]()}
    for s in standings:
        if spared[s.vm.name] and s.estimate:
            idle = s.estimate.pages.idle - owing[s.vm.name].owed(s.vm)
            giver = Giver(s.vm.name, s.vm.shares, s.estimate.pages.working, idle, spared[s.vm.name])
            givers[s.technique].append(giver)
    return givers


def shared_out(
    givers: Mapping[Technique, list[Giver]], wanted: int, slots: int, idle_price: Fraction
) -> tuple[dict[str, int], dict[str, int]]:
    """Who gives how much, by balloon and by swap (D2); what there are no slots for is taken by balloon (M13)."""
    balloons, swaps = givers[Technique.BALLOON], givers[Technique.SWAP]
    pages = revoke([*balloons, *swaps], wanted, idle_price)
    by_swap = {g.name: pages[g.name] for g in swaps}
    if sum(by_swap.values()) > slots:
        by_swap = revoke(swaps, slots, idle_price)
        pages = revoke(balloons, wanted - slots, idle_price)
    return {g.name: pages[g.name] for g in balloons}, by_swap


def give(
    standings: Iterable[Standing], settled: Mapping[str, Settled], taken: Mapping[str, Targets], room: int
) -> dict[str, Targets]:
    """The targets with those who are short given their due while there is room (M8), the highest price first (M9, D3)."""
    final = dict(taken)
    for s in sorted(standings, key=lambda s: -s.price):
        name = s.vm.name
        if settled[name].due_pages:
            final[name] = given(taken[name], settled[name].due, room)
            room -= taken[name].total_pages - final[name].total_pages
    return final


# ------------------------------------------------------------------------------------------------------------ the rest
def blocks(standing: Standing, targets: Targets, state: MemoryState) -> bool:
    """Whether a VM has to wait: memory is low, and it is above its target (M14).

    What it owes must be owed by swap: a guest that waits could not fill its balloon, and would wait for ever (F4). One that
    may not be touched is not (X3).
    """
    above = targets.owed_by_swap(standing.vm) > 0
    return state is MemoryState.LOW and above and not standing.vm.pinned


def due_for_sample(standing: Standing, every_s: int) -> bool:
    """Whether a VM is to be sampled again (D1); one that may not be touched is not looked at (X3)."""
    old = standing.estimate is None or standing.estimate.age_s >= every_s
    return old and not standing.vm.pinned


def remembered(
    snapshot: Snapshot, standings: Iterable[Standing], taken: Mapping[str, Targets], state: MemoryState
) -> Memory:
    """What is kept: the state (D4), balloons that are given up (D8, F5), and what was given before and is untaken (M9).

    What is given in this decision is added by whoever gives it.
    """
    before = snapshot.memory
    given_up = {
        s.vm.name: before.given_up_at_s.get(s.vm.name, snapshot.now_s)
        for s in standings
        if s.balloon is Liveness.UNCOOPERATIVE
    }
    untaken = {
        vm.name: vm.resident_pages + pages
        for vm in snapshot.vms
        if (pages := untaken_pages(vm, before, taken[vm.name]))
    }
    return Memory(state, given_up, untaken)


def reasons(
    standing: Standing, settled: Settled, taken: Targets, final: Targets, spared: int, state: MemoryState
) -> tuple[Reason, ...]:
    """Why a VM is treated as it is; at least one reason.

    It is pinned (X3), unknown (D1), short (D3), given back to or not yet (M9), swapped instead (F5), asked for less (M4),
    asked for more or why not (D2), or blocked (M14).
    """
    vm, before = standing.vm, standing.vm.targets
    if vm.pinned:
        return (Reason.PINNED,)
    replaces = settled.taken.swap_pages > before.swap_pages
    holds = {
        Reason.UNKNOWN: standing.estimate is None,
        Reason.SHORT: standing.short_pages > 0,
        Reason.GIVEN_BACK: final != taken,
        Reason.NO_ROOM: settled.due_pages > taken.total_pages - final.total_pages,
        Reason.REPLACED: replaces,
        Reason.LESS_ASKED: settled.taken.owed(vm) < before.owed(vm) and not replaces,
        Reason.GIVES: taken.total_pages > settled.taken.total_pages,
        Reason.BLOCKED: blocks(standing, final, state),
    }
    said = tuple(reason for reason, so in holds.items() if so)
    return said or (Reason.KEEPS if spared else Reason.NOTHING_SPARE,)
