"""What must hold while VMs come and go: a newcomer gets what it was promised, and nobody pays for it with what it needs.

The gate sees reservations, counters and estimates; these properties see which pages are really in use.
"""

from __future__ import annotations

from ...model.inventory import HostVmState, Machine, Power, Vm
from ...model.language import (
    Quantity,
    Truth,
    after,
    all_of,
    always,
    any_of,
    assume,
    implies,
    initially,
    step,
    total,
    where,
)
from ...model.placement import Account, Pool, Request
from ..properties import exchanged

ADMITTED = (Request.AFTER_RECLAIM, Request.ADMITTED)
TURNED_AWAY = (Request.AFTER_RECLAIM, Request.NO_RESERVATION, Request.NO_SWAP, Request.NO_MEMORY)


def launched_later(machine: Machine) -> Quantity:
    """What the new hypervisor will take, if an exchange has begun and it is not there yet."""
    begun = (machine.host_vm.state != HostVmState.ABSENT) & (machine.new.power == Power.ABSENT)
    return where(begun, machine.new.footprint, 0)


def kept(vm: Vm) -> Quantity:
    """The pages that nobody may take from it: those in use and those reserved; all that is suspended, or twice in flight."""
    due = where(vm.hot < vm.reservation, vm.reservation, vm.hot)
    spares = vm.runs & vm.settled & (due < vm.resident)
    return where(spares, due, vm.resident) + where(vm.settled, 0, vm.resident)


def kept_on(machine: Machine) -> Quantity:
    """The frames of a machine that nobody may take."""
    theirs = total(kept(vm) + vm.overhead for vm in Vm.where(machine=machine))
    return machine.footprints + launched_later(machine) + theirs


def reserved_on(machine: Machine) -> Quantity:
    """The frames that hypervisors take and VMs have reserved, each where it is at home."""
    theirs = total(vm.reservation + vm.home.vm_overhead for vm in Vm.where(machine=machine, on=True))
    return machine.footprints + theirs


def uncovered_on(machine: Machine) -> Quantity:
    """The pages of its VMs that no reservation covers."""
    return total(vm.size - vm.reservation for vm in Vm.where(machine=machine, on=True))


def above_soft(pool: Pool) -> Truth:
    """The machine has so much free as is to stay free, the new hypervisor counted in."""
    machine = pool.machine
    return machine.used + launched_later(machine) + pool.retained <= machine.capacity


def waited_for(pool: Pool) -> Quantity:
    """What those need who were promised pages."""
    theirs = total(a.need for a in Account.where(pool=pool, request=Request.AFTER_RECLAIM))
    return theirs + where(pool.host_vm_waits, pool.host_vm_need, 0)


def fits_now(account: Account) -> Truth:
    """Its reservation, its swap room and its pages are there, and as much stays free as is to."""
    pool, machine, vm = account.pool, account.pool.machine, account.vm
    later, overhead = launched_later(machine), pool.vm_overhead
    waited = waited_for(pool) + where(account.request == Request.AFTER_RECLAIM, 0, account.need)
    others = total(overhead for _ in Vm.where(machine=machine, on=True))
    bare = total(v.reservation for v in Vm.where(machine=machine, on=True))
    return (
        (machine.footprints + later + others + bare + vm.reservation + overhead <= machine.capacity)
        & (uncovered_on(machine) + vm.size - vm.reservation <= machine.swap)
        & (machine.expected + later + waited + pool.retained <= machine.capacity)
    )


def still_to_take(vm: Vm) -> Quantity:
    """What its balloon is below its target."""
    return where(vm.ballooned < vm.balloon_target, vm.balloon_target - vm.ballooned, 0)


def theirs(machine: Machine) -> Quantity:
    """What the VMs of a machine take on the new hypervisor."""
    return total(vm.resident + machine.new.vm_overhead for vm in Vm.where(machine=machine, on=True))


# ------------------------------------------------------------------------------------------------ assumptions
@assume
def accounts_built_properly() -> Truth:
    """Every VM has one account, every machine one pool; a limit covers the reservation, and peaks cover what is expected."""
    own = all_of((a == b) | (a.vm != b.vm) for a in Account for b in Account)
    pools = all_of((p == q) | (p.machine != q.machine) for p in Pool for q in Pool)
    sizes = all_of((a.limit <= a.vm.size) & (a.vm.reservation <= a.limit) for a in Account)
    peaks = all_of((a.starts_with <= a.vm.hot_peak) & (a.vm.size + a.error <= a.most) for a in Account)
    return own & pools & sizes & peaks


@initially
def accounts_are_true() -> Truth:
    """Accounts are on the machines of their VMs, estimates within their error, and pools know what is free at first."""
    off = all_of(vm.on | ((vm.untouched == vm.size) & ~vm.running) for vm in Vm)
    here = all_of(a.pool.machine == a.vm.machine for a in Account)
    near = all_of((a.vm.hot <= a.found + a.error) & (a.found <= a.vm.hot + a.error) for a in Account)
    free = all_of(p.free_at_first + p.machine.used == p.machine.capacity for p in Pool)
    used = all_of(p.theirs_at_first + p.machine.footprints == p.machine.used for p in Pool)
    return off & here & near & free & used


# ------------------------------------------------------------------------------------------------- admission
@always("M11")
def reservations_hold() -> Truth:
    """All VMs of a machine can have what they have reserved at the same time, beside the hypervisors that will be there."""
    return all_of(reserved_on(m) + launched_later(m) <= m.capacity for m in Machine)


