"""Mistakes in the driver for real QEMU, one in each of its mechanisms, seeded by hand."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from holdfast.impl.driver import Effect, Place, Stage, VmView
from holdfast.impl.qemu import driver, moves, observe, sight, state, takeover
from holdfast.impl.qemu.accounts import Account
from holdfast.impl.qemu.board import Start
from holdfast.impl.qemu.copies import Copy, resume
from holdfast.impl.qemu.driver import QemuDriver
from holdfast.impl.qemu.ground import Ground
from holdfast.impl.qemu.observe import Copies
from holdfast.impl.qemu.process import Qemu
from holdfast.impl.qemu.provision import Build
from holdfast.impl.qemu.takeover import MapFiles

ROOM = "the machine has room for a second copy of the VM"
VALIDATED = "the new hypervisor has validated the map"
ROLLED_BACK = "Give the exchange up before the point of no return: the host VM goes on, on the old hypervisor."
INFLATED = "The balloon takes free pages."
MP = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """One mistake: what it is, how it is made, in which scene it shows, and what a report has to name (any of these)."""

    name: str
    seed: Callable[[MP], None]
    scene: str
    expected: tuple[str, ...]
    of_two: bool = False
    """Where there is one version of QEMU only, it is no mistake."""


def _on_vm(action: str, effect: Callable[[Ground, VmView, Copies], Awaitable[None]]) -> Callable[[MP], None]:
    """An effect on a VM that does this, and nothing else, and looks at nothing before."""

    async def instead(ground: Ground, _: Effect, vm: VmView, copies: Copies) -> str:
        await effect(ground, vm, copies)
        return ""

    return lambda patch: patch.setitem(driver.EFFECTS, action, instead)


def _on_machine(action: str, effect: Callable[[Ground], Awaitable[None]]) -> Callable[[MP], None]:
    """The same for the machine."""

    async def instead(ground: Ground) -> str:
        await effect(ground)
        return ""

    effects: Any = takeover.ON_MACHINE
    return lambda patch: patch.setitem(effects, action, instead)


# -------------------------------------------------------------------------------------------------- copies of a VM
async def _source_goes_on(_: Ground, vm: VmView, copies: Copies) -> None:
    await resume(copies[vm.source])


async def _source_goes_on_unseen(ground: Ground, vm: VmView, copies: Copies) -> None:
    source = copies[vm.source]
    if isinstance(source, Qemu):
        await resume(source)
        ground.nursery.all.remove(source)
    else:
        await source.end()


async def _source_is_ended(_: Ground, vm: VmView, copies: Copies) -> None:
    await copies[vm.source].end()


async def _receiver_stays_stunned(ground: Ground, vm: VmView, _: Copies) -> None:
    if vm.target:
        ground.ran(vm.name, vm.target).touch()


async def _ended_but_not_let_go_on(source: Copy, target: Copy | None) -> None:
    await source.monitor.ask("migrate_cancel")
    if target:
        await target.end()


async def _source_runs_until_it_is_ended(_: Ground, vm: VmView, copies: Copies) -> None:
    await resume(copies[vm.source])
    await asyncio.sleep(0.3)  # some ticks of the guest
    await copies[vm.source].end()


def _stunned_is_told_as_committed(patch: MP) -> None:
    told = sight._in_flight  # pyright: ignore[reportPrivateUsage]

    def instead(*seen: Any) -> VmView:
        vm = told(*seen)
        return replace(vm, stage=Stage.COMMITTED) if vm.stage is Stage.STOPPED else vm

    patch.setattr(sight, "_in_flight", instead)


def _ends_are_told_the_wrong_way_round(patch: MP) -> None:
    told = sight._with_two  # pyright: ignore[reportPrivateUsage]

    def instead(*seen: Any) -> VmView:
        vm = told(*seen)
        return replace(vm, source=vm.target, target=vm.source) if vm.target else vm

    patch.setattr(sight, "_with_two", instead)


# ------------------------------------------------------------------------------------------------------ the hand-over
def _told_suspended_and_runs(patch: MP) -> None:
    told: set[str] = set()
    runs = Ground.host_runs

    async def suspend(ground: Ground) -> None:
        await ground.leave()
        MapFiles(ground.folder).drop()
        told.add("suspended")

    async def instead(ground: Ground) -> bool:
        on_new = ground.carrier is Place.NEW
        return await runs(ground) if on_new or not told else False

    _on_machine("suspend", suspend)(patch)
    patch.setattr(Ground, "host_runs", instead)


async def _read_digest_is_the_sealed_one(ground: Ground) -> None:
    await VALIDATE(ground)
    files, new = MapFiles(ground.folder), ground.direct("host", Place.NEW)
    if new:
        files.read(new).write_text(files.digest.read_text())


VALIDATE = takeover.ON_MACHINE["validate_map"]


def _hash_is_of_the_beginning(patch: MP) -> None:
    write = state._write  # pyright: ignore[reportPrivateUsage]

    async def instead(reader: asyncio.StreamReader, path: Path) -> tuple[int, str]:
        size_bytes, _ = await write(reader, path)
        return size_bytes, hashlib.sha256(path.read_bytes()[: size_bytes // 2]).hexdigest()

    patch.setattr(state, "_write", instead)


def _maps_are_never_dropped(patch: MP) -> None:
    def nothing(_: MapFiles) -> None:
        pass

    patch.setattr(MapFiles, "drop", nothing)


async def _old_is_ended(ground: Ground) -> None:
    for qemu in _with_mark(ground, "@old."):
        await qemu.end()


async def _old_is_forgotten(ground: Ground) -> None:
    for qemu in _with_mark(ground, "@old."):
        ground.nursery.all.remove(qemu)


async def _new_stays(ground: Ground) -> None:
    if old := ground.direct("host", Place.OLD):
        await resume(old)
        MapFiles(ground.folder).drop()
        await ground.enter()


async def _another_new(ground: Ground) -> None:
    start = Start(incoming=True, mark="@new")
    await ground.nursery.launch("host", ground.build(Place.NEW), ground.site.host_board, start)


async def _host_vm_is_forgotten(ground: Ground) -> None:
    await ground.leave()
    ground.note_carrier(None)
    ground.host = None


def _with_mark(ground: Ground, mark: str) -> list[Qemu]:
    return [q for q in ground.nursery.all if mark in q.name and not q.gone]


# -------------------------------------------------------------------------------------------------- what is told of it
def _refused_is_told_as_done(patch: MP) -> None:
    carry_out = QemuDriver._carry_out  # pyright: ignore[reportPrivateUsage]

    def instead(self: QemuDriver, effect: Effect) -> tuple[str, str | None]:
        why, fault = carry_out(self, effect)
        return (why if fault else ""), fault

    patch.setattr(QemuDriver, "_carry_out", instead)


def _standing_is_not_counted(patch: MP) -> None:
    seen = Account.seen

    def instead(self: Account, *looked: Any) -> Account:
        return replace(seen(self, *looked), downtime_us=0)

    patch.setattr(Account, "seen", instead)


def _receivers_are_not_charged(patch: MP) -> None:
    charges = observe.charges

    def instead(vms: Any, *sizes: Any) -> tuple[int, int, int]:
        return charges([replace(vm, copies_at=vm.copies_at[:1]) for vm in vms], *sizes)

    patch.setattr(observe, "charges", instead)


async def _nothing(_: Ground, __: VmView, ___: Copies) -> None:
    pass


def _what_was_asked_is_told(patch: MP) -> None:
    asked: set[str] = set()
    see = observe.see

    async def inflate(_: Ground, vm: VmView, __: Copies) -> None:
        asked.add(vm.name)

    async def instead(ground: Ground, name: str) -> tuple[VmView, Copies]:
        vm, copies = await see(ground, name)
        return (replace(vm, ballooned_pages=vm.balloon_target_pages) if name in asked else vm), copies

    _on_vm("inflate", inflate)(patch)
    patch.setattr(driver, "see", instead)


def _new_is_of_the_old_version(patch: MP) -> None:
    def instead(self: Ground, _: Place) -> Build:
        return self.supply.old

    patch.setattr(Ground, "build", instead)


MUTANTS = (
    Mutant("fence lets the source go on", _on_vm("fence", _source_goes_on), "forward", ("S1",)),
    Mutant("a second copy runs unseen", _on_vm("fence", _source_goes_on_unseen), "forward", ("S1",)),
    Mutant("fence does not look", _on_vm("fence", _source_is_ended), "too early", ("S2",)),
    Mutant("activate leaves it stunned", _on_vm("activate", _receiver_stays_stunned), "forward", ("S1",)),
    Mutant(
        "cancel leaves it stunned",
        lambda patch: patch.setattr(moves, "_give_up", _ended_but_not_let_go_on),
        "back from pre-copy",
        ("S1",),
    ),
    Mutant("fence lets it run meanwhile", _on_vm("fence", _source_runs_until_it_is_ended), "forward", ("S1",)),
    Mutant("stunned is told as committed", _stunned_is_told_as_committed, "forward", ("S1",)),
    Mutant("the wrong end has authority", _ends_are_told_the_wrong_way_round, "forward", ("S1",)),
    Mutant("told suspended, and runs", _told_suspended_and_runs, "forward", ("S3",)),
    Mutant(
        "digest of what was sealed", _on_machine("validate_map", _read_digest_is_the_sealed_one), "flipped", ("S10",)
    ),
    Mutant("hash of the first half", _hash_is_of_the_beginning, "flipped", ("S10",)),
    Mutant("a map is never dropped", _maps_are_never_dropped, "flipped", ("S10",)),
    Mutant("teardown does not look", _on_machine("tear_down_old", _old_is_ended), "too early", ("S10", VALIDATED)),
    Mutant("teardown ends nothing", _on_machine("tear_down_old", _old_is_forgotten), "forward", ("S7",)),
    Mutant(
        "roll_back leaves the new one", _on_machine("roll_back", _new_stays), "back from the hand-over", (ROLLED_BACK,)
    ),
    Mutant("launch_new is not idempotent", _on_machine("launch_new", _another_new), "twice", ("S7",)),
    Mutant("destroy ends no process", _on_machine("destroy_host_vm", _host_vm_is_forgotten), "forward", ("S7",)),
    Mutant("refused is told as done", _refused_is_told_as_done, "too early", ("S10", VALIDATED)),
    Mutant("downtime is not counted", _standing_is_not_counted, "forward", ("L6",)),
    Mutant("receivers are not charged", _receivers_are_not_charged, "two at once", (ROOM, "X2", "O")),
    Mutant("inflate does nothing", _on_vm("inflate", _nothing), "ballooned", (INFLATED,)),
    Mutant("a balloon's target is told", _what_was_asked_is_told, "ballooned", ("M1",)),
    Mutant("new is of the old version", _new_is_of_the_old_version, "forward", ("S7",), of_two=True),
)
