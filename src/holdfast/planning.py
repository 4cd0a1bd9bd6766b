"""From a plan's records to the model's own terms: machine and VMs as a world, steps as planned actions.

Nothing is decided here. Amounts are handed over as they are; what the model does not speak of (hardware versions,
nesting, missing balloon drivers) is refused as bad input rather than left out, or named among the assumptions.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .checkers.interpret import Run
from .checkers.plans.product import Planned, PlannedStep, follow
from .checkers.verdict import Verdict
from .inputs.positions import Position
from .inputs.problems import BadInput, Problem, Source, quoted
from .inputs.records import Plan, Step, VirtualMachine
from .inputs.records import Release as ReleaseRecord
from .inputs.sizes import size_text
from .inputs.verbs import VERBS, Takes
from .model.language import Entity, World
from .model.tolerance import Tolerated
from .specs.hosts import GuestPages, HostPages, Release, bounds, machine, resident
from .specs.model import safety
from .specs.proved import proved_for
from .story.sizes import size

FAULT_WORDS = {
    "migration_aborted": "a migration is aborted",
    "destination_killed": "the destination of a migration is killed",
    "boot_failed": "a boot of the new hypervisor fails",
    "format_unreadable": "a hand-off map is found unreadable",
}


@dataclass(frozen=True)
class Prepared:
    """A plan as the model sees it, ready for an engine; `assumptions` is what its verdict rests on."""

    plan: Plan
    planned: Planned
    run: Run
    assumptions: tuple[str, ...]


def prepare(plan: Plan) -> Prepared:
    """The product of the model and a plan. Raises BadInput for what the model cannot represent."""
    problems = [*_unfit(plan), *_too_many_faults(plan)]
    steps, unclear = planned_steps(plan)
    if problems or unclear:
        raise BadInput(_with_its_line(p) for p in (*problems, *unclear))
    planned = follow(safety(), world_of(plan), steps)
    return Prepared(plan, planned, Run(planned.system, planned.world), tuple(assumptions_of(plan)))


def decide(prepared: Prepared, progress: Callable[[int, float], None] | None = None) -> Verdict:
    """The verdict on a prepared plan; `progress` hears of control locations and seconds. Imports z3."""
    from .checkers.plans.verify import verify

    with _uncollected():
        return verify(prepared.run, proved_for(prepared.run.system), prepared.assumptions, progress)


@contextmanager
def _uncollected() -> Generator[None]:
    """No search for cycles meanwhile: it would walk millions of small tuples, all in use, over and over."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# ------------------------------------------------------------------------------------------------------ the world
def world_of(plan: Plan) -> World:
    """The plan's machine with its hypervisors, host VM and residents, and how often faults may strike."""
    host = host_pages(plan)
    vms = [guest_pages(vm) for vm in plan.residents]
    largest_pages = max((vm.size for vm in vms), default=1)  # so that neither bound is ever met
    members: list[Entity] = [
        *machine(host),
        *resident(host, vms),
        *bounds(burst=largest_pages, most=largest_pages, **_fault_counts(plan)),
    ]
    return World(plan.name, *members, reason="a plan at its real sizes")


def host_pages(plan: Plan) -> HostPages:
    """The plan's machine and its exchange, in pages."""
    host = plan.cluster.host_named[plan.host]
    old = plan.cluster.release_named[host.release]
    inside = plan.host_vm
    return HostPages(
        host.name,
        capacity=host.memory_pages,
        old=_release(old, old.writes_format),
        new=_release(plan.cluster.release_named[plan.to_release], old.writes_format),
        guest=Release(inside.guest_footprint_pages, inside.vm_overhead_pages),
        host_vm_size=inside.size_pages,
        host_vm_overhead=inside.overhead_pages,
        commit_limit=host.memory_pages * host.commit_limit_percent // 100,
        swap=host.swap_pages,
    )


