"""Placement, broken on purpose: each mutant must be caught by the property that it names, in the world that it names."""

from __future__ import annotations

from ...model.extremes import larger
from ...model.inventory import Hypervisor, Vm
from ...model.language import Quantity, where
from ...model.placement import Account, Pool
from ..mutant import Mutant
from ..mutations import also_writing, defining, forgetting, not_writing

UNRESERVED = "the machine's unreserved memory covers the VM's reservation and overhead"
SWAP_ROOM = "there is swap room for what the reservation does not cover"
ENOUGH = "enough is free or can surely be reclaimed"


def _spares(account: Account, keeps: Quantity) -> Quantity:
    vm = account.vm
    return where(vm.runs & vm.settled & (keeps < vm.resident), vm.resident - keeps, 0)


def _by_point_estimate(account: Account) -> Quantity:
    return _spares(account, larger(account.vm.reservation, account.found))


def _ignoring_reservation(account: Account) -> Quantity:
    return _spares(account, account.found + account.error)


def _promised_again(account: Account) -> Quantity:
    return larger(account.vm.reservation, account.starts_with) + account.pool.vm_overhead


def _in_flight_too(account: Account) -> Quantity:
    keeps = larger(account.vm.reservation, account.found + account.error)
    return where(keeps < account.vm.resident, account.vm.resident - keeps, 0)


def _without_soft_line(pool: Pool) -> Quantity:
    return pool.machine.expected + pool.to_come


def _nothing_to_come(pool: Pool) -> Quantity:
    return pool.machine.footprints - pool.machine.footprints


def _starts_without_balloon(account: Account, _: Hypervisor) -> None:
    account.vm.ballooned = 0
    account.vm.untouched = account.vm.size - account.starts_with


