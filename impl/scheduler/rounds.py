"""A decision carried out: everything that is taken first, seen to be complete, and only then what is given (M9).

The world is behind one record of functions. Nothing here sleeps: to wait is to observe the world again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .admission import Admission, Outcome
from .memory_state import lines_of
from .policy import Decision, VmDecision, decide, untaken_pages
from .snapshot import Memory, Snapshot, Targets, VmMemory
from .targets import gain, given
from .technique import Liveness, liveness

PATIENCE_S = 60
"""How long the first phase is waited for."""


class ClockStopped(Exception):
    """The world was observed again, and no time had passed: waiting would never end."""


@dataclass(frozen=True)
class Effects:
    """The world: what can be done to it, by the VM's name, and how it is seen.

    Each is idempotent. `observe` returns once something may have changed, at a later time than before; what it says of
    `memory` and `settings` is not looked at.
    """

    set_balloon: Callable[[str, int], None]
    """The balloon is to hold so many pages in all."""
    swap_out: Callable[[str, int], None]
    """So many pages of the VM are to be in swap slots in all: more than were asked for."""
    swap_in: Callable[[str, int], None]
    """The same, where it is fewer."""
    block: Callable[[str], None]
    """The VM is not to run until it is unblocked [W02]."""
    unblock: Callable[[str], None]
    sample: Callable[[str], None]
    """Sample the VM's pages anew (D1)."""
    observe: Callable[[], Snapshot]


@dataclass(frozen=True)
class Round:
    """What was decided, whether all that was to be taken was seen to be taken, who was given how much, and how it is now."""

    decision: Decision
    complete: bool
    given_pages: dict[str, int]
    snapshot: Snapshot


def run_round(snapshot: Snapshot, effects: Effects) -> Round:
    """Decide, take, wait until all is taken, give; where a balloon stalls nothing is given in this round (M9, F5).

    Raises ClockStopped where waiting would never end.
    """
    decision = decide(snapshot)
    for d in decision.vms:
        if d.to_sample:
            effects.sample(d.vm.name)
        set_targets(effects, d.vm, d.vm.targets, d.taken)
        if d.blocked != d.vm.blocked and not d.vm.pinned:
            (effects.block if d.blocked else effects.unblock)(d.vm.name)
    seen = await_taken(replace(snapshot, memory=decision.memory), effects, decision.vms)
    complete = all_taken(seen, decision.vms)
    pages = give_due(seen, effects, decision) if complete else {}
    return Round(decision, complete, pages, replace(seen, memory=with_given(seen, pages)))


def set_targets(effects: Effects, vm: VmMemory, before: Targets, after: Targets) -> None:
    """Tell the world the targets that change."""
    if after.balloon_pages != before.balloon_pages:
        effects.set_balloon(vm.name, after.balloon_pages)
    if after.swap_pages > before.swap_pages:
        effects.swap_out(vm.name, after.swap_pages)
    if after.swap_pages < before.swap_pages:
        effects.swap_in(vm.name, after.swap_pages)


# ------------------------------------------------------------------------------------------------------------ waiting
def look(snapshot: Snapshot, effects: Effects) -> Snapshot:
    """The world a little later, with what the scheduler keeps. Raises ClockStopped."""
    seen = effects.observe()
    if seen.now_s <= snapshot.now_s:
        raise ClockStopped(f"the world was observed at {snapshot.now_s} s, and again at {seen.now_s} s")
    return replace(seen, memory=snapshot.memory, settings=snapshot.settings)


def await_taken(snapshot: Snapshot, effects: Effects, decisions: Iterable[VmDecision]) -> Snapshot:
    """The world once all is taken that was to be, or a balloon stalls, or patience ends."""
    awaited, seen = tuple(decisions), snapshot
    if not any(d.taken.owed(d.vm) for d in awaited if not d.vm.pinned):
        return seen
    while True:
        seen = look(seen, effects)
        late = seen.now_s - snapshot.now_s >= PATIENCE_S
        if late or all_taken(seen, awaited) or stalled(seen, awaited):
            return seen


