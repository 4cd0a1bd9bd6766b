"""Suspension to storage: the other way of suspending the host VM while the old hypervisor gives way to the new one.

Halt the host VM; write its image page by page; make it durable; verify it; free the frames; end the old hypervisor; boot the
new one in the memory that is free; load the image; verify what was loaded; wake the host VM; delete the image.

Each step waits for the one before it, and why is always the same: until a copy is known to be good, the copy that it was
made from must stay. So frames are freed only when the image on the medium has been verified (an image that is verified
before it is durable may still be torn), and the image goes only when the host VM runs again. Until the frames are free
the image can be written again, or given up; until the old hypervisor has ended it can be loaded there. (S16)
"""

from __future__ import annotations

from enum import Enum

from .actors import HYPERVISOR, OPERATOR, pages
from .exchange import gathered_for_new
from .guests import Amount
from .inventory import HostVmState, Machine, Power
from .language import Entity, Quantity, Truth, action, constant, derived, require, total, varying, where


class Copy(Enum):
    """What lies in memory: the original, what was loaded from storage, or the same once it was verified."""

    ORIGINAL = "original"
    LOADED = "loaded"
    VERIFIED = "verified"


class Store(Entity):
    """Storage for images: so many pages, for all the machines that write to it."""

    capacity = constant(pages)

    @derived
    def used(self) -> Quantity:
        """The pages that images take."""
        return total(image.written for image in Image.where(store=self))

    @derived
    def promised(self) -> Quantity:
        """The pages that images take once those that are being written are complete (D6)."""
        return total(image.promised for image in Image.where(store=self))


class Image(Entity):
    """The image of a machine's host VM: so many pages of it are `written`, and none of them torn if it is `whole`.

    Whether it is whole nobody knows before it is verified. The same goes for what was loaded from it: `exact` says
    whether what lies in memory is what was suspended. If `bridged`, a battery carries the machine until the image can
    be relied on.
    """

    machine = constant(Machine)
    store = constant(Store)
    size = constant(pages)
    bridged = constant(bool)

    written = varying(pages, upto=size)
    whole = varying(bool, start=True)
    durable = varying(bool, start=False)
    verified = varying(bool, start=False)
    copy = varying(Copy, start=Copy.ORIGINAL)
    exact = varying(bool, start=True)

    @derived
    def needed(self) -> Truth:
        """Whether the host VM is halted or in storage, so that its image is being written, or is what it rests on."""
        return self.machine.host_vm.state.one_of(HostVmState.HALTED, HostVmState.STORED)

    @derived
    def promised(self) -> Quantity:
        """The pages of the store that it takes, or will take once it is complete."""
        return where(self.needed, self.machine.host_vm.used, self.written)

    @derived
    def good(self) -> Truth:
        """Whether everything that is in the host VM can be had from it, even if power is lost."""
        return self.durable & self.whole & (self.written == self.machine.host_vm.used)


def _halted(image: Image) -> None:
    require(image.machine.host_vm.state == HostVmState.HALTED, "the host VM is halted")


def _stored(image: Image) -> None:
    require(image.machine.host_vm.state == HostVmState.STORED, "the host VM is in storage only")


def _fits_with_new(machine: Machine) -> None:
    """With the new hypervisor in the old one's place, the host VM will fit again."""
    need, gain = machine.new.footprint, machine.old.footprint
    require(machine.used + need <= machine.capacity + gain, "the machine has room for the new hypervisor")
    require(
        machine.committed + need <= machine.commit_limit + gain, "the machine may promise the new hypervisor's frames"
    )


# ------------------------------------------------------------------------------------------------- out of memory
@action(by=OPERATOR, until=lambda image: image.needed)
def suspend_to_storage(image: Image) -> None:
    """Halt the host VM, with every VM in it, to store it (US10963290). What would make the exchange fail is refused here."""
    machine = image.machine
    host_vm, store = machine.host_vm, image.store
    require(host_vm.state == HostVmState.RUNNING, "the guest hypervisor runs")
    require(host_vm.carrier == machine.old, "the old hypervisor carries the host VM")
    gathered_for_new(machine)
    require(image.written == 0, "no other image is left")
    require(store.promised + host_vm.used <= store.capacity, "the store has room for the image")
    _fits_with_new(machine)
    host_vm.state = HostVmState.HALTED


