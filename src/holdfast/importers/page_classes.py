"""From measured amounts to a VM's page classes whose sum fits: what is in no class goes to the worst one.

Linux counts by kind of list, not by need (requirements: D9). The kernel's own pages are in no list at all, so whatever
the guest has beyond the five lists counts as unreclaimable. Where measurements taken at different moments add up to
more than there is, the excess is taken from the classes that give pages most easily: the demanding ones stay whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..inputs.records import ClassPages
from ..inputs.sizes import PAGE_KIB, size_text
from .libvirt_domain import Domain

_EASIEST_FIRST = (
    "free_pages",
    "inactive_buffer_pages",
    "inactive_anonymous_pages",
    "active_buffer_pages",
    "active_anonymous_pages",
    "unreclaimable_pages",
)
_UNRECLAIMABLE_FIELDS = ("Unevictable", "Mlocked", "SUnreclaim", "PageTables", "KernelStack", "Percpu")


@dataclass(frozen=True)
class Measured:
    """A VM's pages and what had to be assumed about them (sentences without the VM's name)."""

    classes: ClassPages
    ballooned_pages: int
    assumptions: tuple[str, ...]


def measure(domain: Domain, balloon_kib: Mapping[str, int], meminfo_kib: Mapping[str, int] | None) -> Measured:
    """A domain's pages by class, from the best source that there is."""
    ballooned_pages = _ballooned_pages(domain, balloon_kib)
    inside_pages = domain.size_pages - ballooned_pages
    if domain.pinned_by is not None:
        sentence = f"{domain.pinned_by}; every page counts as unreclaimable"
        return Measured(ClassPages(unreclaimable_pages=inside_pages), ballooned_pages, (sentence,))
    classes, sentence = _classes(balloon_kib, meminfo_kib, inside_pages)
    used_pages = classes.resident_pages - classes.free_pages if _is_measured(balloon_kib, meminfo_kib) else 0
    resident_pages = _resident_pages(domain, balloon_kib, inside_pages, used_pages)
    untouched_pages = inside_pages - resident_pages
    untouched = f"{size_text(untouched_pages)} are not resident on the host and count as never touched"
    sentences = (sentence, untouched if untouched_pages else "")
    return Measured(_shrunk(classes, untouched_pages), ballooned_pages, tuple(text for text in sentences if text))


def _classes(
    balloon_kib: Mapping[str, int], meminfo_kib: Mapping[str, int] | None, inside_pages: int
) -> tuple[ClassPages, str]:
    """Classes that add up to `inside_pages`, and what was assumed about them."""
    if meminfo_kib is not None:
        return classes_of_meminfo(meminfo_kib, inside_pages)
    if _is_measured(balloon_kib, meminfo_kib):
        return _classes_of_balloon(balloon_kib, inside_pages)
    sentence = "no page classes were measured; every resident page counts as active anonymous"
    return ClassPages(active_anonymous_pages=inside_pages), sentence


def _is_measured(balloon_kib: Mapping[str, int], meminfo_kib: Mapping[str, int] | None) -> bool:
    """Whether the guest itself said what it uses."""
    return meminfo_kib is not None or ("available" in balloon_kib and "unused" in balloon_kib)


def classes_of_meminfo(meminfo_kib: Mapping[str, int], inside_pages: int) -> tuple[ClassPages, str]:
    """The classes in a guest's /proc/meminfo, made to add up to `inside_pages`."""
    known_unreclaimable_kib = sum(meminfo_kib.get(name, 0) for name in _UNRECLAIMABLE_FIELDS)
    classes = ClassPages(
        unreclaimable_pages=_pages_up(known_unreclaimable_kib),
        active_anonymous_pages=_pages_up(meminfo_kib["Active(anon)"]),
        active_buffer_pages=_pages_up(meminfo_kib["Active(file)"]),
        inactive_anonymous_pages=meminfo_kib["Inactive(anon)"] // PAGE_KIB,
        inactive_buffer_pages=meminfo_kib["Inactive(file)"] // PAGE_KIB,
        free_pages=meminfo_kib["MemFree"] // PAGE_KIB,
    )
    unclassified_pages = max(0, inside_pages - classes.resident_pages)
    sentence = f"{size_text(unclassified_pages)} in no class of its meminfo count as unreclaimable"
    return reconciled(classes, inside_pages), sentence if unclassified_pages else ""


def reconciled(classes: ClassPages, total_pages: int) -> ClassPages:
    """Classes that add up to `total_pages`: what is missing is unreclaimable, what is too much goes, easiest first."""
    missing_pages = total_pages - classes.resident_pages
    if missing_pages >= 0:
        return replace(classes, unreclaimable_pages=classes.unreclaimable_pages + missing_pages)
    return _shrunk(classes, -missing_pages)


def _shrunk(classes: ClassPages, excess_pages: int) -> ClassPages:
    """Classes with `excess_pages` fewer, taken from the classes that give pages most easily."""
    amounts = {name: int(getattr(classes, name)) for name in _EASIEST_FIRST}
    for name in _EASIEST_FIRST:
        taken_pages = min(excess_pages, amounts[name])
        amounts[name] -= taken_pages
        excess_pages -= taken_pages
    return ClassPages(**amounts)


def _classes_of_balloon(balloon_kib: Mapping[str, int], inside_pages: int) -> tuple[ClassPages, str]:
    """The classes as far as the balloon's statistics tell them: free, cached, and the rest."""
    free_pages = balloon_kib["unused"] // PAGE_KIB
    cached_pages = _pages_up(balloon_kib.get("disk_caches", 0))
    used_pages = max(0, _pages_up(balloon_kib["available"]) - free_pages - cached_pages)
    classes = ClassPages(active_anonymous_pages=used_pages, active_buffer_pages=cached_pages, free_pages=free_pages)
    sentence = (
        "its classes come from balloon statistics: used pages count as active anonymous, "
        "cached ones as active buffer, and what the guest does not see as unreclaimable"
    )
    return reconciled(classes, inside_pages), sentence


def _resident_pages(domain: Domain, balloon_kib: Mapping[str, int], inside_pages: int, used_pages: int) -> int:
    """How many pages the machine backs at most: the process's resident set, but not less than what is in use.

    Never more than the domain's limit, which the host enforces.
    """
    limit_pages = domain.size_pages if domain.effective_limit_pages is None else domain.effective_limit_pages
    resident_pages = max(_pages_up(balloon_kib["rss"]), used_pages) if "rss" in balloon_kib else inside_pages
    return min(inside_pages, limit_pages, resident_pages)


def _ballooned_pages(domain: Domain, balloon_kib: Mapping[str, int]) -> int:
    """What the balloon holds: the size without what it leaves to the guest; nothing of a pinned domain."""
    if not domain.has_balloon_device or domain.pinned_by is not None:
        return 0
    current_pages = domain.current_pages
    if "current" in balloon_kib:
        current_pages = _pages_up(balloon_kib["current"])
    if not current_pages:
        return 0
    return max(0, domain.size_pages - current_pages)


def _pages_up(amount_kib: int) -> int:
    return -(-amount_kib // PAGE_KIB)
