"""The guest's proof of its memory, held against memory that was spoilt on purpose. Needs no QEMU."""

from __future__ import annotations

import struct

import pytest

from holdfast.impl.qemu.board import MIB, PAGE_BYTES
from holdfast.impl.qemu.guest import (
    COUNTER,
    CURSOR,
    ERRORS,
    FIRST_PAGE,
    KEY,
    Guest,
    assemble,
    breaks,
    heartbeats,
)

GUEST = Guest(memory_mib=2, pages=8, touches=3)
COUNT = 13


def memory() -> bytearray:
    """The guest's memory after so many ticks."""
    ram = bytearray(GUEST.memory_mib * MIB)
    struct.pack_into("<I", ram, COUNTER, COUNT)
    for at in range(FIRST_PAGE, FIRST_PAGE + GUEST.pages * PAGE_BYTES, 4):
        struct.pack_into("<I", ram, at, at ^ KEY)
    for page in range(GUEST.pages):
        struct.pack_into("<I", ram, FIRST_PAGE + page * PAGE_BYTES, 0)
    touch(ram, 0, COUNT * GUEST.touches)
    return ram


def touch(ram: bytearray, first: int, last: int) -> None:
    """Do what the guest does between two counts."""
    for number in range(first, last):
        page = FIRST_PAGE + number % GUEST.pages * PAGE_BYTES
        struct.pack_into("<I", ram, page, struct.unpack_from("<I", ram, page)[0] + 1)
        struct.pack_into("<I", ram, CURSOR, FIRST_PAGE + (number + 1) % GUEST.pages * PAGE_BYTES)


def test_memory_as_the_count_says_has_no_fault() -> None:
    assert GUEST.faults(bytes(memory())) == []


TOUCHED = pytest.mark.parametrize("touched", range(GUEST.touches + 1))


@TOUCHED
def test_a_guest_that_is_stopped_between_two_counts_has_no_fault(touched: int) -> None:
    ram = memory()
    touch(ram, COUNT * GUEST.touches, COUNT * GUEST.touches + touched)

    assert GUEST.faults(bytes(ram)) == []


@TOUCHED
@pytest.mark.parametrize("page", range(GUEST.pages))
def test_a_stale_page_shows(page: int, touched: int) -> None:
    ram = memory()
    touch(ram, COUNT * GUEST.touches, COUNT * GUEST.touches + touched)
    at = FIRST_PAGE + page * PAGE_BYTES
    struct.pack_into("<I", ram, at, struct.unpack_from("<I", ram, at)[0] - 1)

    assert GUEST.faults(bytes(ram))


def test_a_stale_counter_shows() -> None:
    ram = memory()
    struct.pack_into("<I", ram, COUNTER, COUNT - 2)

    assert GUEST.faults(bytes(ram)) == ["11 ticks touch 33 pages, not 39"]


def test_a_stale_cursor_shows() -> None:
    ram = memory()
    struct.pack_into("<I", ram, CURSOR, FIRST_PAGE)

    assert GUEST.faults(bytes(ram)) == ["page 7 is the next one, and the cursor is at 0x100000"]


def test_errors_that_the_guest_saw_and_contents_that_changed_show() -> None:
    ram = memory()
    struct.pack_into("<I", ram, ERRORS, 2)
    ram[FIRST_PAGE + 3 * PAGE_BYTES + 77] ^= 1

    assert GUEST.faults(bytes(ram)) == ["the guest saw 2 errors", "page 3 has another content"]


def test_heartbeats_are_read_across_processes() -> None:
    first, second = b"H00000001 00000000\nH000000", b"02 00000000\r\nH00000003 00000000\r\n"

    assert heartbeats([first, second]) == [1, 2, 3]
    assert breaks([1, 2, 3]) == []
    assert breaks([1, 2, 4]) == ["after heartbeat 2 comes 4"]
    assert breaks([1, 2, 2, 3]) == ["after heartbeat 2 comes 2"]


def test_a_sector_is_bootable_and_full_of_what_was_asked_for() -> None:
    sector = Guest(memory_mib=4, pages=512, touches=4, ticks_per_s=20).sector()

    assert (len(sector), sector[-2:]) == (512, b"\x55\xaa")
    assert struct.pack("<I", FIRST_PAGE + 512 * PAGE_BYTES) in sector
    assert len(Guest().floppy()) == 1440 * 1024


def test_guests_that_could_not_be_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit in 4 MiB"):
        Guest(memory_mib=4, pages=1024)
    with pytest.raises(ValueError, match="19 to 1000 times"):
        Guest(ticks_per_s=5)


def test_programs_are_assembled_with_labels_forward_and_back() -> None:
    text = "a: eb >b ; jump\n =value.2 \n b: e9 >>a\n"

    assert assemble(text, 0x100, {"value": 0x1234}) == b"\xeb\x02\x34\x12\xe9\xf7\xff\xff\xff"
    with pytest.raises(KeyError, match="nowhere"):
        assemble("eb >nowhere", 0, {})
    with pytest.raises(OverflowError):
        assemble("=far.1", 0, {"far": 256})
