"""Random small plans: one machine, one to three VMs of one or two pages, tight or roomy, in a handful of shapes.

The shapes are few because exhaustive exploration compiles code per shape; everything else varies: sizes, classes, peaks
(as far as the guest may move, bounded or not), footprints, overheads, formats, limits, targets, order and faults.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from holdfast.checkers.interpret import Run
from holdfast.checkers.plans.product import PlannedStep, follow
from holdfast.model.language import World
from holdfast.specs.hosts import GuestPages, HostPages, Release, bounds, machine, resident
from holdfast.specs.model import safety

CLASSES = ("unreclaimable", "active_anonymous", "inactive_anonymous", "free")
SHAPES = (  # VMs, how many side by side, how many are reclaimed from
    *[(1, 1, 0)] * 3,
    *[(1, 1, 1)] * 4,
    *[(2, 1, 0)] * 3,
    *[(2, 2, 0)] * 4,
    *[(2, 2, 1)] * 3,
    (3, 1, 0),
    *[(3, 3, 0)] * 2,
)
BUFFERS = ("read_file", "reuse_buffer", "age_buffer", "drop_buffer", "squeeze_buffer")
FEWER = (*BUFFERS, "unpin", "release", "age_anonymous", "reuse_anonymous", "squeeze_anonymous", "swap_out")


@dataclass(frozen=True)
class Draw:
    """A random plan and the world that it runs in."""

    world: World
    steps: tuple[PlannedStep, ...]

    def run(self) -> Run:
        """The product of the model and the plan."""
        planned = follow(safety(), self.world, self.steps)
        return Run(planned.system, planned.world)


def draw(seed: int, *, burst: int = 1) -> Draw:
    """The random plan of this number; `burst` is how many pages may move at once where it is explored."""
    rng = random.Random(seed)
    count, together, reclaimed = rng.choice(SHAPES)
    vms = [_vm(rng, i, 1 if count == 3 else 2) for i in range(count)]
    host = _host(rng, vms, together)
    targets = {vm.name: _targets(rng, vm) for vm in rng.sample(vms, reclaimed)}
    steps = _steps(rng, vms, together, targets)
    faults = {
        name: rng.choice(odds)
        for name, odds in (
            ("migration_aborted", (0, 0, 1)),
            ("destination_killed", (0, 0, 0, 1)),
            ("boot_failed", (0, 0, 1)),
            ("format_unreadable", (0, 0, 0, 1)),
        )
    }
    left_out = BUFFERS if count == 1 else FEWER if count == 3 else (*BUFFERS, "unpin")
    most = max((max(pair) for pair in targets.values()), default=0)
    members = [*machine(host), *resident(host, vms), *bounds(burst=burst, most=most, **faults)]
    return Draw(World(f"random plan {seed}", *members, leave_out=dict.fromkeys(left_out, "small")), tuple(steps))


def _vm(rng: random.Random, number: int, largest: int) -> GuestPages:
    size = rng.randint(1, largest)
    classes: dict[str, int] = {}
    left = size
    for name in rng.sample(CLASSES, len(CLASSES)):
        classes[name] = rng.randint(0, left) if rng.random() < 0.6 else 0
        left -= classes[name]
    vm = GuestPages(f"vm{number}", size, classes, reservation=rng.randint(0, size))
    if rng.random() < 0.35:
        return vm
    measured = sum(classes.values())
    hot = classes["unreclaimable"] + classes["active_anonymous"]
    peak = rng.randint(measured, size)
    return replace(vm, resident_peak=peak, hot_peak=rng.randint(hot, peak))


def _host(rng: random.Random, vms: list[GuestPages], together: int) -> HostPages:
    old, new, guest = (Release(rng.randint(0, 1), int(rng.random() < 0.2)) for _ in range(3))
    if rng.random() < 0.05:
        new = replace(new, reads_from=2, reads_upto=3)
    peaks = sorted(vm.size if vm.resident_peak is None else vm.resident_peak for vm in vms)
    everything = sum(peaks) + old.footprint + guest.footprint + sum(peaks[-together:]) + len(vms)
    capacity = max(1, everything + rng.choice((-3, -2, -2, -1, -1, -1, 0, 0, 0, 1, 2)))
    inside = sum(peaks if rng.random() < 0.7 else (sum(vm.classes.values()) for vm in vms))
    size = inside + guest.footprint + len(vms) * guest.vm_overhead + rng.choice((-1, 0, 0, 0, 1, 1, 2))
    limit = capacity + rng.randint(0, 3) if rng.random() < 0.3 else 4 * capacity
    return HostPages("alpha", capacity, old, new, guest, max(size, 0), rng.randint(0, 1), limit, rng.randint(0, 2))


def _targets(rng: random.Random, vm: GuestPages) -> tuple[int, int]:
    balloon = rng.randint(0, vm.size)
    swap = rng.randint(0, vm.size - balloon) if rng.random() < 0.4 else 0
    return (balloon, swap) if balloon + swap else (1, 0)


def _steps(
    rng: random.Random, vms: list[GuestPages], together: int, targets: dict[str, tuple[int, int]]
) -> list[PlannedStep]:
    steps: list[PlannedStep] = []
    last: tuple[str, ...] = ()

    def group(action: str, *arguments: Mapping[str, str | int]) -> None:
        nonlocal last
        made = [PlannedStep(f"{action} {given.get('vm', '')}".strip(), action, given, last) for given in arguments]
        steps.extend(made)
        last = tuple(step.name for step in made)

    for name, (balloon, swap) in targets.items():
        group("reclaim", {"vm": name, "balloon": balloon, "swap": swap})
    group("create_host_vm", {"machine": "alpha"})
    for action in ("consolidate", "disassociate"):
        order = [vm.name for vm in rng.sample(vms, len(vms))]
        for i in range(0, len(order), together):
            group(action, *({"vm": name} for name in order[i : i + together]))
        if action == "consolidate":
            for exchange in ("suspend", "launch_new", "tear_down_old", "resume"):
                group(exchange, {"machine": "alpha"})
    group("destroy_host_vm", {"machine": "alpha"})
    return steps
