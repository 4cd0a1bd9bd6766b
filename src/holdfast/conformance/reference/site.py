"""One machine with its controller: what this would do now is done, and written down; what it did not do, it sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from ...impl.chronicle import Chronicle
from ...impl.driver import (
    GONE,
    LEAVING,
    Copy,
    Effect,
    Ending,
    HostVmState,
    ImageState,
    MachineView,
    Place,
    Stage,
    VmView,
)
from ...impl.errors import Stopped, UnusableJournal
from ...impl.gate import over_the_network
from ...impl.journal import Identity, Journal
from ...impl.plan import Step, Tolerated
from ...impl.reconciling import Reconciler
from ...impl.rules import Situation, next_effect
from ...impl.safeguards import Safeguards
from ...impl.simulator.faults import Fault, strike
from ...impl.simulator.network import Network
from ...impl.simulator.storage import Store
from ..adapter import Answer, Did, Done, Happened, Refused, Shown
from .actions import ABOUT_MACHINES, ABOUT_VMS, BY_ITSELF, ENDINGS, POST_COPY, RECLAIMING
from .names import Names, Way
from .played import CLASSES, ELSEWHERE, Played, pages_of

MODELS_STAGE: Mapping[Stage, Stage] = {
    Stage.FENCED: Stage.COMMITTED,
    Stage.PASSING: Stage.STOPPED,
    **dict.fromkeys((*LEAVING, Stage.FETCHING), Stage.SETTLED),
}
"""What the model calls a stage that it has no name of its own for."""


class Heard:
    """A tap that keeps what it hears."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self.events: list[Happened] = []

    def emit(self, actor: str, action: str, arguments: Mapping[str, Any], changed: Mapping[str, list[Any]]) -> None:
        """Keep an event; what has changed is observed anyway."""
        del actor, changed
        self.events.append(Happened(action, dict(arguments)))