@action(by=HYPERVISOR)
def write_image(image: Image, amount: Amount) -> None:
    """Write pages of the host VM to its image; for all that is known so far, into a cache (S16)."""
    _halted(image)
    require(image.written + amount <= image.machine.host_vm.used, "so many pages remain to be written")
    image.written += amount


@action(by=HYPERVISOR)
def sync_image(image: Image) -> None:
    """Make the image durable: what is lost from now on is lost by the medium (S16)."""
    _halted(image)
    require(image.written == image.machine.host_vm.used, "every page has been written")
    require(~image.durable, "the image is not durable yet")
    image.durable = True


@action(by=HYPERVISOR)
def verify_image(image: Image) -> None:
    """Read the image back from the medium and compare its hash; a torn one is discarded, to be written again (S16)."""
    require(image.durable, "the image is durable")
    require(~image.verified, "the image has not been verified yet")
    whole = image.whole
    image.verified = whole
    image.durable &= whole
    image.written = where(whole, image.written, 0)
    image.whole = True


@action(by=OPERATOR, until=lambda image: ~image.machine.host_vm.in_memory)
def free_pages(image: Image) -> None:
    """Free the frames of the host VM: from now on its image is all there is (S16)."""
    _halted(image)
    require(image.verified, "the image has been verified")
    require(image.copy == Copy.ORIGINAL, "the host VM was not loaded again")
    image.machine.host_vm.whole &= image.good
    image.machine.host_vm.state = HostVmState.STORED


@action(by=OPERATOR, until=lambda image: image.machine.old.power == Power.ABSENT)
def retire_old(image: Image) -> None:
    """End the old hypervisor, which carries nothing any more. The point of no return."""
    _stored(image)
    require(image.machine.old.power == Power.RUNNING, "the old hypervisor runs")
    image.machine.old.power = Power.ABSENT
    image.machine.host_vm.carrier = image.machine.new


# ------------------------------------------------------------------------------------------------ into memory again
@action(by=OPERATOR, until=lambda image: image.machine.new.power == Power.RUNNING)
def boot_new(image: Image) -> None:
    """Boot the new hypervisor on the machine, which has no other."""
    require(image.machine.old.power == Power.ABSENT, "the old hypervisor has ended")
    require(image.machine.new.power == Power.ABSENT, "the new hypervisor is not there yet")
    image.machine.new.power = Power.BOOTING


@action(by=OPERATOR, until=lambda image: image.machine.host_vm.in_memory)
def load_image(image: Image) -> None:
    """Read the image into free memory: on the new hypervisor, or, to roll back, on the old one."""
    _stored(image)
    require(image.machine.host_vm.carrier.power == Power.RUNNING, "the hypervisor that is to carry the host VM runs")
    image.machine.host_vm.state = HostVmState.HALTED
    image.copy = Copy.LOADED
    image.exact = image.whole


@action(by=HYPERVISOR)
def verify_loaded(image: Image) -> None:
    """Compare what was loaded with the image's hash; if it differs it is dropped, to be loaded again (S3)."""
    require(image.copy == Copy.LOADED, "the host VM was loaded, and not yet verified")
    exact = image.exact
    image.machine.host_vm.state = where(exact, HostVmState.HALTED, HostVmState.STORED)
    image.copy = where(exact, Copy.VERIFIED, Copy.ORIGINAL)
    image.exact = True


@action(by=OPERATOR, until=lambda image: image.machine.host_vm.state == HostVmState.RUNNING)
def wake(image: Image) -> None:
    """Run the host VM where it lies: on the new hypervisor, or, to roll back, on the old one. Its image is stale now."""
    _halted(image)
    require(image.copy != Copy.LOADED, "what was loaded has been verified")
    image.machine.host_vm.whole &= image.exact
    image.machine.host_vm.state = HostVmState.RUNNING
    image.whole = image.written == 0
    image.copy = Copy.ORIGINAL
    image.exact = True


@action(by=HYPERVISOR)
def delete_image(image: Image) -> None:
    """Delete an image, or the beginning of one, that nothing rests on any more (S16)."""
    require(image.written > 0, "there is an image")
    require(~image.needed, "the host VM is neither halted nor in storage")
    image.written = 0
    image.durable = False
    image.verified = False
    image.whole = True
