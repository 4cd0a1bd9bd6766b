"""What the controller believes: a fold over its journal, and nothing else.

While it runs it takes the same steps that reopening takes, entry by entry, so that after a crash it believes what it
believed before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .driver import GONE, Copy, Effect, HostVmState, MachineView, MapState, Place, Stage, VmView
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
    """The world as the journal has it, and how far the plan has come. Whoever takes entries sees to the views in them."""

    plan: Plan
    begun: bool = False
    machine: MachineView | None = None
    vms: dict[str, VmView] = field(default_factory=dict[str, VmView])
    in_flight: dict[str, VmView] = field(default_factory=dict[str, VmView])
    reserved_inside_pages: int = 0
    initial_targets: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    done: set[str] = field(default_factory=set[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    sealed_digest: str | None = None
    """Of the map as it was sealed, if that was seen and written down, and the map is still there."""
    halted_digest: str | None = None
    """Of the host VM as it was halted, if that was seen and written down, until it runs again."""
    pending: Pending | None = None
    rolling_back: bool = False
    ended: str | None = None

    def take(self, entry: Entry) -> None:
        """Believe one more entry, except for the views in it. Raises UnusableJournal for an impossible order."""
        body = entry.body
        self.begun = self.begun or entry.kind is Kind.INITIAL
        if not self.begun:
            raise UnusableJournal(f"entry {entry.number} comes before the beginning")
        match entry.kind:
            case Kind.INTENT:
                self.intend(Pending(entry.number, body["step"], decoded(Effect, body["effect"])))
            case Kind.OUTCOME:
                if self.pending is None or self.pending.number != entry.about:
                    raise UnusableJournal(f"entry {entry.number} is the outcome of an intent that is not open")
                digest = body["machine"].get("map_digest") if body["ending"] == "done" else None
                self.conclude(digest)
                self.count(body.get("faults", ()))
            case Kind.SEEN:
                self.count(body.get("faults", ()))
            case Kind.STEP:
                self.done.add(body["step"])
            case Kind.DIRECTION:
                self.rolling_back = body.get("back", True)
            case Kind.ENDED:
                self.ended = body["how"]
            case Kind.INITIAL | Kind.OPENED:
                pass

    def see(self, machine: MachineView | None, vm: VmView | None) -> None:
        """Believe what was observed."""
        if machine is not None:
            self.machine = machine
            self.keep_digests(machine.map.value, machine.host_vm.value, machine.copy.value, machine.host_vm_digest)
        if vm is not None:
            self.reserved_inside_pages += self._reserved_inside(vm) - self._reserved_inside(self.vms.get(vm.name))
            self.vms[vm.name] = vm
            self.in_flight.pop(vm.name, None)
            if vm.stage not in (Stage.SETTLED, *GONE):
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

    def conclude(self, map_digest: str | None) -> None:
        """The effect is over. The map's digest is only believed where it was seen when the map was sealed."""
        if self.pending and self.pending.effect.action == "seal_map":
            self.sealed_digest = map_digest
        self.pending = None

    def keep_digests(self, map_state: str, host_vm: str, copy: str, digest: str | None) -> None:
        """Without a map there is no digest of it. That of the host VM is believed of the original only, while it is halted;
        and kept as long as what was halted has not run again."""
        if map_state == MapState.NONE.value:
            self.sealed_digest = None
        if host_vm not in (HostVmState.HALTED.value, HostVmState.STORED.value):
            self.halted_digest = None
        elif host_vm == HostVmState.HALTED.value and copy == Copy.ORIGINAL.value:
            self.halted_digest = digest

    def count(self, faults: Iterable[str]) -> None:
        """These faults struck."""
        self.faults.update(faults)


def believed(plan: Plan, entries: Iterable[Entry]) -> Belief:
    """What a controller believes that has written these entries. Raises UnusableJournal.

    Of what was seen of a VM, or of the machine, the last counts: only that is decoded.
    """
    belief = Belief(plan)
    machine: dict[str, Any] | None = None
    vms: dict[str, dict[str, Any]] = {}
    for entry in entries:
        belief.take(entry)
        if "vm" in entry.body:
            seen = entry.body["vm"]
            vms[seen["name"]] = seen
            if entry.kind is Kind.INITIAL:
                belief.initial_targets[seen["name"]] = _targets(seen)
        if "machine" in entry.body:
            there: dict[str, Any] = entry.body["machine"]
            machine, copy = there, there.get("copy", Copy.ORIGINAL.value)
            belief.keep_digests(there["map"], there["host_vm"], copy, there.get("host_vm_digest"))
    belief.see(decoded(MachineView, machine) if machine else None, None)
    for seen in vms.values():
        belief.see(None, decoded(VmView, seen))
    return belief


def _targets(seen: dict[str, Any]) -> tuple[int, int]:
    return seen.get("balloon_target_pages", 0), seen.get("swap_target_pages", 0)