class Site:
    """A simulated machine, a controller, and the controller's journal. `running`: the controller was not ended."""

    def __init__(
        self,
        names: Names,
        vms: tuple[str, ...],
        state: Shown,
        safeguards: Safeguards,
        journal: type[Journal],
        store: Store | None = None,
    ) -> None:
        """A machine at its beginning, and a controller that has just looked at it; the store is where its image goes."""
        self.names, self.vms, self.running, self._safe = names, vms, True, safeguards
        self._heard, self._varies = Heard(), frozenset(state)
        known = {vm: names.known[vm] for vm in vms}
        pages = {vm: (known[vm]["size"], pages_of(vm, state, known[vm])) for vm in vms}
        hardware: dict[str, int] = {vm: known[vm]["hardware"] for vm in vms}
        self.simulator = Played(names.start(), pages, self._heard, store, hardware)
        self._plan = names.plan(vms, _tolerated(state))
        self._journal = journal.create(":memory:", Identity("conform", names.machine, ""))
        self._stopped = ""

    def begin(self) -> None:
        """The controller looks for the first time, once every machine is there."""
        self._open()
        self._chronicle.initial(self.simulator.observe())
        self._chronicle.opened()

    def join(self, network: Network) -> None:
        """The machine is reached from others, and VMs may come to it."""
        network.join(self.simulator.world, *self.names.coming)

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    # ------------------------------------------------------------------------------------------------- the controller
    def crash(self) -> None:
        """The controller ends, and with it all that it believes."""
        self.running = False
        del self._chronicle, self._reconciler  # whoever asks for them now finds a mistake

    def restart(self) -> str:
        """A new controller believes what the journal tells it, and then what it sees. Why it does not run; "" if it does."""
        try:
            self._open()
        except UnusableJournal as why:
            return str(why)
        if not self._chronicle.belief.begun:
            return "the journal ends before anything was done"
        self.running = True
        self._chronicle.opened()
        self.look()
        return ""

    def _open(self) -> None:
        self._chronicle = Chronicle(self._plan, self._journal)
        self._reconciler = Reconciler(self._chronicle, self._safe)

    def look(self) -> None:
        """The controller, if there is one, sees what has happened without it, and lets a source go on that waits for it.

        Where it finds no explanation, or more faults than are tolerated, it stops for good: it orders nothing any more.
        """
        if not self.running:
            return
        try:
            for faults, subject in self._reconciler.reconcile(self.simulator.observe()):
                self._reconciler.endure(faults, subject)
        except Stopped as why:
            self._stopped = str(why)
        for name, vm in self._chronicle.belief.vms.items():
            if _waits_for_controller(vm):
                self._ordered(Effect("cancel", self.names.machine, name))

    def attempt(self, action: str, arguments: Shown, way: Way | None = None) -> Answer:
        """What the controller would do now, or what the hypervisor does by itself; `way` is that of a VM that goes."""
        shared = self.names.image or self.simulator.world.network
        if shared:  # as before every effect: others may have taken of the store since, or a VM has come
            self.look()
        self._heard.events.clear()
        vm, effect = arguments.get("vm"), self._effect(action, arguments, way)
        why = "the controller has ended"
        if self.running:
            self.simulator.scheduled(action if action in RECLAIMING else "")
            committed = action == "activate" and self._chronicle.belief.vms[str(vm)].stage is Stage.COMMITTED
            why = self._ordered(replace(effect, action="fence")) if committed else ""
            why = why or self._ordered(effect)
            if not why and action in ENDINGS:  # it goes on where digests differ, and else there is nothing to end
                self._ordered(replace(effect, action=ENDINGS[action]))
            if why and action == "verify_image" and self._stale():
                why = self._ordered(replace(effect, action="delete_image"))
        if why and self._by_itself(effect):
            why = self.simulator.perform(effect).reason
            self.look()
        return Refused(why) if why else Did(tuple(self._heard.events)) if self._heard.events else Done()

    def _stale(self) -> bool:
        """Whether no host VM rests on a durable image any more: it is not read back then, but deleted instead."""
        machine = self.simulator.observe().machine
        return machine.image is ImageState.DURABLE and machine.host_vm not in (HostVmState.HALTED, HostVmState.STORED)

    def _effect(self, action: str, arguments: Shown, way: Way | None) -> Effect:
        name, machine, vm = RECLAIMING.get(action, action), self.names.machine, arguments.get("vm")
        if way is not None:
            return Effect(name, machine, way.vm, arguments.get("amount"), to=way.goal, to_new=way.to_new)
        if action == "reclaim":
            return Effect(name, machine, vm, arguments["balloon"], arguments["swap"])
        return Effect(name, machine, vm, arguments.get("amount"))

    def _by_itself(self, effect: Effect) -> bool:
        if effect.action not in BY_ITSELF:
            return False
        world = self.simulator.observe()
        if effect.action in ("send", "send_again") and over_the_network(self._plan, effect, world.machine):
            return False
        return BY_ITSELF[effect.action](world.machine, world.vms.get(effect.vm or ""), effect.amount or 0)

    def _ordered(self, effect: Effect) -> str:
        """Why the controller does not order an effect now; "" if it did, and it was carried out."""
        if why := self._stopped or self._withheld(effect):
            return why
        self._chronicle.intend(effect.action, effect)
        outcome = self.simulator.perform(effect)
        try:
            faults = self._reconciler.explained(outcome.world, effect)
            self._chronicle.conclude(outcome, faults)
            self._reconciler.endure(faults, effect.vm or self.names.machine)
        except Stopped as stopped:
            self._stopped = str(stopped)
        return outcome.reason if outcome.ending is Ending.REFUSED else ""

    def _withheld(self, effect: Effect) -> str:
        """Why none of the steps that a plan could have would give the effect now, or what it has to wait for."""
        belief = self._chronicle.belief
        assert belief.machine is not None, "the controller has looked"
        vm = belief.vms.get(effect.vm or "")
        if effect.action in ("copy", "copy_again", "send", "send_again") and vm is not None and not _there(effect, vm):
            return "there are not so many pages to be sent"
        if effect.action == "fetch" and (vm is None or (effect.amount or 0) > vm.missing_pages):
            return "there are not so many pages to be fetched"
        if effect.action == "write_image" and not _unwritten(effect, belief.machine):
            return "there are not so many pages to be written"
        now = Situation(belief.machine, vm, belief.sealed_digest, self._safe, belief.halted_digest)
        verbs = {**ABOUT_MACHINES, **ABOUT_VMS}[effect.action]
        if not any(_gives(_step(verb, effect, vm), now, effect.action) for verb in verbs):
            return f"no step of a plan would {effect.action} now"
        others = self.simulator.observe().others
        return str(self._safe.withheld(effect, belief, belief.machine, vm, others=others) or "")

    # ------------------------------------------------------------------------------------------ guests and faults
    def guest(self, action: str, arguments: Shown) -> Answer:
        """A guest acts."""
        why = self.simulator.guest_does(action, arguments["vm"], arguments.get("amount", 1))
        self.look()
        return Refused(why) if why else Done()

    def strike(self, fault: str, vm: str | None) -> bool:
        """A fault strikes; whether there was anything to strike."""
        if strike(self.simulator.world, Fault(0, fault, vm)) is None:
            return False
        self.look()
        return True

    # ------------------------------------------------------------------------------------------------- what is seen
    def shown(self) -> Iterable[tuple[str, Any]]:
        """What there is, under the world's names."""
        world, at = self.simulator.observe(), self.names
        machine = world.machine
        for place, power in ((Place.OLD, machine.old), (Place.GUEST, machine.guest), (Place.NEW, machine.new)):
            yield f"{at.place[place]}.power", power.value
        yield f"{at.host_vm}.state", machine.host_vm.value
        yield f"{at.machine}.map", machine.map.value
        if machine.carrier:
            yield f"{at.host_vm}.carrier", at.place[machine.carrier]
        if at.image:
            yield f"{at.host_vm}.whole", self.simulator.world.machine.whole
            yield from ((f"{at.image}.{field}", value) for field, value in self._of_image(machine))
        if f"{at.machine}.set_aside" in self._varies:
            yield f"{at.machine}.set_aside", machine.set_aside_pages
            yield f"{at.machine}.slots_set_aside", machine.slots_set_aside_pages
        for name, vm in world.vms.items():
            if vm.stage not in GONE:
                yield from ((f"{name}.{field}", value) for field, value in self._of_vm(vm))

    def of_way(self, way: Way) -> Iterable[tuple[str, Any]]:
        """How far a VM has come on its way from here, and what is set aside for it there."""
        vm, parcel = self.simulator.observe(way.vm).vms[way.vm], None
        if vm.stage in LEAVING and vm.abroad == way.goal:
            parcel = self.simulator.world.vms[way.vm].parcel
        passage = {Stage.SENDING: "sending", Stage.STUNNED: "stunned", Stage.FETCHED: "fetching"}
        yield "passage", passage.get(vm.stage, "none") if parcel or vm.stage is Stage.FETCHED else "none"
        if f"{way.label}.missing" in self._varies:
            yield "missing", vm.missing_pages if vm.stage is Stage.FETCHED else 0
        yield from (("frames", parcel.frames_pages if parcel else 0), ("slots", parcel.slots_pages if parcel else 0))
        yield from (("sent", vm.copied_pages if parcel else 0), ("stale", vm.dirty_pages if parcel else 0))

    def _of_image(self, seen: MachineView) -> Iterable[tuple[str, Any]]:
        """What is physically so of it, too: whether any page is torn, in the store or in memory, a digest may tell later."""
        yield "written", seen.image_pages
        yield "durable", seen.image in (ImageState.DURABLE, ImageState.READ)
        yield "verified", seen.image is ImageState.READ
        yield "copy", "verified" if seen.copy is Copy.READ else seen.copy.value
        machine = self.simulator.world.machine
        if machine.whole:
            needed, on_medium = machine.image.needed_pages > 0, machine.image.on_medium
            yield "whole", not seen.image_pages or (needed and machine.halted.startswith(on_medium))
            yield "exact", seen.copy is Copy.ORIGINAL or machine.loaded == machine.halted

    def _of_vm(self, vm: VmView) -> Iterable[tuple[str, Any]]:
        """A source that waits for its controller has its VM, as the model sees it: only time passes until it goes on."""
        place, waits = self.names.place, _waits_for_controller(vm)
        stage = Stage.SETTLED if waits else MODELS_STAGE.get(vm.stage, vm.stage)
        yield from (("source", place[vm.source]), ("target", place[vm.target or vm.source]), ("stage", stage.value))
        if f"{vm.name}.remapped" in self._varies:
            yield "remapped", vm.stage is Stage.PASSING
        if f"{vm.name}.leaving" in self._varies:
            yield "leaving", vm.stage in (*LEAVING, Stage.FETCHING)
        yield from (("copied", vm.copied_pages if vm.target else 0), ("dirty", vm.dirty_pages if vm.target else 0))
        yield from (("balloon_target", vm.balloon_target_pages), ("swap_target", vm.swap_target_pages))
        with_host_vm = vm.lost and not self.simulator.world.machine.whole
        between_machines = vm.lost and vm.stage is Stage.FETCHING
        yield "intact", not vm.lost or with_host_vm
        if not waits and not with_host_vm and not between_machines:
            yield "running", bool(self.simulator.world.vms[vm.name].unpaused)
        count = self.simulator.pages[vm.name].count
        yield from ((name, count[name]) for name in (*CLASSES, *ELSEWHERE))


