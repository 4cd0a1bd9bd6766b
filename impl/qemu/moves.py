"""Effects on VMs: live migration between two hypervisors of the machine, one effect at a time.

Each effect looks at the VM first, so that one that has happened is not done again. Each returns why it could not be done;
"" if it was, or had been before. Pre-copy is held back before it could end by itself: when the VM is stunned is not QEMU's
decision. Under a version that does not see all writes the VM is stunned from the beginning (`writes_are_seen`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ..deviations import ENDS
from ..driver import Effect, Place, Stage, VmView
from .board import Start
from .copies import Copy, resume, run_only
from .ground import Ground
from .host_vm import Slot
from .migration import STAGE_TIMEOUT_S, UNLIMITED_BYTES_PER_S, Migration, MigrationFailed, Route
from .observe import Copies
from .sight import TAIL_BYTES, look

POLL_S = 0.005
HELD_BYTES_PER_S = 4 << 10
DOWNTIME_MS = 300
PACE_BYTES_PER_S = 2 << 20
"""QEMU counts by tenths of a second: what it sends in one of them is well below the tail that is held back."""

VmEffect = Callable[[Ground, Effect, VmView, Copies], Awaitable[str]]


async def _begin(ground: Ground, effect: Effect, vm: VmView, copies: Copies) -> str:
    source, target = ENDS[effect.action]
    if (vm.stage, vm.target) == (Stage.COPYING, target) or (vm.stage, vm.source) == (Stage.SETTLED, target):
        return ""
    if vm.stage is not Stage.SETTLED or vm.source is not source or ground.host is None:
        return f"the VM is not settled at {source.value}, or there is no host VM"
    if not await ground.host_runs():
        return "the host VM does not run"
    await _send(ground, vm.name, copies[source], target, HELD_BYTES_PER_S)
    await _reach(copies[source], "active")
    return ""


async def _send(ground: Ground, vm: str, source: Copy, target: Place, bytes_per_s: int) -> None:
    """Make a receiver, and begin to send."""
    ground.ran(vm, target).unlink(missing_ok=True)
    receiver: Copy
    if target is Place.GUEST:
        assert ground.host
        slot = ground.host.slots[ground.site.slot(vm)]
        await slot.expect(vm)
        receiver, route = slot, slot.arrivals
    else:
        start = Start(incoming=True, mark=f"@{target.value}")
        receiver = await ground.nursery.launch(vm, ground.build(target), ground.site.residents[vm], start)
        route = source.departures if isinstance(source, Slot) else Route("tcp:127.0.0.1:0", "tcp:127.0.0.1:{port}")
    await _pace(source, bytes_per_s)
    await Migration(source, receiver, route).begin(bytes_per_s)


async def _reach(source: Copy, *wanted: str) -> None:
    """Wait until the migration has come so far. It may have before this process began, so it is asked, not listened for."""
    async with asyncio.timeout(STAGE_TIMEOUT_S):
        while (now := (await look(source)).migration) not in wanted:
            if now in ("failed", "cancelled", "none"):
                raise MigrationFailed(f"{source.name}: {now} before {wanted[0]}")
            await asyncio.sleep(POLL_S)


async def _copy(_: Ground, __: Effect, vm: VmView, copies: Copies) -> str:
    if vm.stage is Stage.STOPPED:
        return ""
    if vm.stage is not Stage.COPYING:
        return "there is no migration whose pages could be sent"
    source = copies[vm.source]
    if not vm.running_at:  # it writes nothing more, so nothing has to be held back
        await _pace(source, UNLIMITED_BYTES_PER_S)
        await _reach(source, "pre-switchover")
        return ""
    await _pace(source, PACE_BYTES_PER_S)
    async with asyncio.timeout(STAGE_TIMEOUT_S):
        while (now := await look(source)).migration == "active" and now.remaining_bytes > TAIL_BYTES:
            await asyncio.sleep(POLL_S)
    await _pace(source, HELD_BYTES_PER_S)
    if (await look(source)).migration != "active":
        await _give_up(source, copies[vm.target] if vm.target else None)
        raise MigrationFailed(f"{source.name}: pre-copy went on to its end before it could be held back")
    return ""


async def _pace(source: Copy, bytes_per_s: int) -> None:
    """Change the pace. QEMU stuns a VM by itself once what is left fits in the downtime; only without a pace it should."""
    downtime_ms = DOWNTIME_MS if bytes_per_s == UNLIMITED_BYTES_PER_S else 1
    await source.monitor.ask("migrate-set-parameters", max_bandwidth=bytes_per_s, downtime_limit=downtime_ms)


async def _stop(_: Ground, __: Effect, vm: VmView, copies: Copies) -> str:
    if vm.stage in (Stage.STOPPED, Stage.COMMITTED, Stage.FENCED):
        return ""
    if vm.stage is not Stage.COPYING or vm.target is None:
        return "there is no migration in pre-copy"
    await _pace(copies[vm.source], UNLIMITED_BYTES_PER_S)
    await _reach(copies[vm.source], "pre-switchover")
    return ""


async def _ended(source: Copy) -> None:
    async with asyncio.timeout(STAGE_TIMEOUT_S):
        while (await look(source)).migration not in ("failed", "cancelled", "none"):
            await asyncio.sleep(POLL_S)


async def _commit(_: Ground, __: Effect, vm: VmView, copies: Copies) -> str:
    if vm.stage in (Stage.COMMITTED, Stage.FENCED):
        return ""
    if vm.stage is not Stage.STOPPED or vm.target is None:
        return "the VM is not stunned, or there is no receiver"
    source, target = copies[vm.source], copies[vm.target]
    if (await look(source)).migration == "pre-switchover":
        await source.monitor.ask("migrate-continue", state="pre-switchover")
    await _reach(source, "completed")
    await _reach(target, "completed")
    return ""


async def _fence(_: Ground, __: Effect, vm: VmView, copies: Copies) -> str:
    if vm.stage is Stage.FENCED:
        return ""
    if vm.stage is not Stage.COMMITTED or vm.target is None:
        return "no receiver is complete and answers"
    if vm.running_at:
        return "the source runs: what it has written since the commit would be lost"
    if (await look(copies[vm.target])).migration != "completed":
        return "the receiver is not complete"
    await copies[vm.source].end()
    return ""


async def _activate(ground: Ground, _: Effect, vm: VmView, copies: Copies) -> str:
    if vm.stage is Stage.SETTLED:
        return "" if vm.running_at else "the VM is not there"
    if vm.stage is not Stage.FENCED or vm.target is None:
        return "the source has not ended"
    ground.ran(vm.name, vm.target).touch()
    await resume(copies[vm.target])
    return ""


async def _cancel(_: Ground, __: Effect, vm: VmView, copies: Copies) -> str:
    if vm.stage is Stage.SETTLED:
        return ""
    if vm.stage is Stage.FENCED:
        return "the source has ended: the receiver has all there is"
    await _give_up(copies[vm.source], copies[vm.target] if vm.target else None)
    return ""


async def _give_up(source: Copy, target: Copy | None) -> None:
    """End the receiver, if there is one, and let the source go on."""
    if target and (await look(source)).migration not in ("completed", "failed", "cancelled"):
        await source.monitor.ask("migrate_cancel")
        await _ended(source)
    await run_only(source, [target] if target else [])


ON_VMS: Mapping[str, VmEffect] = {
    **dict.fromkeys(ENDS, _begin),
    **dict.fromkeys(("copy", "copy_again"), _copy),
    "stop": _stop,
    "commit": _commit,
    "fence": _fence,
    "activate": _activate,
    "cancel": _cancel,
}
