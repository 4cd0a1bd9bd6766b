"""What the controller believes: a fold over its journal, and nothing else.

While it runs it takes the same steps that reopening takes, entry by entry, so that after a crash it believes what it
believed before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .driver import Effect, MachineView, MapState, Place, Stage, VmView
from .encoding import decoded
from .errors import UnusableJournal
from .journal import Entry, Kind
from .plan import Plan


@dataclass(frozen=True)
class Pending:
    """An intent whose outcome is not in the journal."""

    number: int
    step: str
    effect: Effect


@dataclass
class Belief:
    """The world as the journal has it, and how far the plan has come."""

    plan: Plan
    machine: MachineView | None = None
    vms: dict[str, VmView] = field(default_factory=dict[str, VmView])
    in_flight: dict[str, VmView] = field(default_factory=dict[str, VmView])
    reserved_inside_pages: int = 0
    initial_targets: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    done: set[str] = field(default_factory=set[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    sealed_digest: str | None = None
    """Of the map as it was sealed, if that was seen and written down, and the map is still there."""
    pending: Pending | None = None
    rolling_back: bool = False
    ended: str | None = None

    def take(self, entry: Entry) -> None:
        """Believe one more entry. Raises UnusableJournal for entries that no controller writes in this order."""
        body = entry.body
        match entry.kind:
            case Kind.INITIAL:
                self._see_body(body)
                if "vm" in body:
                    vm = decoded(VmView, body["vm"])
                    self.initial_targets[vm.name] = (vm.balloon_target_pages, vm.swap_target_pages)
            case Kind.INTENT:
                self.intend(Pending(entry.number, body["step"], decoded(Effect, body["effect"])))
            case Kind.OUTCOME:
                if self.pending is None or self.pending.number != entry.about:
                    raise UnusableJournal(f"entry {entry.number} is the outcome of an intent that is not open")
                self._see_body(body)
                self.conclude(by_perform=body["ending"] == "done")
                self.count(body.get("fault", ""))
            case Kind.FAULT:
                self._see_body(body)
                self.count(body["fault"])
            case Kind.STEP:
                self.done.add(body["step"])
            case Kind.DIRECTION:
                self.rolling_back = True
            case Kind.ENDED:
                self.ended = body["how"]
            case Kind.OPENED:
                pass

    def _see_body(self, body: dict[str, Any]) -> None:
        vm = decoded(VmView, body["vm"]) if "vm" in body else None
        self.see(decoded(MachineView, body["machine"]) if "machine" in body else None, vm)

    def see(self, machine: MachineView | None, vm: VmView | None) -> None:
        """Believe what was observed."""
        if machine is not None:
            self.machine = machine
            if machine.map is MapState.NONE:
                self.sealed_digest = None
        if vm is not None:
            self.reserved_inside_pages += self._reserved_inside(vm) - self._reserved_inside(self.vms.get(vm.name))
            self.vms[vm.name] = vm
            self.in_flight.pop(vm.name, None)
            if vm.stage is not Stage.SETTLED:
                self.in_flight[vm.name] = vm

    def _reserved_inside(self, vm: VmView | None) -> int:
        if vm is None or vm.lost or Place.GUEST not in (vm.source, vm.target):
            return 0
        return self.plan.vm_named[vm.name].reservation_pages + self.plan.sizes.guest_vm_pages

    def intend(self, pending: Pending) -> None:
        """An effect may be under way. Raises UnusableJournal where another one still is."""
        if self.pending is not None:
            raise UnusableJournal(
                f"entry {pending.number} is an intent, and that of entry {self.pending.number} is open"
            )
        self.pending = pending

    def conclude(self, *, by_perform: bool) -> None:
        """The effect is over. The digest of the map is only believed where it was seen when the map was sealed."""
        if by_perform and self.pending and self.pending.effect.action == "seal_map" and self.machine:
            self.sealed_digest = self.machine.map_digest
        self.pending = None

    def count(self, fault: str) -> None:
        """A fault struck; "" is none."""
        if fault:
            self.faults[fault] += 1


def believed(plan: Plan, entries: Iterable[Entry]) -> Belief:
    """What a controller believes that has written these entries. Raises UnusableJournal."""
    belief = Belief(plan)
    for entry in entries:
        belief.take(entry)
    return belief