@always("M11", "M13")
def swap_room_holds() -> Truth:
    """All that no reservation covers can be swapped: every VM can be brought down to its reservation at the same time."""
    return all_of(uncovered_on(m) <= m.swap for m in Machine)


@step("M11", "X1")
def admission_is_sound() -> Truth:
    """Whoever is admitted can have its reservation, swap room and working set: no page of it is in use or promised."""
    return all_of(
        implies(
            ~a.request.one_of(*ADMITTED) & after(a.request.one_of(*ADMITTED)),
            (kept_on(a.pool.machine) + a.need + waited_for(a.pool) + a.pool.retained <= a.pool.machine.capacity)
            & (reserved_on(a.pool.machine) + a.vm.reservation <= a.pool.machine.capacity)
            & (uncovered_on(a.pool.machine) + a.vm.size - a.vm.reservation <= a.pool.machine.swap),
        )
        for a in Account
    )


@step("M11")
def host_vm_admitted_soundly() -> Truth:
    """The host VM is promised only what there is without a page that a VM uses or has reserved."""
    return all_of(
        implies(
            ~p.host_vm_waits & after(p.host_vm_waits),
            (kept_on(p.machine) + p.host_vm_need + waited_for(p) + p.retained <= p.machine.capacity)
            & (reserved_on(p.machine) + p.host_vm_need <= p.machine.capacity),
        )
        for p in Pool
    )


@step("M11")
def no_worse_than_soft() -> Truth:
    """When a VM or the host VM has come, the machine is no worse than Soft, and has room for the new hypervisor."""
    vms = all_of(implies(~a.vm.on & after(a.vm.on), after(above_soft(a.pool))) for a in Account)
    absent = HostVmState.ABSENT
    return vms & all_of(
        implies(
            (p.machine.host_vm.state == absent) & after(p.machine.host_vm.state != absent),
            after(above_soft(p)),
        )
        for p in Pool
    )


@step("M11")
def answers_are_true() -> Truth:
    """Nobody who fits as things are is told to wait for pages, or rejected."""
    vms = all_of(
        implies(~a.request.one_of(*TURNED_AWAY) & after(a.request.one_of(*TURNED_AWAY)), ~fits_now(a)) for a in Account
    )
    return vms & all_of(
        implies(
            ~p.host_vm_waits & after(p.host_vm_waits),
            p.machine.capacity < p.machine.expected + p.host_vm_need + waited_for(p) + p.retained,
        )
        for p in Pool
    )


@always("M11")
def admitted_are_there() -> Truth:
    """A VM is on exactly if it was admitted, and the host VM waits only while there is none and an exchange can begin."""
    vms = all_of(a.vm.on == a.request.one_of(Request.ADMITTED, Request.ENDING) for a in Account)
    return vms & all_of(
        implies(
            p.host_vm_waits,
            (p.machine.host_vm.state == HostVmState.ABSENT) & (p.machine.old.power == Power.RUNNING),
        )
        for p in Pool
    )


@step("S2")
def ended_only_by_its_tenant() -> Truth:
    """No VM is powered off that its tenant did not ask to end."""
    return all_of(implies(a.vm.on & ~after(a.vm.on), a.request == Request.ENDING) for a in Account)


@step("M11")
def no_more_than_needed() -> Truth:
    """Balloons are told to take only what is missing for somebody who waits."""
    return all_of(
        implies(
            any_of(vm.on & (vm.balloon_target < after(vm.balloon_target)) for vm in Vm.where(machine=p.machine)),
            p.machine.capacity + after(total(still_to_take(vm) for vm in Vm.where(machine=p.machine)))
            <= p.machine.expected + launched_later(p.machine) + p.retained + waited_for(p),
        )
        for p in Pool
    )


@step("M5")
def reservation_kept() -> Truth:
    """No balloon brings a VM below its reservation, nor takes a page that it uses."""
    return all_of(
        implies(
            after(vm.on) & (vm.ballooned < after(vm.ballooned)) & (after(vm.resident) < vm.resident),
            (vm.reservation <= after(vm.resident)) & (vm.hot <= after(vm.resident)),
        )
        for vm in Vm
    )


@always("M10")
def within_limit() -> Truth:
    """No VM holds more frames than its limit, nor can it come to: a balloon holds the rest."""
    return all_of(implies(a.vm.on, a.vm.resident + a.vm.untouched <= a.limit) for a in Account)


# ------------------------------------------------------------------------------------------------ what comes back
@always("X7")
def nothing_left_behind() -> Truth:
    """A VM that is off has no frame, no slot, no promise and no copy anywhere, and is in no host VM."""
    return all_of(
        implies(
            ~vm.on,
            (vm.charged == 0) & (vm.swapped == 0) & (vm.promised == 0) & (vm.inside == 0) & vm.settled & ~vm.running,
        )
        for vm in Vm
    )


@always("X7")
def memory_returns() -> Truth:
    """After the exchange as much is free as at first, less what VMs have come to hold and a larger new hypervisor takes."""
    return all_of(
        implies(
            exchanged(p.machine),
            p.free_at_first + p.machine.old.footprint + p.theirs_at_first + p.machine.used
            <= p.machine.capacity + p.machine.new.footprint + theirs(p.machine),
        )
        for p in Pool
    )