def guest_pages(vm: VirtualMachine) -> GuestPages:
    """A VM with its pages and how far its guest may move them."""
    classes = vm.classes
    return GuestPages(
        vm.name,
        vm.size_pages,
        {
            "unreclaimable": classes.unreclaimable_pages,
            "active_anonymous": classes.active_anonymous_pages,
            "active_buffer": classes.active_buffer_pages,
            "inactive_anonymous": classes.inactive_anonymous_pages,
            "inactive_buffer": classes.inactive_buffer_pages,
            "free": classes.free_pages,
        },
        ballooned=vm.ballooned_pages,
        swapped=vm.swapped_pages,
        reservation=vm.reservation_pages,
        resident_peak=vm.resident_peak_pages,
        hot_peak=vm.hot_peak_pages,
    )


def _release(release: ReleaseRecord, asked: int) -> Release:
    """A release; of the formats that it reads, the unbroken range around the one that the exchange asks about."""
    low, high = _range_around(release.reads_formats, asked)
    return Release(release.footprint_pages, release.vm_overhead_pages, release.writes_format, low, high)


def _range_around(numbers: tuple[int, ...], asked: int) -> tuple[int, int]:
    """The longest range of these numbers that holds `asked`; where none does, a range that does not."""
    known = set(numbers)
    if asked not in known:
        return asked + 1, asked
    low = high = asked
    while low - 1 in known:
        low -= 1
    while high + 1 in known:
        high += 1
    return low, high


def _fault_counts(plan: Plan) -> dict[str, int]:
    return {name: getattr(plan.faults, name) for name in FAULT_WORDS}


# ------------------------------------------------------------------------------------------------------ the steps
def planned_steps(plan: Plan) -> tuple[list[PlannedStep], list[Problem]]:
    """The plan's steps as planned actions; and the reclaim steps whose missing target depends on the order taken."""
    problems: list[Problem] = []
    steps = [PlannedStep(s.name, s.verb, _arguments(plan, s, problems), s.after) for s in plan.steps]
    return steps, problems


def _arguments(plan: Plan, step: Step, problems: list[Problem]) -> Mapping[str, str | int]:
    takes = VERBS[step.verb].takes
    if takes is Takes.NOTHING:
        return {"machine": plan.host}
    assert step.target is not None, f"{step.name} is about a VM"
    if takes is Takes.VM:
        return {"vm": step.target}
    balloon_pages, swap_pages = (
        _target(plan, step, field, problems) for field in ("balloon_target_pages", "swap_target_pages")
    )
    return {"vm": step.target, "balloon": balloon_pages, "swap": swap_pages}


def _target(plan: Plan, step: Step, field: str, problems: list[Problem]) -> int:
    """The target that the step sets; where it sets none, the one that steps before it have left in place."""
    given: int | None = getattr(step, field)
    if given is not None:
        return given
    before, others = _setters(plan, step, field)
    if others:
        kind = field.split("_")[0]
        problems.append(
            Problem(
                step.position,
                f"a reclaim step without a {kind} target, whose VM gets one from {quoted(others[0].name)} side by side",
                f"a {kind} target, or an order between the two steps",
            )
        )
    if before:
        left: int | None = getattr(before[0], field)
        return left or 0
    vm = plan.cluster.vm_named[step.target or ""]
    return vm.ballooned_pages if field == "balloon_target_pages" else vm.swapped_pages


def _setters(plan: Plan, step: Step, field: str) -> tuple[list[Step], list[Step]]:
    """Steps that set this target of the same VM: the last one before this step; those in no order with what counts."""
    setting = [s for s in plan.steps if s.target == step.target and s is not step and getattr(s, field) is not None]
    earlier = {s.name: _before(plan, s) for s in (*setting, step)}
    unordered = [s for s in setting if s.name not in earlier[step.name] and step.name not in earlier[s.name]]
    before = [s for s in setting if s.name in earlier[step.name]]
    last = [s for s in before if not any(s.name in earlier[t.name] for t in before)]
    return last, unordered + last[1:]


