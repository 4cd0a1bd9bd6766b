"""What is looked at after each effect of a run on real QEMU, and what a run may be made to go through."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

from holdfast.impl.controller import Progress
from holdfast.impl.deviations import control_of_machine, control_of_vm
from holdfast.impl.driver import Effect, Ending, HostVmState, MapState, Stage
from holdfast.impl.qemu.keeper import ask
from holdfast.impl.qemu.linux_guest import page_classes

from .qemu import Run, TurnedBack, Watcher, silent

STANDS_S = 0.4
"""A guest that counts twenty times a second and writes nothing for so long stands still."""
STARTS_S, STOPS_S = 30.0, 5.0
"""So long it may take until it is seen to count; and until what it wrote before it stood still has come out."""
TELLS_S = 15.0
"""A guest with a balloon tells its page classes every two seconds, on an idle machine."""
POLL_S = 0.05
MOVES = frozenset({"activate", "cancel", "resume", "roll_back"})
STUNS = frozenset({"commit", "fence", "suspend"})


def _written(run: Run, vm: str) -> Mapping[Path, int]:
    slot = 1 + run.site.slot(vm)
    files = [*run.folder.glob(f"{vm}@*.line0"), *run.folder.glob(f"host@*.line{slot}")]
    return {path: path.stat().st_size for path in files}


def _counting(run: Run, vm: str) -> set[Path]:
    """The processes' lines on which the VM writes."""
    before = _written(run, vm)
    time.sleep(STANDS_S)
    return {path for path, size in _written(run, vm).items() if size != before.get(path, 0)}


def guest_word(run: Run, progress: Progress) -> None:
    """Whether the VM runs is asked of the guest: it counts on one line if it is told to run, and on none if it is not.

    One that counts on where it has lost its authority breaks S1; one that was to keep what it had when it was stunned, S3.
    """
    if progress.effect.action not in MOVES | STUNS:
        return
    world = run.driver.observe()
    for vm, view in world.vms.items():
        runs = bool(view.running_at) and world.machine.host_vm is not HostVmState.SUSPENDED
        until = time.monotonic() + (STARTS_S if runs else STOPS_S)
        while len(counting := _counting(run, vm)) != runs and time.monotonic() < until:
            time.sleep(POLL_S)
        if len(counting) != runs:
            where = ", ".join(path.name for path in counting) or "nowhere"
            at_rest = view.stage not in (Stage.COMMITTED, Stage.FENCED) and not runs
            told = "to run" if runs else "to stand still"
            run.find("guest", "S3" if at_rest else "S1", f"{vm} is told {told}, and counts on {where}")


def balloon_word(run: Run, progress: Progress) -> None:
    """What a balloon is told to hold is gone from what the guest says is free, or half of it at least (M1)."""
    vm = progress.effect.vm or ""
    if progress.effect.action == "reclaim":
        run.free_pages.setdefault(vm, _free(run, vm))
    if progress.effect.action == "inflate":
        held = progress.world.vms[vm].ballooned_pages
        until = time.monotonic() + TELLS_S
        while _free(run, vm) > run.free_pages[vm] - held // 2:
            if time.monotonic() > until:
                run.find(
                    "guest", "M1", f"{held} pages of {vm} are told to be in the balloon, and it says they are free"
                )
            time.sleep(POLL_S)


def _free(run: Run, vm: str) -> int:
    until = time.monotonic() + STARTS_S
    while (told := page_classes(run.driver.written(vm))) is None:
        if time.monotonic() > until:
            run.find("guest", "M2", f"{vm} never told its classes")
        time.sleep(POLL_S)
    return told.free


def map_bytes(run: Run, progress: Progress) -> None:
    """The digest of a map is of the very bytes that were sealed, and then of those that were given to be read (S10)."""
    machine = progress.world.machine
    sealed = progress.effect.action == "seal_map" and machine.map is MapState.SEALED
    read = progress.effect.action == "validate_map" and machine.map is MapState.VALIDATED
    if sealed or read:
        files = run.folder.glob("host.state" if sealed else "host@new.*.passed")
        if machine.map_digest not in [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]:
            run.find("map", "S10", f"after {progress.effect} the digest is not of what is there")


def clock(run: Run, progress: Progress) -> None:
    """The downtime that is told is about as long at least as the VM was seen to stand still (L6)."""
    now_us = progress.world.time_us
    for name, vm in progress.world.vms.items():
        if name in run.since_us:
            run.stood_us[name] = run.stood_us.get(name, 0) + now_us - run.since_us.pop(name)
        if not vm.running_at:
            run.since_us[name] = now_us
        elif vm.downtime_us * 10 < (stood_us := run.stood_us.get(name, 0)) * 9:
            run.find("clock", "L6", f"{name} stood {stood_us} us, and {vm.downtime_us} are told")


def turned_back(after: str) -> Watcher:
    """After the first effect of this kind the run is interrupted and rolled back."""

    def watch(run: Run, progress: Progress) -> None:
        if progress.effect.action == after and not run.turned:
            run.turned = True
            raise TurnedBack

    return watch


def flipped(run: Run, progress: Progress) -> None:
    """The first map that is passed is not what was sealed: one byte of it is another."""
    if progress.effect.action == "pass_map" and not run.turned:
        run.turned = True
        path = run.folder / "host.state"
        content = bytearray(path.read_bytes())
        content[-3000] ^= 0xFF
        path.write_bytes(content)


def too_early(run: Run, progress: Progress) -> None:
    """The two effects that cannot be undone are asked for before it is time: a driver looks, and refuses."""
    machine = progress.effect.machine
    early = {
        "consolidate": Effect("fence", machine, progress.effect.vm),
        "pass_map": Effect("tear_down_old", machine),
    }
    if effect := early.get(progress.effect.action):
        run.driver.perform(effect)


def twice(run: Run, progress: Progress) -> None:
    """Each effect is performed once more, as after a crash: it is done, and nothing has changed by it."""

    def again() -> None:
        before, processes = run.driver.observe(), _alive(run)
        outcome = run.driver.perform(progress.effect)
        after = run.driver.observe()
        if outcome.ending is not Ending.DONE:
            run.find("twice", "L2", f"{progress.effect} is done, and then {outcome.ending.value}: {outcome.reason}")
        same = control_of_machine(before.machine) == control_of_machine(after.machine)
        if not same or any(control_of_vm(vm) != control_of_vm(after.vms[name]) for name, vm in before.vms.items()):
            run.find("twice", "L2", f"{progress.effect} is done twice, and the second time something else happens")
        if more := _alive(run) - processes:
            run.find("twice", "S7", f"{progress.effect} is done twice, and {', '.join(more)} is there beside the first")

    silent(run, again)


def _alive(run: Run) -> set[str]:
    return set(asyncio.run(ask(run.folder, {}))["alive"])
