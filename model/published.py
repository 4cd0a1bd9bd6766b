"""Published numbers of memory scheduling, as exact functions of integers: what worlds set their constants from.

Sources are named at each: patents by number, [W02] Waldspurger, OSDI 2002, and the catalogue's D1, D2 ….
"""

from __future__ import annotations

from itertools import count

PAGES_PER_MIB = 256
"""Frames of 4 KiB in a MiB."""

# ------------------------------------------------------------------------------------------------ D1, sampling
SAMPLES_PER_PERIOD = 100
"""Pages that are sampled of a VM in each period, by default [W02]."""

MEMORY_CLASSES = 6
"""Memory usage classes (US9529609 claim 1)."""

CONFIDENCE_PERCENT = 95
"""What an estimate's error is stated for (D1)."""


def estimate(pages: int, seen: int, samples: int) -> int:
    """Of so many pages, those in a class of which so many samples were seen: N·s/n, to the nearest page (D1)."""
    return (2 * pages * seen + samples) // (2 * samples)


def samples_for(error_percent: int, classes: int = 1) -> int:
    """The samples that keep each of so many estimates within the error, together with 95 % confidence (Hoeffding, D1)."""
    return -(-_log(_doubt(classes)) * 100 * 100 // (2 * error_percent * error_percent * UNIT))


def error_permille(samples: int) -> int:
    """How far one estimate from so many samples may be off, in thousandths of all pages, with 95 % confidence (D1).

    It is the square root of ln(2/δ)/(2·n), to the nearest thousandth.
    """
    square = 1000 * 1000 * _log(_doubt(1))
    return next(n for n in count() if (2 * n + 1) ** 2 * 2 * samples * UNIT > 4 * square)


def _doubt(classes: int) -> int:
    """2·classes/δ: what Hoeffding's inequality takes the logarithm of, for both sides of each class."""
    return 2 * classes * 100 // (100 - CONFIDENCE_PERCENT)


UNIT = 10**18
"""Logarithms are counted in whole parts of so many to one."""


def _log(of: int) -> int:
    """ln(of), too low by less than a millionth of a millionth: ln x = 2·Σ y^(2k+1)/(2k+1) with y = (x - 1)/(x + 1)."""
    power, found = UNIT * (of - 1) // (of + 1), 0
    for k in count():
        found += 2 * power // (2 * k + 1)
        power = power * (of - 1) ** 2 // (of + 1) ** 2
        if not power:
            break
    return found


# ------------------------------------------------------------------------------------------ D4, memory states
MIN_FREE_BANDS = ((4, 6), (12, 4), (28, 2))
"""Up to so many GiB, so many percent are kept free (D4)."""

MIN_FREE_REST_PERCENT = 1
"""Beyond the last band (D4)."""

CLEAR_PERCENT, SOFT_PERCENT, HARD_PERCENT, LOW_PERCENT = 100, 64, 32, 16
"""Where the lines of the memory states lie, in percent of the memory kept free (D4)."""


def min_free(gib: int) -> int:
    """The memory that a machine of so many GiB keeps free, in hundredths of a MiB: the bands make no round MiB (D4)."""
    kept, below = 0, 0
    for upto, percent in MIN_FREE_BANDS:
        kept += percent * 1024 * max(0, min(gib, upto) - below)
        below = upto
    return kept + MIN_FREE_REST_PERCENT * 1024 * max(0, gib - below)


def line(gib: int, percent: int) -> int:
    """Where a line of the memory states lies on a machine of so many GiB, in whole frames, rounded up."""
    return -(-min_free(gib) * percent * PAGES_PER_MIB // (100 * 100))


# ------------------------------------------------------------------------------------- D2 and D3, targets
BALLOON_PERCENT = 65
"""A balloon takes at most so much of a VM's size (D2)."""


def balloon_most(size: int) -> int:
    """The pages that the balloon of a VM of that size may hold at most (D2)."""
    return size * BALLOON_PERCENT // 100


def balloon_target(idle: int, size: int, consumed: int, reservation: int) -> int:
    """The pages to take by balloon: no more than are free or inactive, than 65 %, than are consumed beyond the
    reservation; never fewer than none (D2)."""
    return max(0, min(idle, balloon_most(size), consumed - reservation))


def swap_target(need: int, active: int, reclaimable: int) -> int:
    """The pages to swap for a need: less by the part of the reclaimable pages that is active, since the hypervisor picks
    blindly; rounded up, so that a need is never left for ever (D2)."""
    return -(-need * (reclaimable - active) // reclaimable) if reclaimable else 0


def allocated(working: int, entitlement: int, reservation: int, most: int, headroom_percent: int = 0) -> int:
    """What a VM is due: its working set with headroom, up to its entitlement; not below its reservation, not above
    `most`, the lesser of limit and size (D3)."""
    roomy = working + -(-working * headroom_percent // 100)
    return min(max(min(entitlement, roomy), reservation), most)


def relieved(swap: int, balloon: int, due: int) -> tuple[int, int]:
    """Swap target and balloon target of a VM that is short of so many pages: swap falls first, balloon by the rest (D3)."""
    by_swap = min(swap, max(0, due))
    return swap - by_swap, balloon - min(balloon, max(0, due) - by_swap)


# --------------------------------------------------------------------------------- D8 and [W02], time and price
INACTIVE_AFTER_SECONDS = 5
"""A balloon that has made no progress for so long is inactive (D8: the published design of the Xen memory daemon)."""

UNCOOPERATIVE_AFTER_SECONDS = 20
"""And uncooperative after so long (D8)."""

IDLE_TAX_PERCENT = 75
"""The default tax on idle memory [W02]."""


def idle_price(tax_percent: int) -> int:
    """What an idle page costs as against an active one: k = 1/(1 - tax) [W02]. Raises ValueError if it is no integer."""
    price, rest = divmod(100, 100 - tax_percent)
    if rest:
        raise ValueError(f"a tax of {tax_percent} % makes an idle page cost no whole number of active ones")
    return price


def gives_before(first: tuple[int, int, int], second: tuple[int, int, int], price: int) -> bool:
    """Whether the first VM, of (shares, active pages, idle pages), pays fewer shares per page than the second [W02].

    Its price is shares / (pages · (f + k·(1 - f))), f the active part: shares / (active + k·idle); compared crosswise.
    """
    (a, a_active, a_idle), (b, b_active, b_idle) = first, second
    return a * (b_active + price * b_idle) < b * (a_active + price * a_idle)