def _tolerated(state: Shown) -> Tolerated:
    """What a world tolerates, as a plan has it."""
    return Tolerated(**{f.name: int(state.get(f"tolerated.{f.name}", 0)) for f in fields(Tolerated)})


def _waits_for_controller(vm: VmView) -> bool:
    """After the commit a source stays paused when its receiver dies, until the controller lets it go on."""
    return vm.stage is Stage.STOPPED and vm.target is None


def _there(effect: Effect, vm: VmView) -> bool:
    all_pages = vm.content_pages if effect.action == "send" else vm.resident_pages
    pages = vm.dirty_pages if effect.action in ("copy_again", "send_again") else all_pages - vm.copied_pages
    return (effect.amount or 0) <= pages


def _unwritten(effect: Effect, machine: MachineView) -> bool:
    return (effect.amount or 0) <= machine.host_vm_used_pages - machine.image_pages


def _step(verb: str, effect: Effect, vm: VmView | None) -> Step:
    """A step of a plan that could have brought the controller to the effect: what it names is all that it moves."""
    balloon_pages, swap_pages = (effect.amount, effect.swap_pages) if effect.action == "reclaim" else (None, None)
    if vm is not None and effect.action in ("inflate", "deflate"):
        balloon_pages = vm.balloon_target_pages
    if vm is not None and effect.action == "swap_out":
        swap_pages = vm.swap_target_pages
    to, to_new = (effect.to, effect.to_new) if verb == "transfer" else (None, False)
    return Step(verb, verb, effect.vm, (), balloon_pages, swap_pages, to, to_new, effect.action in POST_COPY)


def _gives(step: Step, now: Situation, action: str) -> bool:
    """Whether a step's rule gives that action next."""
    try:
        effect = next_effect(step, now)
    except Stopped:
        return False
    return effect is not None and effect.action == action
