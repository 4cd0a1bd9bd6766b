"""What a world of the model is for the implementation: machines, each with the names of what it knows by its role there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...impl.driver import Place
from ...impl.plan import Formats, Hardware, Plan, Sizes, Tolerated, VmSizes
from ...impl.simulator.state import MachineStart

Constants = Mapping[str, Mapping[str, Any]]
"""The constants of each member, and its sort, by its label."""


@dataclass(frozen=True)
class Way:
    """The way of a VM from its machine to the old hypervisor of another one, or to the new one."""

    label: str
    vm: str
    origin: str
    goal: str
    to_new: bool


def ways_of(known: Constants) -> Mapping[str, Way]:
    """Every way that a world has, by its label."""
    ways = {label: its for label, its in known.items() if "origin" in its}
    goals = {label: known[its["to"]]["machine"] for label, its in ways.items()}
    return {
        label: Way(label, its["vm"], its["origin"], goals[label], known[goals[label]]["new"] == its["to"])
        for label, its in ways.items()
    }


@dataclass(frozen=True)
class Names:
    """The world's names on one machine, and its constants."""

    machine: str
    host_vm: str
    place: Mapping[Place, str]
    known: Constants
    image: str | None = None
    """The image of its host VM, where the world has one."""

    @classmethod
    def of(cls, machine: str, known: Constants) -> Names:
        """Of this machine."""
        at = known[machine]
        guest = known[at["host_vm"]]["guest"]
        place = {Place.OLD: at["old"], Place.GUEST: guest, Place.NEW: at["new"]}
        images = (label for label, its in known.items() if "bridged" in its and its["machine"] == machine)
        return cls(machine, at["host_vm"], place, known, next(images, None))

    @property
    def split(self) -> str | None:
        """How the machine is divided, where the world has that."""
        return next((label for label, its in self.known.items() if self._is(its, "Split", machine=self.machine)), None)

    def parts(self, sort: str) -> tuple[str, ...]:
        """The processors of the machine, or its devices, where it can be split."""
        return tuple(label for label, its in self.known.items() if self.split and self._is(its, sort, split=self.split))

    @property
    def divided(self) -> frozenset[str]:
        """All that the machine can be divided by: how, and what there is to divide."""
        return frozenset(filter(None, (self.split, *self.parts("Processor"), *self.parts("Device"))))

    @staticmethod
    def _is(its: Mapping[str, Any], sort: str, **of: str) -> bool:
        return its["sort"] == sort and all(its[name] == label for name, label in of.items())

    @property
    def coming(self) -> tuple[str, ...]:
        """The VMs that may come here from other machines."""
        ways = ways_of(self.known).values()
        return tuple(way.vm for way in ways if way.goal == self.machine)

    @property
    def store(self) -> str | None:
        """Where its image goes."""
        return self.known[self.image]["store"] if self.image else None

    def plan(self, vms: tuple[str, ...], tolerated: Tolerated) -> Plan:
        """A plan without steps: what the controller is told of sizes and faults. At which step it is, each attempt says."""
        promised = tuple(self._promised(vm) for vm in (*vms, *self.coming))
        old, new = (self.known[self.place[place]] for place in (Place.OLD, Place.NEW))
        formats = Formats(old["writes_format"], tuple(range(new["reads_from"], new["reads_upto"] + 1)))
        hardware = Hardware(new["hardware_from"], new["hardware_upto"])
        crossing_pages = next((its["allowed"] for its in self.known.values() if "allowed" in its), 0)
        return Plan("conform", self.machine, (), promised, self._sizes(), tolerated, formats, hardware, crossing_pages)

    def _promised(self, vm: str) -> VmSizes:
        budget_pages = self.known[self.budgets[vm]]["budget"] if vm in self.budgets else None
        its = self.known[vm]
        return VmSizes(vm, its["size"], its["reservation"], budget_pages, its["hardware"])

    @property
    def budgets(self) -> Mapping[str, str]:
        """The VMs of the world that have a budget for their downtime, and what that is called."""
        return {its["vm"]: label for label, its in self.known.items() if "budget" in its}

    def start(self) -> MachineStart:
        """The machine at its beginning."""
        at = self.known[self.machine]
        size_pages = self.known[self.host_vm]["size"]
        bridged = self.known[self.image]["bridged"] if self.image else True
        return MachineStart(
            self.machine,
            at["capacity"],
            at["commit_limit"],
            size_pages,
            self._sizes(),
            at["swap"],
            battery=bridged,
            partition_pages=self.known[self.split]["given"] if self.split else 0,
            processors=self.parts("Processor"),
            devices=self.parts("Device"),
            old_hardware=self._hardware(Place.OLD),
            new_hardware=self._hardware(Place.NEW),
        )

    def _hardware(self, place: Place) -> tuple[int, int]:
        its = self.known[self.place[place]]
        return its["hardware_from"], its["hardware_upto"]

    def _sizes(self) -> Sizes:
        takes = {place: self.known[self.place[place]] for place in Place}
        return Sizes(
            takes[Place.OLD]["footprint"],
            takes[Place.GUEST]["footprint"],
            takes[Place.NEW]["footprint"],
            takes[Place.OLD]["vm_overhead"],
            takes[Place.GUEST]["vm_overhead"],
            takes[Place.NEW]["vm_overhead"],
            self.known[self.host_vm]["overhead"],
        )