MUTANTS = (
    # ------------------------------------------------------------------------------------- M11: the gate
    Mutant(
        "placed-by-point-estimate",
        "What others can spare is taken at its estimate, not at its lower confidence bound.",
        "admission_is_sound",
        "placed-after-reclaim",
        defining(Account.reclaimable, _by_point_estimate),
    ),
    Mutant(
        "placed-ignoring-reservations",
        "A VM comes into memory that is free, though others have reserved it.",
        "reservations_hold",
        "placed-or-rejected",
        forgetting("power_on", UNRESERVED),
    ),
    Mutant(
        "promised-ignoring-reservations",
        "A VM is told that it will come, into memory that others have reserved.",
        "admission_is_sound",
        "placed-or-rejected",
        forgetting("admit_after_reclaim", UNRESERVED),
    ),
    Mutant(
        "promised-twice",
        "Pages that one VM waits for are promised to another one.",
        "admission_is_sound",
        "placed-after-reclaim",
        defining(Account.claim, _promised_again),
    ),
    Mutant(
        "placed-without-swap-room",
        "A VM comes though what its reservation does not cover could not be swapped.",
        "swap_room_holds",
        "placed-or-rejected",
        forgetting("power_on", SWAP_ROOM),
    ),
    Mutant(
        "placed-without-frames",
        "A VM comes though there are no frames for it.",
        "no_worse_than_soft",
        "placed-in-exchange",
        forgetting("power_on", "enough memory is free"),
    ),
    Mutant(
        "placed-below-soft",
        "The pages that should stay free are given to newcomers.",
        "no_worse_than_soft",
        "placed-in-exchange",
        defining(Pool.held, _without_soft_line),
    ),
    Mutant(
        "placed-in-the-successors-place",
        "In mid-exchange nobody counts what the new hypervisor will take.",
        "no_worse_than_soft",
        "placed-in-exchange",
        defining(Pool.to_come, _nothing_to_come),
    ),
    Mutant(
        "host-vm-past-the-gate",
        "The host VM is created without asking for what its exchange takes.",
        "no_worse_than_soft",
        "placed-host-vm-after-reclaim",
        forgetting("admit_host_vm", "enough memory is free"),
    ),
    Mutant(
        "host-vm-promised-too-much",
        "The host VM is told that it will come, though the VMs cannot spare so much.",
        "host_vm_admitted_soundly",
        "placed-host-vm-after-reclaim",
        forgetting("host_vm_after_reclaim", ENOUGH),
    ),
    Mutant(
        "told-to-wait-for-nothing",
        "A VM that fits is told to wait for pages.",
        "answers_are_true",
        "placed-after-reclaim",
        forgetting("admit_after_reclaim", "there is too little free memory for it as it is"),
    ),
    Mutant(
        "rejected-for-nothing",
        "A VM that passes the gate is rejected.",
        "answers_are_true",
        "placed-in-exchange",
        forgetting("reject", "the VM does not pass the gate"),
    ),
    Mutant(
        "rejected-while-on",
        "A VM that runs is told that it was rejected.",
        "admitted_are_there",
        "placed-in-exchange",
        forgetting("reject", "the VM waits to be powered on"),
    ),
    Mutant(
        "reclaimed-for-nobody",
        "Balloons take pages that nobody waits for.",
        "no_more_than_needed",
        "placed-after-reclaim",
        forgetting("make_room", "so many pages are still missing for those who wait"),
    ),
    Mutant(
        "given-back-while-awaited",
        "Pages that somebody waits for are given back as soon as they are to be taken, over and over.",
        "newcomers_are_answered",
        "placed-one-newcomer",
        forgetting("give_back", "nobody waits for room"),
    ),
    # ------------------------------------------------------------------------- M5, M10, X3: what a VM keeps
    Mutant(
        "reserved-pages-reclaimed",
        "For a newcomer a VM is brought below its reservation.",
        "reservation_kept",
        "placed-or-rejected",
        defining(Account.reclaimable, _ignoring_reservation),
    ),
    Mutant(
        "reclaimed-in-flight-for-newcomer",
        "A VM that is in flight or suspended is told to give pages to a newcomer.",
        "frozen_while_in_flight",
        "placed-host-vm-after-reclaim",
        defining(Account.reclaimable, _in_flight_too),
    ),
    Mutant(
        "allocated-above-limit",
        "A VM starts without the balloon that holds what lies beyond its limit.",
        "within_limit",
        "placed-within-limit",
        also_writing("power_on", _starts_without_balloon),
    ),
    # ------------------------------------------------------------------------------- S4 …: in mid-exchange
    Mutant(
        "powered-on-while-replaced",
        "A VM is started directly on a hypervisor between suspension and resumption.",
        "consolidated_before_exchange",
        "placed-in-exchange",
        forgetting("power_on", "no hypervisor is being replaced"),
    ),
    Mutant(
        "powered-on-nowhere",
        "A VM is started on a hypervisor that does not run.",
        "no_vm_lost",
        "placed-in-exchange",
        forgetting("power_on", "the hypervisor runs"),
    ),
    Mutant(
        "powered-on-inside-beyond-reservation",
        "A VM is started in a host VM that cannot reserve what it is due.",
        "reservations_fit_inside",
        "placed-on-two-machines",
        forgetting("power_on", "the host VM, if it starts there, has room for the VM's reservation"),
    ),
    Mutant(
        "powered-off-while-suspended",
        "A VM in a suspended host VM is powered off: the map still speaks of its pages.",
        "map_complete",
        "placed-in-exchange",
        forgetting("power_off", "the hypervisor that has the VM runs, and it leaves for no other machine"),
    ),
    Mutant(
        "powered-off-unasked",
        "A VM is powered off that nobody asked to end.",
        "ended_only_by_its_tenant",
        "placed-in-exchange",
        forgetting("power_off", "the VM was asked to end"),
    ),
    Mutant(
        "copy-left-behind",
        "A VM that is powered off in flight leaves its second copy behind.",
        "nothing_left_behind",
        "placed-in-exchange",
        not_writing("power_off", Vm.copied),
    ),
    Mutant(
        "slots-left-behind",
        "A VM that is powered off leaves its swap slots behind.",
        "nothing_left_behind",
        "placed-in-spite-of-faults",
        not_writing("power_off", Vm.swapped),
    ),
    Mutant(
        "pages-left-behind",
        "A VM that is powered off leaves its pages behind.",
        "memory_returns",
        "placed-in-exchange",
        not_writing("power_off", Vm.active_anonymous),
    ),
)
