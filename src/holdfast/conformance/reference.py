"""The reference implementation as an adapter: the controller's rules, safeguards and gate, in front of the simulator.

A driver does what it is told, since hypervisors do; what is judged is whether the controller would tell it so. An attempt is
made only if a rule gives that effect in the situation as it is observed, no safeguard holds it back, and the gate has room;
everything that the simulator then says has happened is answered, what its guests did meanwhile included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..impl.belief import Belief
from ..impl.driver import Effect, Ending, Place, Stage, VmView
from ..impl.errors import Stopped
from ..impl.gate import Occupancy
from ..impl.plan import Plan, Sizes, Step, Tolerated, VmSizes
from ..impl.rules import Situation, next_effect
from ..impl.safeguards import Safeguards
from ..impl.simulator.driver import Simulator
from ..impl.simulator.faults import FAULTS, Fault, strike
from ..impl.simulator.guests import grow, write
from ..impl.simulator.state import MachineStart, VmStart
from .adapter import Adapter, Answer, Did, Done, Greeting, Happened, Refused, Shown, Unsupported

ABOUT_MACHINES: Mapping[str, tuple[str, ...]] = {
    "create_host_vm": ("create_host_vm",),
    "destroy_host_vm": ("destroy_host_vm",),
    **dict.fromkeys(("suspend", "build_map", "seal_map"), ("suspend",)),
    **dict.fromkeys(("launch_new", "finish_boot", "pass_map", "validate_map"), ("launch_new",)),
    "tear_down_old": ("tear_down_old",),
    "resume": ("resume",),
    "roll_back": ("roll_back",),
}
"""Actions on a machine, each with the verbs whose rules may give it."""
MIGRATIONS = ("consolidate", "disassociate", "withdraw")
ABOUT_VMS: Mapping[str, tuple[str, ...]] = {
    **{verb: (verb,) for verb in MIGRATIONS},
    **dict.fromkeys(("copy", "copy_again", "stop", "commit", "activate"), MIGRATIONS),
    "cancel": ("settle",),
}
CLASSES = ("unreclaimable", "active_anonymous", "active_buffer", "inactive_anonymous", "inactive_buffer", "free")


@dataclass(frozen=True)
class Names:
    """The world's names for what the implementation knows by its role on one machine."""

    machine: str
    host_vm: str
    place: Mapping[Place, str]
    vms: tuple[str, ...]


