"""Placement, what happens: tenants ask, whoever passes the gate comes, and balloons take from others first (US9529609).

Tenants ask for VMs to be powered on and off whenever they like, in mid-exchange too. The host VM is a VM that comes like
any other: it passes through the same gate, with all that an exchange takes beside its copies.
"""

from __future__ import annotations

from .actors import OPERATOR, SCHEDULER, TENANT
from .exchange import start_host_vm
from .guests import Amount
from .inventory import HostVmState, Hypervisor, Power, Vm
from .language import action, implies, require, where
from .memory import Target
from .migration import give_up
from .placement import Account, Pool, Request, free_for, reclaimable_for, reservable, reserves, swappable


def _waits(account: Account) -> None:
    require(account.request.one_of(Request.ASKED, Request.AFTER_RECLAIM), "the VM waits to be powered on")


def _holds(account: Account) -> None:
    require(reserves(account), "the machine's unreserved memory covers the VM's reservation and overhead")
    require(swappable(account), "there is swap room for what the reservation does not cover")


# ----------------------------------------------------------------------------------------- what tenants ask for
@action(by=TENANT)
def ask_for_power_on(account: Account) -> None:
    """A tenant asks for a VM to be powered on."""
    settled = (Request.NONE, Request.NO_RESERVATION, Request.NO_SWAP, Request.NO_MEMORY)
    require(account.comes_and_goes & account.request.one_of(*settled), "the VM is off, and nobody waits for it")
    account.request = Request.ASKED


@action(by=TENANT)
def ask_for_power_off(account: Account) -> None:
    """A tenant asks for a VM to be powered off, wherever it is."""
    require(account.comes_and_goes & (account.request == Request.ADMITTED), "the VM was admitted, and nobody ends it")
    account.request = Request.ENDING


@action(by=SCHEDULER)
def admit_after_reclaim(account: Account) -> None:
    """The VM will be powered on as soon as balloons have taken from others what they can surely spare (D7)."""
    require(account.request == Request.ASKED, "the VM waits to be powered on")
    _holds(account)
    require(~free_for(account.pool, account.claim), "there is too little free memory for it as it is")
    require(reclaimable_for(account.pool, account.claim), "enough is free or can surely be reclaimed")
    account.request = Request.AFTER_RECLAIM


@action(by=SCHEDULER)
def reject(account: Account) -> None:
    """The VM does not pass the gate, and is told why (D7)."""
    _waits(account)
    enough = reclaimable_for(account.pool, account.claim)
    require(~(reserves(account) & swappable(account) & enough), "the VM does not pass the gate")
    lacks = where(swappable(account), Request.NO_MEMORY, Request.NO_SWAP)
    account.request = where(reserves(account), lacks, Request.NO_RESERVATION)


def _fits_inside(account: Account, to: Hypervisor) -> None:
    host_vm, overhead = to.machine.host_vm, to.vm_overhead
    room = host_vm.expected + account.starts_with + overhead <= host_vm.size
    promise = host_vm.promised + account.vm.reservation + overhead <= host_vm.size
    require(implies(to.nested, room), "the host VM, if it starts there, has room for the VM")
    require(implies(to.nested, promise), "the host VM, if it starts there, has room for the VM's reservation")


@action(by=SCHEDULER)
def power_on(account: Account, to: Hypervisor) -> None:
    """Start a VM on a hypervisor of its machine, within its limit: a balloon holds what lies beyond (M10)."""
    vm, machine = account.vm, account.pool.machine
    beyond = vm.size - account.limit
    _waits(account)
    require(to.machine == machine, "the hypervisor is one of the VM's machine")
    require(to.executes, "the hypervisor runs")
    require(machine.host_vm.state != HostVmState.SUSPENDED, "no hypervisor is being replaced")
    _holds(account)
    require(free_for(account.pool, account.claim), "enough memory is free")
    require(
        machine.committed + account.limit + to.vm_overhead <= machine.commit_limit, "the machine may promise the VM"
    )
    _fits_inside(account, to)
    vm.on = True
    vm.running = True
    vm.source = to
    vm.target = to
    vm.active_anonymous = account.starts_with
    vm.untouched = account.limit - account.starts_with
    vm.ballooned = beyond
    vm.balloon_target = beyond
    account.found = account.starts_with
    account.request = Request.ADMITTED


