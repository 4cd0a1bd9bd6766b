"""Reading ELF object files (System V ABI, chapter 4), as far as position-independent code without data needs it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER = struct.Struct("<4sBB10xHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
MAGIC, WIDE, LITTLE = b"\x7fELF", 2, 1
SYMBOLS, ADDENDS, RELOCATIONS = 2, 4, 9
EXECUTABLE = 4
FUNCTION = 2


@dataclass(frozen=True)
class Section:
    """What of a section header matters here."""

    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int


def flat(content: bytes) -> tuple[dict[str, int], bytes] | None:
    """The places of an object file's functions and its code; None if it is no such file, or its code is not all in
    one piece, or refers to anything by address."""
    sections = _sections(content)
    code = [k for k, s in enumerate(sections) if s.flags & EXECUTABLE and s.size]
    if len(code) != 1:
        return None
    if any(s.kind in (ADDENDS, RELOCATIONS) and s.info == code[0] for s in sections):
        return None
    text = sections[code[0]]
    return _functions(content, sections, code[0]), content[text.offset : text.offset + text.size]


def _sections(content: bytes) -> list[Section]:
    if len(content) < HEADER.size:
        return []
    magic, wide, order, *_, at, _flags, _size, _psize, _pnum, step, count, _names = HEADER.unpack_from(content)
    if (magic, wide, order) != (MAGIC, WIDE, LITTLE) or step != SECTION.size:
        return []
    found: list[Section] = []
    for k in range(count):
        _, kind, flags, _, offset, size, link, info, _, _ = SECTION.unpack_from(content, at + k * step)
        found.append(Section(kind, flags, offset, size, link, info))
    return found


def _functions(content: bytes, sections: list[Section], code: int) -> dict[str, int]:
    places: dict[str, int] = {}
    for table in (s for s in sections if s.kind == SYMBOLS):
        names = sections[table.link].offset
        for at in range(table.offset, table.offset + table.size, SYMBOL.size):
            name, info, _, section, value, _ = SYMBOL.unpack_from(content, at)
            if section == code and info & 0xF == FUNCTION:
                end = content.index(b"\0", names + name)
                places[content[names + name : end].decode()] = value
    return places
