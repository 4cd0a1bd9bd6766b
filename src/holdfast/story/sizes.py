"""Amounts as people read them: pages as exact binary sizes, and small bars."""

from __future__ import annotations

from ..inputs.sizes import PAGE_KIB

UNITS_KIB = (("PiB", 1 << 40), ("TiB", 1 << 30), ("GiB", 1 << 20), ("MiB", 1 << 10), ("KiB", 1))
BAR_CELLS = 20
NEARLY = 128
"""An amount that lacks less than this part of a unit is told as what it lacks."""
_FULL, _EMPTY, _OVER = "█", "░", "!"


def size(pages: int) -> str:
    """Pages as an exact binary size: `5.25 GiB`; where two decimals do not reach, `5 GiB + 4 KiB`, `6 GiB - 4 KiB`."""
    if pages < 0:
        return f"-{size(-pages)}"
    kib = pages * PAGE_KIB
    for unit, unit_kib in UNITS_KIB:
        if kib >= unit_kib and kib * 100 % unit_kib == 0:
            return f"{_decimal(kib * 100 // unit_kib)} {unit}"
        if kib >= unit_kib:
            whole, rest_kib = divmod(kib, unit_kib)
            lacking = size((unit_kib - rest_kib) // PAGE_KIB)
            if unit_kib - rest_kib <= unit_kib // NEARLY and " + " not in lacking and " - " not in lacking:
                return f"{whole + 1} {unit} - {lacking}"
            return f"{whole} {unit} + {size(rest_kib // PAGE_KIB)}"
    return "0"


def count(pages: int) -> str:
    """Pages of a world so small that they are counted: `3 pages`."""
    return f"{pages} page" if pages == 1 else f"{pages} pages"


def bar(held: int, limit: int) -> str:
    """How full something is; what does not fit stands beyond the end."""
    if limit <= 0:
        return (_OVER if held else _EMPTY) * BAR_CELLS
    over = held > limit
    cells = BAR_CELLS if over else held * BAR_CELLS // limit
    return _FULL * cells + _EMPTY * (BAR_CELLS - cells) + (_OVER if over else " ")


def _decimal(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)
