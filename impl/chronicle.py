"""Writing down and believing, in one: every entry goes to the journal first, and is believed once it is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .belief import Belief, Pending, believed
from .driver import Effect, MachineView, Outcome, VmView, World
from .encoding import encoded
from .journal import Journal, Kind
from .plan import Plan


class Chronicle:
    """A journal, and what it makes one believe."""

    def __init__(self, plan: Plan, journal: Journal) -> None:
        """Read the journal. Raises UnusableJournal."""
        self.journal = journal
        self.belief: Belief = believed(plan, journal.entries())

    def opened(self) -> None:
        """A controller begins to work."""
        self.journal.append(Kind.OPENED, {})

    def initial(self, world: World) -> None:
        """How the world was when the run started: all of it, or nothing."""
        bodies: list[dict[str, Any]] = [{"machine": encoded(world.machine), "time_us": world.time_us}]
        bodies += ({"vm": encoded(vm)} for vm in world.vms.values())
        self.journal.append_all(Kind.INITIAL, bodies)
        self.belief.begun = True
        self.belief.see(world.machine, None)
        for vm in world.vms.values():
            self.belief.see(None, vm)
            self.belief.initial_targets[vm.name] = (vm.balloon_target_pages, vm.swap_target_pages)

    def intend(self, step: str, effect: Effect) -> None:
        """An effect is about to be carried out."""
        number = self.journal.append(Kind.INTENT, {"step": step, "effect": encoded(effect)})
        self.belief.intend(Pending(number, step, effect))

    def conclude(self, outcome: Outcome, faults: Sequence[str]) -> None:
        """What came of it, and which faults explain that."""
        vm = self._vm_of_pending(outcome.world)
        said = _said(outcome.world.machine, vm, outcome.world.time_us, faults)
        self._conclude({"ending": outcome.ending.value, "reason": outcome.reason} | said)
        self.belief.see(outcome.world.machine, vm)
        self.belief.conclude(outcome.world.machine.map_digest if outcome.ending.value == "done" else None)
        self.belief.count(faults)

    def conclude_observed(self, world: World, faults: Sequence[str]) -> None:
        """What was found of it after a crash."""
        vm = self._vm_of_pending(world)
        self._conclude({"ending": "observed"} | _said(world.machine, vm, world.time_us, faults))
        self.belief.see(world.machine, vm)
        self.belief.conclude(None)
        self.belief.count(faults)

    def _conclude(self, body: dict[str, Any]) -> None:
        assert self.belief.pending is not None, "an outcome is of an intent"
        self.journal.append(Kind.OUTCOME, body, about=self.belief.pending.number)

    def _vm_of_pending(self, world: World) -> VmView | None:
        pending = self.belief.pending
        return world.vms.get(pending.effect.vm) if pending and pending.effect.vm else None

    def seen(self, faults: Sequence[str], machine: MachineView | None, vm: VmView | None, time_us: int) -> None:
        """Something was seen that no effect explains; and the faults that do."""
        self.journal.append(Kind.SEEN, _said(machine, vm, time_us, faults))
        self.belief.see(machine, vm)
        self.belief.count(faults)

    def step_done(self, step: str, time_us: int) -> None:
        """A step has reached its goal."""
        self.journal.append(Kind.STEP, {"step": step, "time_us": time_us})
        self.belief.done.add(step)

    def turn(self, *, back: bool) -> None:
        """From here on the run is rolled back, or carried out after all, whoever goes on with it."""
        self.journal.append(Kind.DIRECTION, {} if back else {"back": False})
        self.belief.rolling_back = back

    def ended(self, how: str, time_us: int, lost: Iterable[str]) -> None:
        """The run is over."""
        self.journal.append(Kind.ENDED, {"how": how, "time_us": time_us, "lost": sorted(lost)})
        self.belief.ended = how


def _said(machine: MachineView | None, vm: VmView | None, time_us: int, faults: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = {"time_us": time_us}
    if machine is not None:
        said["machine"] = encoded(machine)
    if vm is not None:
        said["vm"] = encoded(vm)
    return said | ({"faults": list(faults)} if faults else {})
