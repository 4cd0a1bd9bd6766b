"""Words that do not belong: the domain's in the checkers, and a machine's or a working day's anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .tree import Source

DOMAIN = frozenset(
    """
    vm vms host hosts hypervisor hypervisors guest guests machine machines page pages cluster libvirt qemu kvm
    balloon balloons ballooned ballooning swapped resident residency overcommit overcommitted
    migration migrations migrate migrated consolidate consolidation disassociate disassociation exchange exchanges
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""What the engines never heard of."""


@dataclass(frozen=True)
class Excused:
    """A word of the domain that means something else in a file, or a folder (`/` at its end), and what it means."""

    path: str
    word: str
    means: str


EXCUSED = (
    Excused("checkers/explore/", "machine", "the explorer's abstract machine, the processor, and its words"),
    Excused("checkers/explore/compiler.py", "host", "LLVM's word for the processor that it runs on"),
    Excused("checkers/explore/loader.py", "host", "LLVM's word for the processor that it runs on"),
    Excused("checkers/explore/", "page", "the operating system's unit of this process's own memory"),
    Excused("checkers/explore/", "pages", "the operating system's unit of this process's own memory"),
    Excused("checkers/smt/scopes.py", "machine", "machine integers: how the language encodes every value"),
    Excused("checkers/smt/z3types.py", "machine", "machine integers: how the language encodes every value"),
)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words(line: str) -> list[str]:
    """The words of a line, those that names are made of included: `host_vm` and `HostVm` have two."""
    return [w.lower() for w in _WORD.findall(line)]


def domain_words(sources: Iterable[Source], excused: Iterable[Excused]) -> list[str]:
    """Words of the domain where none belongs, in names, texts and comments; and excuses that nothing needs."""
    excuses = dict.fromkeys(excused, 0)
    found: list[str] = []
    for s in sources:
        for number, line in enumerate(s.text.splitlines(), 1):
            for word in dict.fromkeys(w for w in words(line) if w in DOMAIN):
                excuse = next((e for e in excuses if e.word == word and covers(e.path, s.path)), None)
                if excuse:
                    excuses[excuse] += 1
                else:
                    found.append(s.at(number, f"says {word!r}: {line.strip()}"))
    unused = [f"{e.path}: nothing to excuse, it does not say {e.word!r}" for e, lines in excuses.items() if not lines]
    return found + unused


def covers(place: str, path: str) -> bool:
    """Whether a file is meant: it alone, or all in a folder."""
    return path == place or (place.endswith("/") and path.startswith(place))


_TRACES = {
    "a path of one machine": re.compile(r"(?<![\w.<-])/(work|root|home|tmp|opt|mnt)/\w"),
    "where one machine gets packages": re.compile(r"https?://[^\s/]*(pypi|index|mirror)|(--|_)find[-_]links\b"),
    "how it came about": re.compile(r"co-[a]uthored-by|language [m]odel|\b[p]rototypes?\b|\b[s]ketch(es)?\b", re.I),
    "something left to do": re.compile(r"\b([T]ODO|[F]IXME|[X]XX)\b"),
}
"""Patterns; a letter in brackets keeps this page from finding itself."""


def traces_of_making(sources: Iterable[Source]) -> list[str]:
    """What says where and how a file was made, rather than what it is."""
    return [
        s.at(number, f"{what}: {line.strip()[:100]}")
        for s in sources
        for number, line in enumerate(s.text.splitlines(), 1)
        for what, pattern in _TRACES.items()
        if pattern.search(line)
    ]
