"""Sizes such as `16GiB`: text to 4 KiB pages and back, with binary units only."""

import re

PAGE_KIB = 4
UNIT_KIB = {"KiB": 1, "MiB": 1 << 10, "GiB": 1 << 20, "TiB": 1 << 30, "PiB": 1 << 40}
SIZE_PAGES_MAX = (1 << 50) // PAGE_KIB
"""1 EiB: no machine is larger, and sums over a fleet still fit 63 bits."""
SIZE_PATTERN = r"^[1-9][0-9]{0,17}(KiB|MiB|GiB|TiB|PiB)$"
EXPECTED = "a size such as `16GiB`, `512MiB` or `0`"

_SIZE = re.compile(SIZE_PATTERN)
_NEARLY = re.compile(r"^([0-9]+)(?:\.([0-9]+))? ?([kKmMgGtTpP])?(i?[bB])?$")


class BadSize(ValueError):
    """A text that is no size; `hint` says what to write instead."""

    def __init__(self, expected: str, hint: str = "") -> None:
        """Keep what was expected and what to write instead."""
        super().__init__(f"expected {expected}")
        self.expected = expected
        self.hint = hint


def parse_size(text: str) -> int:
    """Pages in a size; `0` needs no unit.

    Raises BadSize when the unit is missing or decimal, when it is not a whole number of pages, or beyond 1 EiB.
    """
    if text == "0":
        return 0
    match = _SIZE.match(text)
    if match is None:
        raise BadSize(EXPECTED, _advice(text))
    kib = int(text[:-3]) * UNIT_KIB[match[1]]
    if kib % PAGE_KIB:
        pages = kib // PAGE_KIB
        nearest = f"the nearest are `{size_text(pages)}` and `{size_text(pages + 1)}`"
        raise BadSize("a whole number of 4 KiB pages", nearest)
    if kib // PAGE_KIB > SIZE_PAGES_MAX:
        raise BadSize("at most 1024PiB")
    return kib // PAGE_KIB


def size_text(pages: int) -> str:
    """The shortest exact way to write a number of pages: `16GiB`, `20KiB`, `0`."""
    kib = pages * PAGE_KIB
    if kib == 0:
        return "0"
    unit = max((unit for unit in UNIT_KIB if kib % UNIT_KIB[unit] == 0), key=UNIT_KIB.__getitem__)
    return f"{kib // UNIT_KIB[unit]}{unit}"


def _advice(text: str) -> str:
    """What the writer probably meant."""
    match = _NEARLY.match(text)
    if match is None or len(text) > 20:
        return "sizes are a whole number and a binary unit: KiB, MiB, GiB, TiB or PiB"
    whole, fraction, letter, _ = match.groups()
    if letter is None:
        return f"say in which unit: `{whole}MiB`, `{whole}GiB`?"
    if fraction is not None:
        return "whole numbers only: take a smaller unit, such as `1536MiB` for one and a half GiB"
    return f"units are binary and written in full: `{whole}{letter.upper()}iB`"
