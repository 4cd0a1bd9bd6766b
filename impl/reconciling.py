"""The world and the journal, compared: every difference is explained, by an effect or by faults, and written down.

Whoever opens a journal again does this first, and a controller does it whenever it looks: nothing is decided about a world
that is not as the journal has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .chronicle import Chronicle
from .deviations import control_of_machine, control_of_vm
from .driver import Copy, Effect, ImageState, MachineView, MapState, World
from .errors import TooManyFaults, VmLost
from .faults import ALWAYS, times_tolerated, together_with
from .safeguards import Safeguards

Struck: TypeAlias = "tuple[tuple[str, ...], str]"
"""Faults, and the machine or VM that they struck."""


class Reconciler:
    """A chronicle that is held against the world."""

    def __init__(self, chronicle: Chronicle, safeguards: Safeguards) -> None:
        """Write to this chronicle what differs; the safeguards say what explains it."""
        self._chronicle, self._safe = chronicle, safeguards

    def explained(self, world: World, effect: Effect) -> tuple[str, ...]:
        """The faults that explain what came of an effect. Raises Contradiction."""
        belief = self._chronicle.belief
        assert belief.machine is not None, "effects come after the beginning"
        faults = self._safe.machine_deviation(belief.machine, world.machine, effect)
        vm = world.vms.get(effect.vm) if effect.vm else None
        if vm is not None:
            faults += self._safe.vm_deviation(belief.vms[vm.name], vm, effect)
        return faults + self._differing_digests(effect, world.machine)

    def _differing_digests(self, effect: Effect, machine: MachineView) -> tuple[str, ...]:
        """The fault of which nobody is told: what an effect has read is not what it should be."""
        belief = self._chronicle.belief
        sealed, halted = belief.sealed_digest, belief.halted_digest
        reading = {
            "validate_map": ("map_corrupted", machine.map is MapState.VALIDATED, sealed, machine.map_digest),
            "verify_image": ("image_torn", machine.image is ImageState.READ, halted, machine.image_digest),
            "verify_loaded": ("load_torn", machine.copy is Copy.READ, halted, machine.host_vm_digest),
        }
        fault, was_read, right, read = reading.get(effect.action, ("", False, None, None))
        return (fault,) if was_read and not self._safe.digests_agree(right, read) else ()

    def reconcile(self, world: World) -> list[Struck]:
        """Explain every difference between the world and the journal, and write it down. Raises Contradiction."""
        belief = self._chronicle.belief
        struck: list[Struck] = []
        if belief.pending is not None:
            effect = belief.pending.effect
            self._differences(world, effect)  # a contradiction is found before anything is written
            faults = self.explained(world, effect)
            self._chronicle.conclude_observed(world, faults)
            struck.append((faults, effect.vm or belief.plan.machine))
        return struck + self._note_differences(world)

    def _differences(self, world: World, effect: Effect | None) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        """What struck the machine, and each VM. Raises Contradiction, with nothing written."""
        belief = self._chronicle.belief
        assert belief.machine is not None, "there is a beginning"
        machine = self._safe.machine_deviation(belief.machine, world.machine, effect)
        vms = {name: self._safe.vm_deviation(belief.vms[name], vm, effect) for name, vm in world.vms.items()}
        return machine, vms

    def _note_differences(self, world: World) -> list[Struck]:
        belief = self._chronicle.belief
        of_machine, of_vms = self._differences(world, None)
        assert belief.machine is not None, "there is a beginning"
        if of_machine or control_of_machine(belief.machine) != control_of_machine(world.machine):
            self._chronicle.seen(of_machine, world.machine, None, world.time_us)
        belief.see(world.machine, None)
        for name, faults in of_vms.items():
            vm = world.vms[name]
            moved = control_of_vm(belief.vms[name]) != control_of_vm(vm)
            if (faults or moved) and not (vm.lost and belief.vms[name].lost):
                self._chronicle.seen(faults, None, vm, world.time_us)
            belief.see(None, vm)
        return [(of_machine, belief.plan.machine), *((faults, name) for name, faults in of_vms.items())]

    def endure(self, faults: Sequence[str], subject: str) -> None:
        """Go on after faults, if the plan tolerates them. Raises TooManyFaults, VmLost."""
        belief = self._chronicle.belief
        for fault in faults:
            struck = sum(belief.faults[name] for name in together_with(fault))
            tolerated = times_tolerated(fault, belief.plan.tolerated)
            if fault == "vm_lost" and not belief.rolling_back:
                raise VmLost(
                    f"{subject} is lost: what held its only complete copy is gone; others can be rolled back (S2)"
                )
            if fault not in ALWAYS and struck > tolerated:
                raise TooManyFaults(fault, subject, struck, tolerated)
