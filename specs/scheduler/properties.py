"""What must hold where the memory scheduler sets the targets."""

from __future__ import annotations

from ...model.extremes import larger, smaller
from ...model.inventory import Machine, Vm
from ...model.language import (
    Choice,
    Quantity,
    Truth,
    after,
    all_of,
    always,
    any_of,
    assume,
    implies,
    step,
    total,
    where,
)
from ...model.sampling import (
    Balloon,
    Count,
    MemoryState,
    Scheduler,
    Watch,
    at_hand,
    granted,
    owed,
    serves,
    severity,
    twice_in_flight,
)
from ...model.scheduling import offer


def asked_for_more(vm: Vm) -> Truth:
    """The step asks for more of the VM's pages than before."""
    return after(granted(vm)) < granted(vm)


def given_back(vm: Vm) -> Truth:
    """The step gives pages back to the VM that were taken from it: it may use them from now on."""
    return after(at_hand(vm)) > at_hand(vm)


def line_of(s: Scheduler, state: Choice[MemoryState]) -> Quantity:
    """The line at which a memory state begins; for High, which has none, all the memory."""
    low = where(state == MemoryState.LOW, s.low_line, where(state == MemoryState.HARD, s.hard_line, s.soft_line))
    return where(state == MemoryState.HIGH, s.capacity, where(state == MemoryState.CLEAR, s.clear_line, low))


def may_come_to_hold(s: Scheduler) -> Quantity:
    """The frames held if every VM takes all that is at hand, second copies included."""
    m = s.machine
    whole = total(twice_in_flight(vm, at_hand(vm)) + vm.overhead for vm in Vm.where(machine=m, on=True))
    inside = total(
        where((vm.source == vm.guest) | vm.inside_target, at_hand(vm) + vm.guest.vm_overhead, 0)
        for vm in Vm.where(machine=m, on=True)
    )
    return where(s.inside, m.host_vm.guest.held + inside, m.footprints + m.set_aside + whole)


@assume
def watched_properly() -> Truth:
    """A VM has one watch, which knows its size; memory has one scheduler, whose lines are in order; numbers suffice."""
    one = all_of((a == b) | (a.vm != b.vm) for a in Watch for b in Watch)
    known = all_of((w.most == w.vm.size) & any_of(n.amount == w.most for n in Count) for w in Watch)
    own = all_of((a == b) | (a.machine != b.machine) | (a.inside != b.inside) for a in Scheduler for b in Scheduler)
    ordered = all_of(
        (s.low_line <= s.hard_line) & (s.hard_line <= s.soft_line) & (s.soft_line <= s.clear_line) for s in Scheduler
    )
    return one & known & own & ordered


# ------------------------------------------------------------------------------------------------------ estimates
@step("M2")
def estimates_sum() -> Truth:
    """Estimates, whenever they are made, sum to the pages that the VM has frames for."""
    return all_of(
        ((after(w.unreclaimable) == w.unreclaimable) & (after(w.active) == w.active) & (after(w.idle) == w.idle))
        | (after(w.unreclaimable + w.active + w.idle) == w.vm.resident)
        for w in Watch
    )


@step("M2")
def estimates_within_their_error() -> Truth:
    """An estimate of a VM that runs is off by no more than its sample size lets it be."""
    return all_of(
        (after(w.active) == w.active)
        | ~w.vm.runs
        | (
            (after(w.active) <= w.vm.active_anonymous + w.vm.active_buffer + w.error)
            & (w.vm.active_anonymous + w.vm.active_buffer <= after(w.active) + w.error)
        )
        for w in Watch
    )


# -------------------------------------------------------------------------------------------------------- targets
@step("M3")
def cheapest_gives_first() -> Truth:
    """Pages are asked of a VM only if no other that could give pays fewer shares for each of its pages."""
    return all_of(
        implies(
            asked_for_more(w.vm) & serves(s, w.vm) & serves(s, o.vm) & (offer(o, s) > 0),
            w.shares * o.weight <= o.shares * w.weight,
        )
        for w in Watch
        for o in Watch
        for s in Scheduler
    )


@step("M3")
def asked_only_when_wanted() -> Truth:
    """Pages are asked for only where memory is scarce or a VM is short, and no more of them than are wanted."""
    return all_of(
        implies(asked_for_more(vm) & serves(s, vm), granted(vm) - after(granted(vm)) <= s.wanted)
        for vm in Vm
        for s in Scheduler
    )


@step("M4")
def unreclaimable_not_targeted() -> Truth:
    """What the last sample found unreclaimable, or in use, stays with the VM whenever pages are asked of it."""
    return all_of(
        implies(asked_for_more(w.vm), w.unreclaimable + w.active <= w.vm.resident - after(owed(w.vm))) for w in Watch
    )


@step("M5")
def reservation_left() -> Truth:
    """No page is taken from a VM that has no more than its reservation."""
    return all_of((after(vm.resident) >= vm.resident) | (after(vm.resident) >= vm.reservation) for vm in Vm)


@always("M5")
def balloon_within_its_part() -> Truth:
    """No balloon holds more than the part of its VM that a balloon may: 65 %."""
    return all_of(larger(w.vm.ballooned, w.vm.balloon_target) <= w.balloon_most for w in Watch)


@step("M6")
def technique_by_the_line() -> Truth:
    """Pages are ballooned only above the Hard line, and swapped only at it or below, or where a balloon does not answer."""
    return all_of(
        implies(
            serves(s, w.vm),
            implies(
                after(w.vm.balloon_target) > w.vm.balloon_target,
                (s.hard_line < s.available) & (w.balloon == Balloon.ACTIVE),
            )
            & implies(
                after(w.vm.swap_target) > w.vm.swap_target,
                (s.available <= s.hard_line) | (w.balloon != Balloon.ACTIVE),
            ),
        )
        for w in Watch
        for s in Scheduler
    )