def _before(plan: Plan, step: Step) -> set[str]:
    """The names of all steps that are done before this one begins."""
    found: set[str] = set()
    todo = list(step.after)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(plan.step_named[name].after)
    return found


# ------------------------------------------------------------------------------- what the model does not speak of
def _unfit(plan: Plan) -> Iterator[Problem]:
    """What rules an exchange in place out, and what the model has no word for."""
    old = plan.cluster.release_named[plan.cluster.host_named[plan.host].release]
    new = plan.cluster.release_named[plan.to_release]
    if new.name == old.name:
        yield Problem(
            plan.position, f"an exchange of {quoted(old.name)} for itself", "another release than the host runs"
        )
    for release in dict.fromkeys((old, new)):
        if not release.nested:
            found = f"a release whose VMs cannot hold a hypervisor, {quoted(release.name)}"
            yield Problem(release.position, found, f"`nested: true`, since {plan.name} runs a hypervisor in a VM of it")
    for vm in plan.residents:
        if vm.hardware_version not in new.hardware_versions:
            found = f"hardware version {vm.hardware_version} of {quoted(vm.name)}, which {new.name} does not offer"
            yield Problem(vm.position, found, "a VM that the new release can carry; move it to another host first")
    yield from _balloons_without_driver(plan)


def _balloons_without_driver(plan: Plan) -> Iterator[Problem]:
    for step in plan.steps:
        vm = plan.cluster.vm_named.get(step.target or "")
        asked_pages = step.balloon_target_pages
        if vm and asked_pages is not None and asked_pages > vm.ballooned_pages and not vm.balloon:
            found = f"a balloon target of {size_text(asked_pages)} for {quoted(vm.name)}, which has no balloon driver"
            yield Problem(step.position, found, "a swap target, or `balloon: true` where a driver works")


def _too_many_faults(plan: Plan) -> Iterator[Problem]:
    limits = {f.name: f.upto for f in Tolerated.fields}
    for name, count in _fault_counts(plan).items():
        limit = limits[name]
        if isinstance(limit, int) and count > limit:
            position: Position = plan.faults.position
            yield Problem(position, f"{name}: {count}", f"at most {limit} faults of a kind, which the model counts")


def _with_its_line(problem: Problem) -> Problem:
    """The problem with the line of the file that it is about, if that is still there to be read."""
    path = Path(problem.position.file)
    if not problem.position.line or not path.is_file():
        return problem
    source = Source(str(path), path.read_text(encoding="utf-8", errors="replace"))
    return replace(problem, source_line=source.line(problem.position.line))


# ------------------------------------------------------------------------------------------------ the assumptions
def assumptions_of(plan: Plan) -> Iterator[str]:
    """What the verdict rests on: faults, guests, what the model leaves out, what the files assumed."""
    counts = _fault_counts(plan)
    struck = [f"{FAULT_WORDS[name]} at most {_times(n)}" for name, n in counts.items() if n]
    yield "faults: " + (", ".join(struck) if struck else "none at all")
    yield from _guests(plan.residents)
    limited = [vm.name for vm in plan.residents if vm.limit_pages < vm.size_pages]
    if limited:
        yield f"limits are not enforced: {', '.join(limited)} may come to hold more than their limit"
    yield from plan.all_assumptions


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _guests(vms: Iterable[VirtualMachine]) -> Iterator[str]:
    free = [vm.name for vm in vms if vm.size_pages == vm.resident_peak_pages == vm.hot_peak_pages]
    if free:
        yield f"guests: {', '.join(free)} may use all of their memory at any time"
    for vm in vms:
        if vm.name not in free:
            resident_text, hot_text = size(vm.resident_peak_pages), size(vm.hot_peak_pages)
            yield f"guests: {vm.name} never has more than {resident_text} resident, nor more than {hot_text} hot"
