"""What must be seen of placement: every answer, at every line, and in mid-exchange."""

from __future__ import annotations

from ...model.inventory import HostVmState, Vm
from ...model.language import Truth, any_of, sometimes, total
from ...model.placement import Account, Pool, Request
from ..properties import exchanged


@sometimes("M11")
def waits_for_pages() -> Truth:
    """A VM is admitted once pages are reclaimed."""
    return any_of(a.request == Request.AFTER_RECLAIM for a in Account)


@sometimes("X1")
def two_wait_for_pages() -> Truth:
    """Two VMs are admitted once pages are reclaimed: what is promised to the one is not to the other."""
    waits = Request.AFTER_RECLAIM
    return any_of(any_of((a != b) & (a.request == waits) & (b.request == waits) for b in Account) for a in Account)


@sometimes("M11")
def host_vm_waits_for_pages() -> Truth:
    """The host VM is admitted once pages are reclaimed."""
    return any_of(p.host_vm_waits for p in Pool)


@sometimes("M11")
def came_after_reclaim() -> Truth:
    """A VM is on that was off, and a balloon holds a page of another one."""
    return any_of(
        any_of((a.request == Request.ADMITTED) & a.vm.on & (vm.ballooned > 0) & (a.vm != vm) for vm in Vm)
        for a in Account
    )


@sometimes("M11")
def rejected_for_reservation() -> Truth:
    """A VM is rejected, since its reservation does not fit."""
    return any_of(a.request == Request.NO_RESERVATION for a in Account)


@sometimes("M11", "M13")
def rejected_for_swap() -> Truth:
    """A VM is rejected, since there is too little room for swapping."""
    return any_of(a.request == Request.NO_SWAP for a in Account)


@sometimes("M11")
def rejected_for_memory() -> Truth:
    """A VM is rejected, since its working set does not fit."""
    return any_of(a.request == Request.NO_MEMORY for a in Account)


@sometimes("M11")
def at_the_soft_line() -> Truth:
    """A machine with an admitted VM has exactly so much free as is to stay free."""
    return any_of(
        any_of(a.request == Request.ADMITTED for a in Account.where(pool=p))
        & (p.machine.used + p.retained == p.machine.capacity)
        for p in Pool
    )


@sometimes("M13")
def swap_reserved_to_the_last() -> Truth:
    """The swap slots of a machine are just enough for what no reservation covers."""
    return any_of(
        (total(vm.size - vm.reservation for vm in Vm.where(machine=p.machine, on=True)) == p.machine.swap)
        & (p.machine.swap > 0)
        for p in Pool
    )


@sometimes("M5")
def down_to_its_reservation() -> Truth:
    """A balloon has brought a VM down to its reservation."""
    return any_of(a.vm.on & (a.vm.ballooned > 0) & (a.vm.resident == a.vm.reservation) for a in Account)


@sometimes("M10")
def at_its_limit() -> Truth:
    """A VM holds all the frames that its limit allows, and could use more."""
    return any_of(a.vm.on & (a.vm.resident == a.limit) & (a.limit < a.vm.size) for a in Account)


@sometimes("X7")
def came_in_mid_exchange() -> Truth:
    """A VM was admitted while the host VM was there, and is nested."""
    return any_of(
        (a.request == Request.ADMITTED) & a.vm.on & (a.vm.host_vm.state == HostVmState.SUSPENDED) for a in Account
    )


@sometimes("X7")
def exchanged_without_it() -> Truth:
    """The exchange is done, and a VM is off."""
    return any_of(exchanged(a.pool.machine) & ~a.vm.on for a in Account)


@sometimes("X7")
def waits_for_the_exchange() -> Truth:
    """A VM is asked for, or asked to end, while the host VM is suspended."""
    return any_of(
        a.request.one_of(Request.ASKED, Request.ENDING) & (a.pool.machine.host_vm.state == HostVmState.SUSPENDED)
        for a in Account
    )