class Heard:
    """A tap that keeps what it hears."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self.events: list[Happened] = []

    def emit(self, actor: str, action: str, arguments: Mapping[str, Any], changed: Mapping[str, list[Any]]) -> None:
        """Keep an event; what has changed is observed anyway."""
        del actor, changed
        self.events.append(Happened(action, dict(arguments)))


class Reference(Adapter):
    """The reference implementation on one machine. `safeguards` are its own, unless a test takes one out."""

    safeguards = Safeguards()

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        """Learn sizes and names. Actions that it has no word for are not supported."""
        self._constants = {m["label"]: m["constants"] for m in world["members"]}
        by_sort = {sort: [m["label"] for m in world["members"] if m["sort"] == sort] for sort in SORTS}
        (machine,) = by_sort["Machine"]
        at = self._constants[machine]
        host_vm = at["host_vm"]
        places = {Place.OLD: at["old"], Place.GUEST: self._constants[host_vm]["guest"], Place.NEW: at["new"]}
        self._names = Names(machine, host_vm, places, tuple(by_sort["Vm"]))
        known = {*ABOUT_MACHINES, *ABOUT_VMS, *FAULTS, "touch", "dirty"}
        unsupported = frozenset(action["name"] for action in world["actions"]) - known
        self._growing = any(action["name"] == "touch" for action in world["actions"])
        return Greeting("the reference implementation", unsupported)

    def reset(self, state: Shown) -> None:
        """A new simulated machine, and a controller that has just looked at it."""
        self._heard = Heard()
        self._left = {key.partition(".")[2]: n for key, n in state.items() if key.startswith("tolerated.")}
        sizes = self._sizes()
        vms = [self._vm(name, state) for name in self._names.vms]
        self.simulator = Simulator.begin(self._machine(sizes), vms, tap=self._heard)
        promised = tuple(VmSizes(v.name, v.size_pages, self._constants[v.name]["reservation"]) for v in vms)
        self._plan = Plan("conform", self._names.machine, (), promised, sizes, Tolerated())
        self._belief = Belief(self._plan, begun=True)
        self._see()

    def attempt(self, action: str, arguments: Shown) -> Answer:
        """What the controller would do now, or what a guest or a fault does."""
        self._heard.events.clear()
        vm = arguments.get("vm")
        if action in FAULTS:
            return self._strike(action, vm)
        if action in ("touch", "dirty"):
            return self._guest(action, str(vm), int(arguments.get("amount", 1)))
        if action not in ABOUT_MACHINES and action not in ABOUT_VMS:
            return Unsupported()
        effect = Effect(action, self._names.machine, vm, arguments.get("amount"))
        fenced = action == "activate" and self._belief.vms[str(vm)].stage is Stage.COMMITTED
        why = self._performed(replace(effect, action="fence")) if fenced else ""
        why = why or self._performed(effect)
        return Did(tuple(self._heard.events)) if self._heard.events else Refused(why) if why else Done()

    def observe(self) -> Shown:
        """What the simulator says of the machine and its VMs, under the world's names."""
        world, at = self.simulator.observe(), self._names
        machine = world.machine
        powers = {Place.OLD: machine.old, Place.GUEST: machine.guest, Place.NEW: machine.new}
        shown: dict[str, Any] = {f"{at.place[place]}.power": power.value for place, power in powers.items()}
        shown |= {f"{at.host_vm}.state": machine.host_vm.value, f"{at.machine}.map": machine.map.value}
        if machine.carrier:
            shown[f"{at.host_vm}.carrier"] = at.place[machine.carrier]
        for vm in world.vms.values():
            shown |= self._shown(vm)
        return shown

    # --------------------------------------------------------------------------------------------- what it would do
    def _performed(self, effect: Effect) -> str:
        """Why an effect is not carried out; "" if it was."""
        if why := self._held_back(effect):
            return why
        outcome = self.simulator.perform(effect)
        if effect.action == "seal_map" and outcome.ending is Ending.DONE:
            self._belief.sealed_digest = outcome.world.machine.map_digest
        self._see()
        return outcome.reason if outcome.ending is Ending.REFUSED else ""

    def _held_back(self, effect: Effect) -> str:
        belief = self._belief
        assert belief.machine is not None, "it was reset"
        vm = belief.vms.get(effect.vm or "")
        now = Situation(belief.machine, vm, belief.sealed_digest, self.safeguards)
        verbs = {**ABOUT_MACHINES, **ABOUT_VMS, "fence": MIGRATIONS}[effect.action]
        if not any(_gives(Step(verb, verb, effect.vm), now, effect.action) for verb in verbs):
            return f"no step of a plan would {effect.action} now"
        there = Occupancy(belief.machine, vm, tuple(belief.in_flight.values()), belief.reserved_inside_pages)
        waits = self.safeguards.left_behind(effect, belief.vms.values())
        return waits or self.safeguards.short_of(self._plan, effect, there)

    def _see(self) -> None:
        world = self.simulator.observe()
        self._belief.see(world.machine, None)
        for vm in world.vms.values():
            self._belief.see(None, vm)

    # ------------------------------------------------------------------------------------------ guests and faults
    def _strike(self, name: str, vm: Any) -> Answer:
        """A fault, as often as the world tolerates it."""
        if not self._left.get(name, 0):
            return Refused("no more such faults are tolerated")
        if strike(self.simulator.world, Fault(0, name, vm)) is None:
            return Refused("there is nothing that this fault could strike")
        self._left[name] -= 1
        self._see()
        stunned = vm and self._belief.vms[vm].stage is Stage.STOPPED and self._belief.vms[vm].target is None
        if stunned:  # after the commit a source stays paused, until the controller lets it go on
            self._performed(Effect("cancel", self._names.machine, vm))
        return Done()

    def _guest(self, action: str, name: str, pages: int) -> Answer:
        world, vm = self.simulator.world, self.simulator.world.vms[name]
        if not world.executing(vm):
            return Refused("the VM does not run")

        def heard(what: str, _: object, amount: int) -> None:
            self._heard.events.append(Happened(what, {"vm": name, "amount": amount}))

        if action == "touch":
            grow(world, vm, pages, heard)
        else:
            write(world, vm, world.executing(vm), heard)
        self._see()
        return Did(tuple(self._heard.events)) if self._heard.events else Refused("the guest has no such page")

    # ------------------------------------------------------------------------------------------------------ the world
    def _sizes(self) -> Sizes:
        at, known = self._names, self._constants
        takes = {place: known[at.place[place]] for place in Place}
        return Sizes(
            takes[Place.OLD]["footprint"],
            takes[Place.GUEST]["footprint"],
            takes[Place.NEW]["footprint"],
            takes[Place.OLD]["vm_overhead"],
            takes[Place.GUEST]["vm_overhead"],
            takes[Place.NEW]["vm_overhead"],
            known[at.host_vm]["overhead"],
        )

    def _machine(self, sizes: Sizes) -> MachineStart:
        at = self._constants[self._names.machine]
        return MachineStart(
            self._names.machine,
            at["capacity"],
            at["commit_limit"],
            self._constants[self._names.host_vm]["size"],
            sizes,
            at["swap"],
        )

    def _vm(self, name: str, state: Shown) -> VmStart:
        """The guest grows as far as it may at once: nobody tells it how hot it is."""
        known = self._constants[name]
        value = {
            field: state.get(f"{name}.{field}", known.get(field, 0)) for field in (*CLASSES, "ballooned", "swapped")
        }
        resident, hot = sum(value[c] for c in CLASSES), sum(value[c] for c in CLASSES[:3])
        most = min(known["resident_peak"], resident + known["hot_peak"] - hot)
        peak = most if self._growing else resident
        return VmStart(name, known["size"], resident, peak, hot, value["ballooned"], value["swapped"], busy=False)

    def _shown(self, vm: VmView) -> dict[str, Any]:
        at, moving = self._names.place, vm.stage is not Stage.SETTLED
        stage = Stage.COMMITTED if vm.stage is Stage.FENCED else vm.stage
        shown: dict[str, Any] = {"source": at[vm.source], "stage": stage.value, "ballooned": vm.ballooned_pages}
        if moving:
            shown |= {"copied": vm.copied_pages, "dirty": vm.dirty_pages}
            shown |= {"target": at[vm.target]} if vm.target else {}
        return {f"{vm.name}.{field}": value for field, value in shown.items()}


SORTS = ("Machine", "HostVm", "Hypervisor", "Vm")


def _gives(step: Step, now: Situation, action: str) -> bool:
    """Whether a step's rule gives that action next."""
    try:
        effect = next_effect(step, now)
    except Stopped:
        return False
    return effect is not None and effect.action == action
