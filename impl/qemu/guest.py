"""A guest that can prove its memory right: a boot sector that counts, touches pages, and says so on its serial line.

At every tick it touches some pages in turn (raising the generation at the start of each, and checking a pattern in its
middle), then counts, then writes a heartbeat: `H`, the count, a space, the errors it saw, in eight hexadecimal digits each.
So the generations of all pages follow from how many touches there were, and that from the count: a page that is older than
the count, as a lossy migration leaves it, shows.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from .board import MIB, PAGE_BYTES

SECTOR_BYTES = 512
FLOPPY_BYTES = 1440 << 10
ORIGIN = 0x7C00
COUNTER, ERRORS, CURSOR = 0x800, 0x804, 0x808  # side by side: they are read at once
FIRST_PAGE = 1 * MIB
KEY = 0x5A5A5A5A
TIMER_HZ = 1_193_182
GATE = 0x600
HEARTBEAT = re.compile(rb"H([0-9a-f]{8}) ([0-9a-f]{8})\r?\n")

PROGRAM = """
            fa                      ; cli
            31 c0                   ; xor ax, ax
            8e d8                   ; mov ds, ax
            e4 92 0c 02 e6 92       ; open address line 20
            0f 01 16 =segments.2    ; lgdt [segments]
            0f 20 c0 0c 01 0f 22 c0 ; protected mode
            ea =flat.2 08 00        ; jmp 8:flat
flat:       66 b8 10 00             ; mov ax, 16
            8e d8 8e c0 8e d0       ; mov ds, ax; mov es, ax; mov ss, ax
            bc =origin              ; mov esp, origin
            c7 05 =gate8 =tick.2 08 00         ; the timer's interrupt comes here: selector and offset
            c7 05 =gate8+4 00 8e 00 00         ; present, for interrupts
            0f 01 1d =gates         ; lidt [gates]
            b0 fe e6 21 b0 ff e6 a1 ; no interrupt but the timer's
            ba fb 03 00 00 b0 03 ee ; serial line: 8 bits, no parity
            b0 34 e6 43             ; timer: rate generator
            b0 =rate.1 e6 40        ; its divisor, low byte
            b0 =rate>>8.1 e6 40     ; high byte
            bf =first               ; mov edi, first
fill:       89 f8 35 =key           ; mov eax, edi; xor eax, key
            ab                      ; stosd
            81 ff =end 72 >fill     ; cmp edi, end; jb fill
            bf =first               ; mov edi, first
            31 c0                   ; xor eax, eax
clear:      89 07                   ; mov [edi], eax
            81 c7 00 10 00 00       ; add edi, 4096
            81 ff =end 72 >clear    ; cmp edi, end; jb clear
            a3 =counter a3 =errors  ; both begin at 0
            c7 05 =cursor =first    ; mov [cursor], first
wait:       fb f4                   ; sti; hlt
            8b 3d =cursor           ; mov edi, [cursor]
            b9 =touches             ; mov ecx, touches
touch:      ff 07                   ; inc dword [edi]
            8d 87 00 08 00 00       ; lea eax, [edi + 2048]
            89 c3 81 f3 =key        ; mov ebx, eax; xor ebx, key
            3b 18 74 >good          ; cmp ebx, [eax]; je good
            ff 05 =errors           ; inc dword [errors]
good:       81 c7 00 10 00 00       ; add edi, 4096
            81 ff =end 72 >inside   ; cmp edi, end; jb inside
            bf =first               ; mov edi, first
inside:     89 3d =cursor           ; mov [cursor], edi
            e2 >touch               ; loop touch
            ff 05 =counter          ; inc dword [counter]
            b0 48 e8 >>put          ; 'H'
            8b 1d =counter e8 >>hex ; the count
            b0 20 e8 >>put          ; ' '
            8b 1d =errors e8 >>hex  ; the errors
            b0 0a e8 >>put          ; end of line
            e9 >>wait
hex:        b1 08                   ; mov cl, 8
digit:      c1 c3 04 88 d8 24 0f    ; rol ebx, 4; mov al, bl; and al, 15
            04 30 3c 3a 72 >small   ; add al, '0'; cmp al, '9' + 1; jb small
            04 27                   ; add al, 'a' - '0' - 10
small:      e8 >>put                ; call put
            fe c9 75 >digit c3      ; dec cl; jnz digit; ret
put:        50                      ; push eax
            ba fd 03 00 00          ; mov edx, line status
busy:       ec a8 20 74 >busy       ; in al, dx; test al, 32; jz busy
            58                      ; pop eax
            ba f8 03 00 00 ee c3    ; mov edx, line; out dx, al; ret
tick:       50 b0 20 e6 20 58 cf    ; push eax; acknowledge; pop eax; iret
table:      00 00 00 00 00 00 00 00 ; no segment
            ff ff 00 00 00 9a cf 00 ; code, all of memory
            ff ff 00 00 00 92 cf 00 ; data, all of memory
