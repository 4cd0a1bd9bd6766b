"""The simulator as a driver: it carries effects out on a world of its own, and tells what is there then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..driver import (
    GONE,
    Effect,
    Ending,
    MachineView,
    Offer,
    OtherMachine,
    Outcome,
    Place,
    Stage,
    VmView,
    World,
)
from ..gate import still_to_arrive_pages
from ..partitions import PARTITIONED
from ..tap import ACTORS, SILENT, NoTap, Tap, arguments_of, changes, way
from .dividing import carry_out, view
from .exchange import ON_MACHINE
from .faults import Fault, strike
from .guests import act
from .migrations import FAULTS_IN_OUTCOMES, ON_VMS
from .remapping import ON_REMAPPED
from .state import Guest, MachineStart, Reality, VmStart, reality
from .storing import ON_STORAGE
from .striking import last_to_start, let_pass
from .transfers import ON_ITS_WAY, has_gone

EFFECT_US = 1_000
"""What any effect takes, beside the pages that it moves, at one microsecond each."""
BOOT_US = 2_000_000
"""How long a hypervisor boots; one that hangs is waited for five times as long."""


class Simulator:
    """A machine that exists nowhere. `struck` are the faults that have come about, `broken` what went wrong for good."""

    def __init__(self, world: Reality, faults: Sequence[Fault] = (), tap: Tap | None = None) -> None:
        """Take a world as it is; `faults` are still to come."""
        self.world = world
        self.struck: list[Fault] = []
        self._faults = sorted(faults)
        self._tap: Tap = tap or NoTap()
        self._tapped = tap is not None and not isinstance(tap, NoTap)

    @classmethod
    def begin(
        cls,
        machine: MachineStart,
        vms: Iterable[VmStart],
        *,
        seed: int = 0,
        faults: Sequence[Fault] = (),
        tap: Tap | None = None,
    ) -> Simulator:
        """A world at its beginning. The same arguments give the same world, and the same things happen in it."""
        return cls(reality(machine, list(vms), seed), faults, tap)

    @property
    def broken(self) -> Sequence[str]:
        """What must never be, and was, on this machine or on one that it reaches."""
        others = self.world.network.machines.values() if self.world.network else ()
        return [*self.world.broken, *(what for world in others if world is not self.world for what in world.broken)]

    @property
    def to_come(self) -> Sequence[Fault]:
        """The faults that have not had their turn."""
        return tuple(self._faults)

    # ------------------------------------------------------------------------------------------------------ the protocol
    def observe(self, *vms: str) -> World:
        """The machine and these VMs, or all of them."""
        there = [*self.world.vms, *self.world.away]
        names = [name for name in vms if name in there] if vms else there
        return World(
            self._machine_view(),
            {name: self._view_of(name) for name in names},
            self.world.time_us,
            self._others(),
        )

    def perform(self, effect: Effect) -> Outcome:
        """Let due faults strike, do what the effect says if that can be done, and give the guests some time."""
        world = self.world
        world.performed += 1
        while self._faults and self._faults[0].at <= world.performed:
            self._strike(self._faults.pop(0))
        seen = self._views(effect) if self._tapped else ()
        why = self._carry_out(effect)
        world.time_us += EFFECT_US
        if self._tapped and not why and effect.action not in SILENT:
            self._tell(ACTORS.get(effect.action, "operator"), effect.action, arguments_of(effect), seen, effect)
        self._let_guests_act(effect)
        after = self.observe(effect.vm) if effect.vm else World(self._machine_view(), {}, world.time_us)
        if not why:
            return Outcome(Ending.DONE, after)
        if why in FAULTS_IN_OUTCOMES:
            return Outcome(Ending.FAILED, after, why, why)
        return Outcome(Ending.REFUSED, after, why)

    def pass_time(self) -> None:
        """Nobody asks for anything, and time passes: guests go on, and what boots comes up."""
        self.world.time_us += BOOT_US
        if self.world.machine.new.value == "booting" and not self.world.machine.boot_hangs:
            self._carry_out(Effect("finish_boot", self.world.machine.start.name))
        let_pass(self.world)
        for vm in self.world.vms.values():
            act(self.world, vm, self._heard)

    # ------------------------------------------------------------------------------------------------------------ inside
    def _carry_out(self, effect: Effect) -> str:
        if effect.machine != self.world.machine.start.name:
            return f"there is no machine {effect.machine}"
        if effect.action in ON_MACHINE:
            if effect.action == "finish_boot":
                self.world.time_us += BOOT_US * (5 if self.world.machine.boot_hangs else 1)
            return ON_MACHINE[effect.action](self.world)
        if effect.action in ON_STORAGE:
            return ON_STORAGE[effect.action](self.world, effect)
        if effect.action in PARTITIONED:
            return carry_out(self.world, effect)
        vm = self.world.vms.get(effect.vm or "")
        if vm is None and effect.vm in self.world.away:
            return has_gone(self.world, effect)
        do = ON_VMS.get(effect.action) or ON_REMAPPED.get(effect.action) or ON_ITS_WAY.get(effect.action)
        if vm is None or do is None:
            return f"there is no such VM, or no such effect: {effect}"
        return "the VM is lost" if vm.lost else do(self.world, vm, effect, self._heard)

    def _let_guests_act(self, effect: Effect) -> None:
        """The VM of the effect; for an effect on the machine, one that chance has chosen."""
        vms = self.world.vms
        if effect.vm in vms:
            act(self.world, vms[effect.vm], self._heard)
        elif vms:
            chosen = self.world.draw(len(vms))
            act(self.world, next(vm for i, vm in enumerate(vms.values()) if i == chosen), self._heard)

    def _strike(self, fault: Fault) -> None:
        goals = {name: vm.parcel.goal for name, vm in self.world.vms.items() if vm.parcel}
        where = strike(self.world, fault)
        if where is None:
            return
        self.struck.append(fault)
        if self._tapped:
            vm, part = where if where in self.world.vms else None, last_to_start(self.world, fault.name)
            to = goals.get(where) if fault.name == "transfer_failed" else None
            about = Effect(fault.name, self.world.machine.start.name, vm, part=part, to=to)
            self._tap.emit("fault", fault.name, arguments_of(about), {})

    def _heard(self, action: str, vm: Guest, pages: int) -> None:
        if self._tapped:
            actor = ACTORS.get(action, "scheduler" if action.startswith("inflate") else "guest")
            to = vm.parcel.goal if action == "write_sent" and vm.parcel else ""
            about = {"t": way(vm.start.name, to)} if to else {"vm": vm.start.name}
            self._tap.emit(actor, action, about | {"amount": pages}, {})

    def _tell(
        self, actor: str, action: str, arguments: dict[str, Any], before: Sequence[VmView | MachineView], effect: Effect
    ) -> None:
        if action in ("inflate", "deflate", "swap_out"):
            return  # what was moved has been told, with how much
        pairs = zip(before, self._views(effect), strict=True)
        still = [(old, new) for old, new in pairs if not isinstance(new, VmView) or new.stage not in GONE]
        changed = {key: pair for old, new in still for key, pair in changes(old, new).items()}
        self._tap.emit(actor, action, arguments, changed)

    def _views(self, effect: Effect) -> tuple[VmView | MachineView, ...]:
        known = effect.vm in self.world.vms or effect.vm in self.world.away
        return (self._machine_view(), *([self._view_of(effect.vm)] if known and effect.vm else []))

    def _others(self) -> dict[str, OtherMachine]:
        """The machines that are reached over the network, as they are."""
        if self.world.network is None:
            return {}
        every = self.world.network.machines.items()
        return {name: self._other(world) for name, world in every if world is not self.world}

    def _other(self, world: Reality) -> OtherMachine:
        machine, start = world.machine, world.machine.start
        return OtherMachine(
            self._machine_view(world),
            still_to_arrive_pages(self._vm_view(vm) for vm in world.vms.values()),
            Offer(*start.old_hardware, machine.overhead(Place.OLD)),
            Offer(*start.new_hardware, machine.overhead(Place.NEW)),
        )

    def _view_of(self, name: str) -> VmView:
        """A VM that is here, or of which it is seen where it is."""
        if (vm := self.world.vms.get(name)) is not None:
            return self._vm_view(vm)
        network = self.world.network
        gone, seen = (network.guest(name), network.where(name)) if network else (None, None)
        if gone is None or gone.missing is None or gone.missing.origin != self.world.machine.start.name:
            return VmView(name, Place.OLD, Stage.ELSEWHERE, abroad=seen)
        missing_pages = gone.missing.pages(gone)
        return VmView(name, Place.OLD, Stage.FETCHED, lost=gone.lost, abroad=seen, missing_pages=missing_pages)

    def _machine_view(self, of: Reality | None = None) -> MachineView:
        world = of or self.world
        m, network = world.machine, world.network
        coming = network.on_the_way_to(m.start.name) if network else ()
        left_pages = network.left_on(m.start.name) if network else 0
        return MachineView(
            m.start.name,
            m.old,
            m.guest,
            m.new,
            m.host_vm,
            m.carrier,
            m.map,
            m.digest,
            m.start.capacity_pages,
            m.used,
            m.start.commit_limit_pages,
            m.committed,
            m.start.host_vm_size_pages,
            m.inside,
            m.start.swap_pages,
            world.swapped,
            tuple(m.faults),
            m.image.state,
            m.image.pages,
            m.image.digest,
            m.copy,
            m.host_vm_digest,
            m.store.capacity_pages,
            m.store.promised_pages,
            partitions=view(m),
            set_aside_pages=left_pages + sum(parcel.frames_pages for parcel in coming),
            slots_set_aside_pages=sum(parcel.slots_pages for parcel in coming),
            crossed_pages=world.crossed,
        )

    def _vm_view(self, vm: Guest) -> VmView:
        down_us = self.world.time_us - vm.stunned_at_us if vm.stunned_at_us is not None else 0
        return VmView(
            vm.start.name,
            vm.source,
            vm.stage,
            vm.target,
            self.world.executing(vm),
            tuple(place for place in vm.copies if self.world.machine.holds(place)),
            vm.lost,
            vm.resident,
            vm.parcel.sent_pages(vm) if vm.parcel else vm.arrived if vm.stage is not Stage.SETTLED else 0,
            vm.parcel.stale_pages(vm) if vm.parcel else vm.stale if vm.stage is not Stage.SETTLED else 0,
            vm.rounds,
            vm.ballooned,
            vm.swapped,
            vm.balloon_target,
            vm.swap_target,
            vm.gave_up,
            vm.sent,
            vm.downtime_us + down_us,
            vm.parcel.goal if vm.parcel else None,
            vm.missing.pages(vm) if vm.missing else 0,
        )
