"""What a run came to, read off its journal: per step and per VM, whoever carried it out, and however often it crashed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .journal import Entry, Kind


@dataclass
class StepSummary:
    """One step: its effects, pages of 4 KiB sent, and microseconds from its first effect to its end."""

    name: str
    effects: int = 0
    sent_pages: int = 0
    began_us: int = 0
    ended_us: int | None = None


@dataclass
class VmSummary:
    """One VM over the whole run."""

    name: str
    source: str
    sent_pages: int = 0
    downtime_us: int = 0
    lost: bool = False


@dataclass
class Summary:
    """All of it. `ended` is None for a run that can be resumed; times are those of the driver's clock since it began."""

    steps: dict[str, StepSummary] = field(default_factory=dict[str, StepSummary])
    vms: dict[str, VmSummary] = field(default_factory=dict[str, VmSummary])
    faults: Counter[str] = field(default_factory=Counter[str])
    effects: int = 0
    openings: int = 0
    time_us: int = 0
    ended: str | None = None
    _began_us: int | None = None
    _intents: dict[int, str] = field(default_factory=dict[int, str])


def summary(entries: Iterable[Entry]) -> Summary:
    """The summary of a journal's entries."""
    found = Summary()
    for entry in entries:
        _take(found, entry)
    return found


def _take(found: Summary, entry: Entry) -> None:
    body = entry.body
    before_us = found.time_us
    if found._began_us is None:  # pyright: ignore[reportPrivateUsage]
        found._began_us = body.get("time_us")  # pyright: ignore[reportPrivateUsage]
    found.time_us = max(before_us, int(body.get("time_us", 0)) - (found._began_us or 0))  # pyright: ignore[reportPrivateUsage]
    found.faults.update(body.get("faults", ()))
    match entry.kind:
        case Kind.OPENED:
            found.openings += 1
        case Kind.INTENT:
            found.effects += 1
            step = found.steps.setdefault(body["step"], StepSummary(body["step"], began_us=before_us))
            step.effects += 1
            found._intents[entry.number] = body["step"]  # pyright: ignore[reportPrivateUsage]
        case Kind.STEP:
            step = found.steps.setdefault(body["step"], StepSummary(body["step"], began_us=before_us))
            step.ended_us = found.time_us
        case Kind.ENDED:
            found.ended = body["how"]
        case _:
            pass
    if "vm" in body:
        _see(found, body["vm"], found._intents.pop(entry.about or 0, None))  # pyright: ignore[reportPrivateUsage]


def _see(found: Summary, seen: Mapping[str, object], step: str | None) -> None:
    name = str(seen["name"])
    vm = found.vms.setdefault(name, VmSummary(name, str(seen["source"])))
    sent_pages = _number(seen, "sent_pages")
    if step is not None:
        found.steps[step].sent_pages += sent_pages - vm.sent_pages
    vm.source, vm.sent_pages = str(seen["source"]), sent_pages
    vm.downtime_us, vm.lost = _number(seen, "downtime_us"), bool(seen.get("lost", False))


def _number(seen: Mapping[str, object], name: str) -> int:
    value = seen.get(name, 0)
    return value if isinstance(value, int) else 0
