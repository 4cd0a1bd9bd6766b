"""What must hold while a host VM is stored: somewhere there is always one good copy of it, and it is charged once.

The names S16, X1 … are those of the catalogue of requirements; "O" stands for *never overcommitted beyond limits*.
"""

from __future__ import annotations

from ...model.inventory import HostVmState, Machine, Vm
from ...model.language import Quantity, Truth, after, all_of, always, assume, implies, step, total, where
from ...model.storage import Copy, Image, Store


def halted(image: Image) -> Truth:
    """The host VM stands still in memory, to be stored or to run again."""
    return image.machine.host_vm.state == HostVmState.HALTED


def runs(image: Image) -> Truth:
    """The host VM runs."""
    return image.machine.host_vm.state == HostVmState.RUNNING


def inside(machine: Machine) -> Quantity:
    """The pages of a host VM, counted one VM at a time: nothing is in flight while it is stored."""
    guest = machine.host_vm.guest
    return guest.footprint + total(vm.resident + guest.vm_overhead for vm in Vm.where(machine=machine))


def _hypervisors(machine: Machine) -> Quantity:
    return machine.old.held + machine.new.held


def _footprints(machine: Machine) -> Quantity:
    return _hypervisors(machine) + machine.host_vm.overhead


@assume
def images_built_properly() -> Truth:
    """Every machine has one image, in which its host VM has room."""
    own = all_of((a == b) | (a.machine != b.machine) for a in Image for b in Image)
    return own & all_of(image.machine.host_vm.size <= image.size for image in Image)


@always("S16", "S2")
def stored_whole() -> Truth:
    """What is in storage only is all there: its image is durable, has every page, and none of them is torn."""
    return all_of(implies(~image.machine.host_vm.in_memory, image.good) for image in Image)


@always("S16", "S2")
def one_good_copy() -> Truth:
    """A halted host VM lies in memory as it was suspended, or in a good image: never only in a copy that is not."""
    return all_of(implies(halted(image), image.exact | image.good) for image in Image)


@step("S16", "S3")
def resumed_as_suspended() -> Truth:
    """A halted host VM runs again only with the pages with which it was suspended."""
    return all_of(implies(halted(image) & after(runs(image)), image.exact) for image in Image)


@step("S16")
def deleted_only_after_resume() -> Truth:
    """An image goes only while nothing was loaded from it that does not run yet, and nothing is in storage only."""
    return all_of(
        implies(
            (image.written > 0) & (after(image.written) == 0),
            image.machine.host_vm.in_memory & (image.copy == Copy.ORIGINAL),
        )
        for image in Image
    )


@always("X1")
def stored_pages_change_account() -> Truth:
    """What is in storage only is charged to the store, page for page, and not to its machine; what is halted, to that."""
    return all_of(
        where(
            image.machine.host_vm.in_memory,
            implies(halted(image), image.machine.used == _footprints(image.machine) + inside(image.machine)),
            (image.machine.used == _hypervisors(image.machine)) & (image.written == inside(image.machine)),
        )
        for image in Image
    )


@always("O")
def store_not_overcommitted() -> Truth:
    """No store ever holds more pages than it has."""
    return all_of(total(image.written for image in Image.where(store=s)) <= s.capacity for s in Store)