@step("M6")
def dead_balloon_is_still() -> Truth:
    """A balloon without a driver that works neither takes nor gives back; one that nobody can start never does."""
    return all_of((after(vm.ballooned) == vm.ballooned) | ~(vm.driver_stuck | vm.blocked) for vm in Vm) & all_of(
        w.has_agent | (after(w.vm.ballooned) == w.vm.ballooned) for w in Watch
    )


@step("M7")
def swapped_for_the_idle_part() -> Truth:
    """For the same need less is swapped than ballooned: by the part of the reclaimable pages that is idle, rounded up."""
    return all_of(
        implies(
            asked_for_more(w.vm)
            & serves(s, w.vm)
            & (after(w.vm.swap_target) - w.vm.swap_target == n.amount)
            & (w.idle == i.amount),
            n.factor * (w.active + w.idle) < i.factor * smaller(w.spare, s.wanted) + w.active + w.idle,
        )
        for w in Watch
        for s in Scheduler
        for n in Count
        for i in Count
    )


@step("M8")
def insufficiency_lowers() -> Truth:
    """No target of a VM with insufficient memory rises; what it gets back is from its swap target first."""
    return all_of(
        implies(
            w.missing > 0,
            (after(w.vm.balloon_target) <= w.vm.balloon_target)
            & (after(w.vm.swap_target) <= w.vm.swap_target)
            & implies(
                given_back(w.vm) & (after(w.vm.balloon_target) < w.vm.balloon_target), after(w.vm.swap_target) == 0
            ),
        )
        for w in Watch
    )


@step("M9")
def decreases_before_increases() -> Truth:
    """A VM gets pages back only once all that was asked of others has been taken from them: in two phases."""
    return all_of(
        implies(given_back(vm) & serves(s, vm) & serves(s, other), owed(other) == 0)
        for vm in Vm
        for other in Vm
        for s in Scheduler
    )


@step("M3", "M9")
def given_within_room() -> Truth:
    """Pages are given back only as far as, once they are taken, the memory is not in Low; never where they are asked for."""
    return all_of(
        implies(given_back(vm) & serves(s, vm), after(may_come_to_hold(s)) < s.capacity - s.low_line)
        for vm in Vm
        for s in Scheduler
    )


@step("M10")
def given_within_limit() -> Truth:
    """No VM is given more than it is due, nor ever more than its limit."""
    return all_of(
        implies(given_back(w.vm), (after(at_hand(w.vm)) <= w.allocated) & (after(at_hand(w.vm)) <= w.limit))
        for w in Watch
    )


@always("M13")
def slots_for_every_target() -> Truth:
    """Every page that is to be swapped has a slot."""
    return all_of(
        m.slots_set_aside + total(larger(vm.swapped, vm.swap_target) for vm in Vm.where(machine=m, on=True)) <= m.swap
        for m in Machine
    )


# ------------------------------------------------------------------------------------------------------- blocking
@step("M14")
def blocked_only_in_low() -> Truth:
    """A VM is blocked only where memory is low, and only if it has yet to give pages."""
    return all_of(
        implies(
            ~vm.blocked & after(vm.blocked) & serves(s, vm),
            (s.available <= s.low_line + s.margin) & (owed(vm) > 0) & (s.state == MemoryState.LOW),
        )
        for vm in Vm
        for s in Scheduler
    )


@step("M14")
def blocked_does_nothing() -> Truth:
    """A blocked VM uses no page that it did not use before."""
    return all_of(implies(vm.blocked, (after(vm.resident) <= vm.resident) & (after(vm.hot) <= vm.hot)) for vm in Vm)


@step("M14", "F4")
def let_go_once_relieved() -> Truth:
    """A blocked VM runs again only once memory is not low, or it has given."""
    return all_of(
        implies(vm.blocked & ~after(vm.blocked) & serves(s, vm), (s.state != MemoryState.LOW) | (owed(vm) == 0))
        for vm in Vm
        for s in Scheduler
    )


# ----------------------------------------------------------------------------------------------------- no flapping
@step("F3")
def no_flapping() -> Truth:
    """A memory state is left for a better one only beyond line and margin, for a worse one only at that one's line."""
    return all_of(
        (after(s.state) == s.state)
        | where(
            severity(after(s.state)) < severity(s.state),
            line_of(s, s.state) + s.margin < s.available,
            s.available <= line_of(s, after(s.state)),
        )
        for s in Scheduler
    )


@step("F3")
def nobody_made_short() -> Truth:
    """Asking a VM for pages does not make it one that must be given some."""
    return all_of(implies(asked_for_more(w.vm), w.allocated <= w.vm.resident - after(owed(w.vm))) for w in Watch)


@step("F5")
def given_up_only_when_dead() -> Truth:
    """A balloon is thought dead only while it is to grow and its driver is stuck, and given up only after that lasts."""
    return all_of(
        (after(w.balloon) == w.balloon)
        | where(
            w.vm.driver_stuck,
            where(
                after(w.balloon) == Balloon.INACTIVE,
                (w.balloon == Balloon.ACTIVE) & (w.vm.ballooned < w.vm.balloon_target),
                (w.balloon == Balloon.INACTIVE) & (after(w.balloon) == Balloon.UNCOOPERATIVE),
            ),
            after(w.balloon) == Balloon.ACTIVE,
        )
        for w in Watch
    )