def _empty(vm: Vm) -> None:
    vm.unreclaimable = 0
    vm.active_anonymous = 0
    vm.active_buffer = 0
    vm.inactive_anonymous = 0
    vm.inactive_buffer = 0
    vm.free = 0
    vm.ballooned = 0
    vm.swapped = 0
    vm.balloon_target = 0
    vm.swap_target = 0
    vm.untouched = vm.size


@action(by=SCHEDULER)
def power_off(account: Account) -> None:
    """End a VM: all that it has anywhere is given back, at both ends of a migration too."""
    vm = account.vm
    require(account.request == Request.ENDING, "the VM was asked to end")
    require(vm.home.executes & ~vm.leaving, "the hypervisor that has the VM runs, and it leaves for no other machine")
    give_up(vm)
    _empty(vm)
    vm.on = False
    vm.running = False
    account.found = 0
    account.request = Request.NONE


# -------------------------------------------------------------------------------------------- the host VM
@action(by=OPERATOR, until=lambda pool: pool.host_vm_waits)
def host_vm_after_reclaim(pool: Pool) -> None:
    """The host VM will be created as soon as balloons have taken from VMs what they can surely spare."""
    machine = pool.machine
    may_begin = (machine.host_vm.state == HostVmState.ABSENT) & (machine.old.power == Power.RUNNING)
    require(may_begin, "the old hypervisor runs, and there is no host VM yet")
    require(reservable(pool, pool.host_vm_need), "the machine's unreserved memory covers what the exchange takes")
    require(~free_for(pool, pool.host_vm_claim), "there is too little free memory for it as it is")
    require(reclaimable_for(pool, pool.host_vm_claim), "enough is free or can surely be reclaimed")
    pool.host_vm_waits = True


@action(by=OPERATOR, until=lambda pool: pool.machine.host_vm.state == HostVmState.RUNNING)
def admit_host_vm(pool: Pool) -> None:
    """The host VM is a new VM: it passes through the same gate, with all that the exchange will take."""
    require(reservable(pool, pool.host_vm_need), "the machine's unreserved memory covers what the exchange takes")
    require(free_for(pool, pool.host_vm_claim), "enough memory is free")
    start_host_vm(pool.machine)
    pool.host_vm_waits = False


# ------------------------------------------------------------------------------------- what is taken from others
@action(by=SCHEDULER)
def sample(account: Account, found: Target) -> None:
    """The VM's pages are sampled, and the size of its working set is estimated anew."""
    hot = account.vm.hot
    require((hot <= found + account.error) & (found <= hot + account.error), "the estimate is within its error")
    account.found = found


@action(by=SCHEDULER)
def make_room(account: Account, amount: Amount) -> None:
    """The balloon of a VM is to take what is still missing for those who wait: never what the VM may need."""
    pool = account.pool
    missing = pool.machine.capacity + pool.on_the_way + amount <= pool.held + pool.wanted
    require(missing, "so many pages are still missing for those who wait")
    require(account.still_to_give + amount <= account.reclaimable, "the VM can surely spare so many pages")
    account.vm.balloon_target += amount


@action(by=SCHEDULER)
def give_back(account: Account, amount: Amount) -> None:
    """The balloon of a VM is to give pages back, up to its limit (M10), while nobody waits."""
    vm = account.vm
    require(vm.runs & vm.settled, "the VM runs, and is not in flight")
    require(account.pool.wanted == 0, "nobody waits for room")
    require(vm.size - account.limit + amount <= vm.balloon_target, "the VM stays within its limit")
    vm.balloon_target -= amount
