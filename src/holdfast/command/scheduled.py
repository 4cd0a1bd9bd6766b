"""What `holdfast schedule` prints: a decision about a machine, and the gate's answer for the host VM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ..impl.scheduler.admission import Admission, Outcome
from ..impl.scheduler.estimates import Estimate
from ..impl.scheduler.host_vm import HostVm
from ..impl.scheduler.memory_state import lines_of
from ..impl.scheduler.policy import Decision, VmDecision
from ..impl.scheduler.snapshot import Snapshot
from ..inputs.sizes import PAGE_KIB, size_text
from ..story.sizes import UNITS_KIB
from .app import paint


def about(pages: int) -> str:
    """An amount to read, in hundredths of the unit that suits it; `--json` has it in pages, and targets are exact anyway."""
    if pages == 0:
        return "0"
    kib = abs(pages) * PAGE_KIB
    unit, unit_kib = next(((name, of) for name, of in UNITS_KIB if kib >= of), UNITS_KIB[-1])
    whole, rest = divmod((kib * 100 + unit_kib // 2) // unit_kib, 100)
    return f"{'-' if pages < 0 else ''}{whole}{f'.{rest:02}'.rstrip('0') if rest else ''} {unit}"


# ------------------------------------------------------------------------------------------------------------ in words
def decision_lines(host: str, snapshot: Snapshot, decision: Decision) -> Iterator[str]:
    """The machine, then every VM."""
    machine, lines = snapshot.machine, lines_of(snapshot.machine.memory_pages)
    state = paint(decision.state.name, "good" if decision.state.name in ("HIGH", "CLEAR") else "bad")
    yield f"{paint(host, 'strong')}  memory is {state}: {about(machine.free_pages)} of {about(machine.memory_pages)} free"
    levels = (lines.clear_pages, lines.soft_pages, lines.hard_pages, lines.low_pages)
    named = zip(("Clear", "Soft", "Hard", "Low"), levels, strict=True)
    yield "  begins at: " + ", ".join(f"{name} {about(pages)}" for name, pages in named)
    yield f"  to be taken from VMs: {about(decision.wanted_pages)}"
    for d in decision.vms:
        yield ""
        yield from vm_lines(d)


def vm_lines(d: VmDecision) -> Iterator[str]:
    """One VM: what it has, what it is due, its targets, and why."""
    vm, standing = d.vm, d.standing
    yield f"{paint(vm.name, 'strong')}  {about(vm.size_pages)}, {vm.shares} shares, balloon {standing.balloon.value}"
    yield from estimate_lines(standing.estimate)
    entitled = f"entitled to {about(standing.entitlement_pages)}, reserved {about(vm.reservation_pages)}"
    yield f"  due      {about(standing.allocated_pages)} ({entitled}); has {about(vm.resident_pages)}"
    yield f"  spares   {about(d.spare_pages)} by {standing.technique.value}"
    balloon = changed(vm.balloon_target_pages, d.targets.balloon_pages)
    yield f"  targets  balloon {balloon}, swap {changed(vm.swap_target_pages, d.targets.swap_pages)}"
    yield f"  why      {'; '.join(reason.value for reason in d.reasons)}"


def estimate_lines(found: Estimate | None) -> Iterator[str]:
    """Pages by class, and how sure that is."""
    if found is None:
        yield "  pages    not known: nothing was looked at"
        return
    p = found.pages
    active = f"active {about(p.active_anonymous)} anonymous, {about(p.active_buffer)} buffer"
    inactive = f"inactive {about(p.inactive_anonymous)} anonymous, {about(p.inactive_buffer)} buffer"
    yield f"  pages    unreclaimable {about(p.unreclaimable)}; {active}; {inactive}; free {about(p.free)}"
    if found.error_pages:
        seen = f"{found.samples} of {p.total} pages seen, {found.age_s} s ago"
        working = f"it uses {about(found.lower(p.working))} to {about(found.upper(p.working))}"
        yield f"  sample   {seen}: with 95 % confidence {working}"


def changed(before: int, after: int) -> str:
    """A target, and what it was where it changes."""
    told = size_text(after)
    return told if after == before else paint(f"{size_text(before)} -> {told}", "strong")


def room_lines(snapshot: Snapshot, host_vm: HostVm, answer: Admission) -> Iterator[str]:
    """What admitting the host VM needs, and whether there is so much."""
    verdict = paint(answer.outcome.value.upper(), "bad" if answer.outcome is Outcome.REJECT else "good")
    reserved = "all of it reserved" if host_vm.reserved_pages else "remapped" if host_vm.remapped else "elastic"
    side = "one VM at a time" if host_vm.at_once == 1 else f"{host_vm.at_once} VMs side by side"
    yield f"{verdict}  a host VM of {about(host_vm.size_pages)}, {reserved}, entered by {side}"
    yield f"  needs at most   {about(answer.needs_pages)} beside what is in use"
    yield f"  there is        {about(answer.available_pages)} free above the Soft line"
    if answer.on_the_way_pages:
        yield f"  on the way      {about(answer.on_the_way_pages)} that balloons were asked for before"
    yield f"  can be spared   {about(answer.sparable_pages)} by balloon, surely"
    if answer.outcome is Outcome.AFTER_RECLAIM:
        yield f"  to be taken     {about(answer.planned_pages)}: VMs that have less to copy need less room"
    for name, target in answer.balloon_plan.items():
        yield f"  balloon plan    {name}: {changed(snapshot.vm(name).balloon_target_pages, target)}"
    if answer.refusal:
        yield f"  why             {answer.refusal.value}: short of {about(answer.lacking_pages)}"


# -------------------------------------------------------------------------------------------------------------- as JSON
def decision_record(snapshot: Snapshot, decision: Decision) -> dict[str, Any]:
    """The same for programs; amounts are pages of 4 KiB."""
    lines = asdict(lines_of(snapshot.machine.memory_pages))
    machine = snapshot.machine
    return {
        "state": decision.state.name.lower(),
        "memory_pages": machine.memory_pages,
        "free_pages": machine.free_pages,
        "lines": lines,
        "wanted_pages": decision.wanted_pages,
        "vms": [vm_record(d) for d in decision.vms],
    }


def vm_record(d: VmDecision) -> dict[str, Any]:
    """One VM."""
    vm, standing = d.vm, d.standing
    return {
        "name": vm.name,
        "size_pages": vm.size_pages,
        "resident_pages": vm.resident_pages,
        "estimate": estimate_record(standing.estimate),
        "entitlement_pages": standing.entitlement_pages,
        "allocated_pages": standing.allocated_pages,
        "short_pages": standing.short_pages,
        "spare_pages": d.spare_pages,
        "balloon": standing.balloon.value,
        "technique": standing.technique.value,
        "balloon_target_pages": d.targets.balloon_pages,
        "swap_target_pages": d.targets.swap_pages,
        "balloon_target_before_pages": vm.balloon_target_pages,
        "swap_target_before_pages": vm.swap_target_pages,
        "blocked": d.blocked,
        "reasons": [reason.name.lower() for reason in d.reasons],
    }


def estimate_record(found: Estimate | None) -> dict[str, Any] | None:
    """Pages by class, and how sure that is."""
    if found is None:
        return None
    sure = {"samples": found.samples, "age_s": found.age_s, "error_pages": found.error_pages}
    return {**{f"{name}_pages": pages for name, pages in asdict(found.pages).items()}, **sure}


def room_record(answer: Admission) -> dict[str, Any]:
    """The gate's answer."""
    return {
        "outcome": answer.outcome.value,
        "needs_pages": answer.needs_pages,
        "reserves_pages": answer.reserves_pages,
        "available_pages": answer.available_pages,
        "on_the_way_pages": answer.on_the_way_pages,
        "sparable_pages": answer.sparable_pages,
        "planned_pages": answer.planned_pages,
        "balloon_plan_pages": dict(answer.balloon_plan),
        "refusal": answer.refusal.name.lower() if answer.refusal else None,
        "lacking_pages": answer.lacking_pages,
    }