segments:   17 00 =table
gates:      47 00 =gate
"""
"""Bytes, and after `;` what they are. `=name` is a value in four bytes (`.2`, `.1`: in so many), `>name` a distance in
one byte, `>>name` one in four."""


@dataclass(frozen=True)
class Guest:
    """A guest's size and pace: `touches` pages at every tick, of all that lie between 1 MiB and its end."""

    memory_mib: int = 4
    pages: int = 768
    touches: int = 4
    ticks_per_s: int = 20

    def __post_init__(self) -> None:
        """Raise ValueError for a guest that could not be: pages beyond its memory, a pace that the timer has not."""
        if not 0 < self.pages * PAGE_BYTES <= self.memory_mib * MIB - FIRST_PAGE:
            raise ValueError(f"{self.pages} pages do not fit in {self.memory_mib} MiB above the first")
        if not 19 <= self.ticks_per_s <= 1000:
            raise ValueError(f"the timer ticks 19 to 1000 times a second, not {self.ticks_per_s}")

    def sector(self) -> bytes:
        """Its boot sector."""
        end = FIRST_PAGE + self.pages * PAGE_BYTES
        named = {"first": FIRST_PAGE, "end": end, "key": KEY, "touches": self.touches, "origin": ORIGIN, "gate": GATE}
        rate = TIMER_HZ // self.ticks_per_s
        memory = {"counter": COUNTER, "errors": ERRORS, "cursor": CURSOR}
        gates = {"gate8": GATE + 64, "gate8+4": GATE + 68, "rate": rate & 255, "rate>>8": rate >> 8}
        code = assemble(PROGRAM, ORIGIN, named | memory | gates)
        return code.ljust(SECTOR_BYTES - 2, b"\0") + b"\x55\xaa"

    def floppy(self) -> bytes:
        """A disk to boot it from."""
        return self.sector().ljust(FLOPPY_BYTES, b"\0")

    def faults(self, ram: bytes) -> list[str]:
        """What is wrong with its memory, of which all bytes are given; nothing, if every page is as the count says."""
        counter, errors, cursor = struct.unpack_from("<III", ram, COUNTER)
        pages = range(FIRST_PAGE, FIRST_PAGE + self.pages * PAGE_BYTES, PAGE_BYTES)
        ages = [struct.unpack_from("<I", ram, page)[0] for page in pages]
        rounds, more = divmod(sum(ages), self.pages)
        touched = sum(ages) - counter * self.touches
        found = [f"the guest saw {errors} errors"] if errors else []
        if not 0 <= touched <= self.touches:
            found.append(f"{counter} ticks touch {counter * self.touches} pages, not {sum(ages)}")
        if (cursor - FIRST_PAGE) // PAGE_BYTES not in (more, (more - 1) % self.pages):  # it may be about to be moved on
            found.append(f"page {more} is the next one, and the cursor is at {cursor:#x}")
        wrong = [i for i, age in enumerate(ages) if age != rounds + (i < more)]
        found += [f"page {i} was touched {ages[i]} times, not {rounds + (i < more)}" for i in wrong]
        return found + [f"page {i} has another content" for i, page in enumerate(pages) if not _pattern(ram, page)]


def _pattern(ram: bytes, page: int) -> bool:
    words = range(page + 4, page + PAGE_BYTES, 4)
    return ram[page + 4 : page + PAGE_BYTES] == struct.pack(f"<{len(words)}I", *(w ^ KEY for w in words))


def assemble(text: str, origin: int, values: Mapping[str, int]) -> bytes:
    """The bytes of a program written as PROGRAM is. Raises KeyError for an unknown name, OverflowError for a value
    that is too big."""
    lines = [line.partition(";")[0].split() for line in text.splitlines()]
    known, at = dict(values), origin
    for tokens in lines:
        if tokens and tokens[0].endswith(":"):
            known[tokens.pop(0)[:-1]] = at
        at += sum(map(_size, tokens))
    code = b""
    for token in (t for tokens in lines for t in tokens):
        code += _encode(token, origin + len(code), known)
    return code


def _size(token: str) -> int:
    if token.startswith("="):
        return int(token[-1]) if "." in token else 4
    return {">>": 4}.get(token[:2], 1)


def _encode(token: str, at: int, known: Mapping[str, int]) -> bytes:
    size = _size(token)
    if token.startswith("="):
        return known[token[1:].partition(".")[0]].to_bytes(size, "little")
    if token.startswith(">"):
        return (known[token.lstrip(">")] - at - size).to_bytes(size, "little", signed=True)
    return bytes.fromhex(token)


def heartbeats(serial: Iterable[bytes]) -> list[int]:
    """The counts in the serial output of the processes that carried a guest, in the order in which they did.

    A heartbeat may begin in one process and end in the next.
    """
    return [int(count, 16) for count, _ in HEARTBEAT.findall(b"".join(serial).replace(b"\r", b""))]


def errors_seen(serial: Iterable[bytes]) -> int:
    """How many errors a guest has seen in its memory, as it said last."""
    found = HEARTBEAT.findall(b"".join(serial).replace(b"\r", b""))
    return int(found[-1][1], 16) if found else 0


def breaks(counts: list[int]) -> list[str]:
    """Where counts are not contiguous from 1: the guest stood still for a while, ran twice, or lost what it did."""
    return [f"after heartbeat {a} comes {b}" for a, b in pairwise([0, *counts]) if b != a + 1]
