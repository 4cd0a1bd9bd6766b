"""The adapter: what the gate asks for goes to the machine that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ...impl.journal import Journal
from ...impl.partitions import PARTITIONED
from ...impl.safeguards import Safeguards
from ...impl.simulator.network import Network
from ...impl.simulator.storage import Store
from ..adapter import Adapter, Answer, Done, Greeting, Refused, Shown, Unsupported
from .actions import ABOUT_MACHINES, ABOUT_VMS, CONTROLLERS, ENDINGS, RECLAIMING
from .names import Names, ways_of
from .played import BY_GUESTS
from .site import Site

END_LOST = "end_lost_while_fetching"

STRIKING = (
    *("migration_aborted", "destination_killed", "boot_failed", "format_unreadable"),
    *("image_torn", "storage_full", "load_torn", "power_lost", "transfer_failed", END_LOST),
    *("boot_hung", "old_hung", "old_ended_early", "dma_outlasts"),
)
"""The faults of the model that the simulator has."""

WRITING = ("dirty", "write_sent")
"""What guests do with pages that are somewhere else as well."""

HALVES = frozenset({"fence", *ENDINGS.values()})
"""Effects that are part of another action of the model."""

WITHIN_BUDGET = "stun_within_budget"
"""A `stop`, where the VM has a budget for it."""

KNOWN = frozenset(
    {
        *(*ABOUT_MACHINES, *PARTITIONED, *ABOUT_VMS, *RECLAIMING, *CONTROLLERS, *STRIKING, *BY_GUESTS, *WRITING),
        WITHIN_BUDGET,
    }
    - HALVES
)
"""Every action of the model that it has a word for."""


class Reference(Adapter):
    """The reference implementation, on each machine of a world. Safeguards and journal are its own, unless a test takes
    one out."""

    safeguards: ClassVar[Safeguards] = Safeguards()
    journal: ClassVar[type[Journal]] = Journal

    def __init__(self) -> None:
        """Nothing is known of a world yet."""
        self.sites: tuple[Site, ...] = ()

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        """Learn sizes and names. Actions that it has no word for are not supported."""
        self._sort = {member["label"]: member["sort"] for member in world["members"]}
        self._known = {member["label"]: member["constants"] | {"sort": member["sort"]} for member in world["members"]}
        unsupported = frozenset(action["name"] for action in world["actions"]) - KNOWN
        return Greeting("the reference implementation", unsupported)

    def reset(self, state: Shown) -> None:
        """New simulated machines, and controllers that have just looked at them."""
        self.close()
        stores = (label for label, sort in self._sort.items() if sort == "Store")
        self._stores = {label: Store(self._known[label]["capacity"]) for label in stores}
        self._left = {key.partition(".")[2]: n for key, n in state.items() if key.startswith("tolerated.")}
        self._varies, self._ways = frozenset(state), ways_of(self._known)
        self.sites = tuple(self._site(label, state) for label, sort in self._sort.items() if sort == "Machine")
        if self._ways:
            self._connect()
        for site in self.sites:
            site.begin()

    def _connect(self) -> None:
        """Each machine reaches the others; what is beside the simulated VMs goes along with them."""
        network, pages = Network(), {name: its for site in self.sites for name, its in site.simulator.pages.items()}
        for site in self.sites:
            site.simulator.pages = pages
            site.join(network)

    def _site(self, machine: str, state: Shown) -> Site:
        names = Names.of(machine, self._known)
        there = set(names.place.values())
        vms = (label for label, sort in self._sort.items() if sort == "Vm" and state[f"{label}.source"] in there)
        store = self._stores.get(names.store or "")
        return Site(names, tuple(vms), state, self.safeguards, self.journal, store)

    def attempt(self, action: str, arguments: Shown) -> Answer:
        """What the controller would do now, or what a hypervisor, a guest or a fault does."""
        if action not in KNOWN:
            return Unsupported()
        if action in CONTROLLERS:
            return self._controller(action)
        if action == WITHIN_BUDGET:
            action, arguments = "stop", {"vm": self._known[arguments["downtime"]]["vm"]}
        site, way = self._at(arguments), self._ways.get(arguments.get("t", ""))
        if way is not None:
            arguments = {**arguments, "vm": way.vm}
        if action in STRIKING:
            return self._strike(site, action, arguments.get("vm") or arguments.get("device"))
        guest = action in (*BY_GUESTS, *WRITING)
        return site.guest(action, arguments) if guest else site.attempt(action, arguments, way)

    def _at(self, arguments: Shown) -> Site:
        """The machine that an attempt is about."""
        vm, machine, image = (arguments.get(name) for name in ("vm", "machine", "image"))
        if part := next((arguments[name] for name in ("s", "processor", "device") if name in arguments), None):
            return next(site for site in self.sites if part in site.names.divided)
        if (way := self._ways.get(arguments.get("t", ""))) is not None:  # the machine that it leaves leads
            machine, vm = way.origin, None
        if image is not None:
            return next(site for site in self.sites if site.names.image == image)
        return next(site for site in self.sites if vm in site.simulator.world.vms or site.names.machine == machine)

    def _strike(self, site: Site, fault: str, about: str | None) -> Answer:
        """As often as the world tolerates it, on whatever machine; `about` is the VM or the device."""
        budget = "end_lost" if fault == END_LOST else fault
        if not self._left.get(budget, 0):
            return Refused("no more such faults are tolerated")
        if not site.strike(fault, about):
            return Refused("there is nothing that this fault could strike")
        self._left[budget] -= 1
        return Done()

    def _controller(self, action: str) -> Answer:
        """The controller ends, or a new one goes on."""
        running = all(site.running for site in self.sites)
        if running is not (action == "controller_crashed"):
            return Refused("the controller runs" if running else "the controller has ended")
        if running and not self._left.get(action, 0):
            return Refused("no more such faults are tolerated")
        if not running:
            whys = [site.restart() for site in self.sites]
            return Refused(next(filter(None, whys))) if any(whys) else Done()
        for site in self.sites:
            site.crash()
        self._left[action] -= 1
        return Done()

    def observe(self) -> Shown:
        """What the simulators say of the machines and their VMs, and what is left to tolerate."""
        shown = {key: value for site in self.sites for key, value in site.shown()}
        shown |= {f"tolerated.{fault}": times for fault, times in self._left.items()}
        crossed_pages = sum(site.simulator.world.crossed for site in self.sites)
        for label, sort in self._sort.items():
            if f"{label}.crossed" in self._varies:
                shown[f"{label}.crossed"] = crossed_pages
            if label in self._ways:
                site = self._at({"t": label})
                shown |= {f"{label}.{field}": value for field, value in site.of_way(self._ways[label])}
            if sort == "Controller":
                shown[f"{label}.running"] = all(site.running for site in self.sites)
        return shown

    def close(self) -> None:
        """Let go of the journals."""
        for site in self.sites:
            site.close()
        self.sites = ()