def all_taken(seen: Snapshot, decisions: Iterable[VmDecision]) -> bool:
    """Whether nobody owes anything of what was to be taken; VMs that have gone, or may not be touched, owe nothing."""
    here = {vm.name: vm for vm in seen.vms}
    return not any(d.taken.owed(here[d.vm.name]) for d in decisions if d.vm.name in here and not here[d.vm.name].pinned)


def stalled(seen: Snapshot, decisions: Iterable[VmDecision]) -> bool:
    """Whether a balloon owes pages and does not answer (D8), or cannot, while its VM is blocked for no reason (F4)."""
    here = {vm.name: vm for vm in seen.vms if not vm.pinned}
    for d in decisions:
        vm = here.get(d.vm.name)
        if vm is not None and d.taken.owed_by_balloon(vm):
            answers = liveness(vm, seen.now_s, seen.memory.given_up_at_s.get(vm.name)) is Liveness.ACTIVE
            if not answers or (vm.blocked and not d.taken.owed_by_swap(vm)):
                return True
    return False


# ------------------------------------------------------------------------------------------------------------- giving
def give_due(seen: Snapshot, effects: Effects, decision: Decision) -> dict[str, int]:
    """Give what was decided, as far as there is room for it as things are now; what each VM was given (M9)."""
    here = {vm.name: vm for vm in seen.vms if not vm.pinned}
    room = room_now_pages(seen, decision)
    pages: dict[str, int] = {}
    for d in decision.increases:
        vm = here.get(d.vm.name)
        if vm is None:
            continue
        now = given(d.taken, d.targets, max(0, room))
        set_targets(effects, vm, d.taken, now)
        if more := gain(vm, d.taken, now):
            pages[vm.name] = more
            room -= more
    return pages


def room_now_pages(seen: Snapshot, decision: Decision) -> int:
    """What may be given of what is free now; nothing is expected any more, since all has been taken (M9)."""
    machine, taken = seen.machine, {d.vm.name: d.taken for d in decision.vms}
    untaken = sum(untaken_pages(vm, seen.memory, taken.get(vm.name, vm.targets)) for vm in seen.vms)
    return machine.free_pages - machine.promised_pages - untaken - lines_of(machine.memory_pages).low_pages - 1


def with_given(seen: Snapshot, pages: dict[str, int]) -> Memory:
    """What is kept, with what VMs were given and may take from now on (M9)."""
    here = {vm.name: vm.resident_pages for vm in seen.vms}
    promised = {name: max(here[name] + more, seen.memory.granted_up_to.get(name, 0)) for name, more in pages.items()}
    return replace(seen.memory, granted_up_to={**seen.memory.granted_up_to, **promised})


# ------------------------------------------------------------------------------------------------- room for a newcomer
def reclaim_for(
    snapshot: Snapshot, effects: Effects, gate: Callable[[Snapshot], Admission], rounds_most: int = 10
) -> tuple[Admission, Snapshot]:
    """Make the room that a gate asks for, and ask it again, until it admits or rejects, or so many rounds have passed.

    The last answer, and the world that it is about. Whoever decides meanwhile has to be told what is waited for, in
    `promised_pages`. Raises ClockStopped.
    """
    answer = gate(snapshot)
    for _ in range(rounds_most):
        if answer.outcome is not Outcome.AFTER_RECLAIM:
            break
        for name, pages in answer.balloon_plan.items():
            effects.set_balloon(name, pages)
        snapshot = await_plan(snapshot, effects, answer)
        answer = gate(snapshot)
    return answer, snapshot


def await_plan(snapshot: Snapshot, effects: Effects, answer: Admission) -> Snapshot:
    """The world once the balloons of a plan hold what they were asked for, or stall, or patience ends."""
    seen = look(snapshot, effects)
    while seen.now_s - snapshot.now_s < PATIENCE_S:
        owing = [vm for vm in seen.vms if vm.ballooned_pages < answer.balloon_plan.get(vm.name, 0)]
        answers = [liveness(vm, seen.now_s, seen.memory.given_up_at_s.get(vm.name)) for vm in owing]
        if not owing or any(a is not Liveness.ACTIVE for a in answers):
            break
        seen = look(seen, effects)
    return seen
