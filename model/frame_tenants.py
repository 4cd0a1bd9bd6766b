"""What befalls the frames of VMs: guests write, get and give back pages, share them, and are migrated page by page.

These actions take the place of those that count pages (guests.py, memory.py, and the copies of migration.py); they keep the
counts. A frame goes from one VM to another over the free list alone, and is zeroed on the way (M12).
"""

from __future__ import annotations

from .actors import GUEST, HYPERVISOR, pages
from .frames import Entry, Frame, Page, versions
from .inventory import Vm
from .language import Quantity, Truth, action, any_of, quantity, require, total, where


def _sent(page: Page) -> Truth:
    """It has a frame at the other end of its VM's migration."""
    return any_of(e.present & e.arriving for e in Entry.where(page=page))


def _at_target(vm: Vm) -> Quantity:
    """How many of its pages have a frame at the end that it moves to."""
    return total(where(e.present & (e.at == vm.target), quantity(1, pages), 0) for e in Entry.where(vm=vm))


def _take(frame: Frame) -> None:
    frame.free = False
    frame.pool.taken += 1


def _fill(entry: Entry, frame: Frame) -> None:
    entry.frame = frame
    entry.present = True


def _let_go(entry: Entry) -> None:
    """The page has no frame here any more; the frame is free, unless it is the frame of another page too."""
    last = entry.frame.references == 1
    entry.frame.pool.taken -= where(last, quantity(1, pages), 0)
    entry.frame.free = last
    entry.present = False
    entry.frame = entry.nowhere


def _may_let_go(entry: Entry) -> None:
    require(entry.present, "the page has a frame there")
    require(~entry.frame.preserved, "the frame is not preserved, and not on the list any more")


def _at_source(entry: Entry) -> None:
    require(entry.at == entry.vm.source, "the entry is that of the hypervisor that has the VM")


def _runs_with(entry: Entry) -> None:
    require(entry.vm.runs, "the VM runs")
    _at_source(entry)


# ----------------------------------------------------------------------------------------------------------- guests
@action(by=GUEST)
def write(entry: Entry) -> None:
    """The guest writes to a page, or its processors and devices go on: a copy at the other end is stale."""
    page, vm, frame = entry.page, entry.vm, entry.frame
    version = where(page.written == 1, quantity(2, versions), 1)
    stale = _sent(page) & ~page.dirty
    _runs_with(entry)
    require(entry.present, "the page has a frame")
    require(frame.references == 1, "the frame is of this page alone")
    vm.dirty += where(stale, quantity(1, pages), 0)
    page.dirty = page.dirty | stale
    frame.author = page
    frame.version = version
    page.written = version


@action(by=HYPERVISOR)
def give_frame(entry: Entry, frame: Frame) -> None:
    """A page that the guest touches for the first time gets a free frame, zeroed (M12)."""
    vm, machine = entry.vm, entry.machine
    need = where(vm.settled, quantity(1, pages), 2)
    _runs_with(entry)
    require(~entry.present, "the page has no frame")
    require(frame.free, "the frame is free")
    require(machine.expected + need <= machine.capacity, "the machine has room for it, even if no page were shared")
    vm.untouched -= 1
    vm.active_anonymous += 1
    frame.version = 0
    frame.author = entry.page
    _take(frame)
    _fill(entry, frame)


@action(by=GUEST)
def give_frame_back(entry: Entry) -> None:
    """The guest gives a page back to the hypervisor, to its balloon or as free: what was in it is of no more use."""
    _at_source(entry)
    require(entry.vm.settled, "the VM is not in flight")
    require(entry.vm.resident > 1, "a page is left: the VM has at least the state of its processors and devices")
    _may_let_go(entry)
    entry.vm.untouched += 1
    entry.vm.active_anonymous -= 1
    entry.page.written = 0
    _let_go(entry)


# ---------------------------------------------------------------------------------------------------------- sharing
@action(by=HYPERVISOR)
def share(entry: Entry, with_entry: Entry) -> None:
    """Two pages of zeroes share a frame; the other frame is free [W02]."""
    _at_source(entry)
    _may_let_go(entry)
    require(with_entry.at == with_entry.vm.source, "the other entry is that of the hypervisor that has its VM")
    require(with_entry.present, "the other page has a frame")
    require(entry.frame != with_entry.frame, "they do not share it yet")
    require((entry.frame.version == 0) & (with_entry.frame.version == 0), "both hold nothing but zeroes")
    frame = with_entry.frame
    _let_go(entry)
    _fill(entry, frame)


@action(by=HYPERVISOR)
def unshare(entry: Entry, frame: Frame) -> None:
    """A page gets a frame of its own before the guest writes to it."""
    require(entry.vm.runs, "the VM runs")
    require(entry.present & (entry.frame.references > 1), "the page shares its frame")
    require(frame.free, "the frame is free")
    frame.version = entry.frame.version
    frame.author = entry.page
    _take(frame)
    _fill(entry, frame)


# -------------------------------------------------------------------------------------------------------- migration
@action(by=HYPERVISOR)
def send_frame(entry: Entry, copy: Entry, frame: Frame) -> None:
    """Send a page: what is in its frame goes to a free frame at the other end."""
    vm = entry.vm
    require((entry.at == vm.source) & (copy.at == vm.target), "the one entry is at the source, the other at the target")
    require(entry.page == copy.page, "they are of one page")
    require(entry.present & ~copy.present, "the page has a frame, and none at the other end")
    require(_at_target(vm) == vm.copied, "what an earlier migration left there has been freed")
    require(frame.free, "the frame is free")
    vm.copied += 1
    entry.page.dirty = False
    frame.version = entry.frame.version
    frame.author = entry.frame.author
    _take(frame)
    _fill(copy, frame)


@action(by=HYPERVISOR)
def send_frame_again(entry: Entry, copy: Entry) -> None:
    """Send a page again that was written since."""
    require(entry.at == entry.vm.source, "the entry is at the source")
    require(entry.page == copy.page, "they are of one page")
    require(copy.present & copy.arriving & entry.page.dirty, "the copy is stale")
    entry.vm.dirty -= 1
    entry.page.dirty = False
    copy.frame.version = entry.frame.version
    copy.frame.author = entry.frame.author


@action(by=HYPERVISOR)
def free_copy(entry: Entry) -> None:
    """A copy of a page is freed where its VM no longer is: after a migration, or one that was given up."""
    require(entry.left_behind, "its VM neither is there nor is arriving")
    _may_let_go(entry)
    _let_go(entry)
