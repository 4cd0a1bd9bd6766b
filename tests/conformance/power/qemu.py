"""A run on real QEMU, and all who judge it: what the mutants of the driver are held against.

One VM (or two) that counts moves into a small host VM, and out of it again, as a plan says. The log is judged by the model
at the plan's real sizes; what no log can tell is asked of those who know it: the guest, the processes, the map's bytes.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from holdfast.checkers.conform.inclusion import Excluded, Included
from holdfast.impl.controller import Controller, Progress
from holdfast.impl.errors import Stopped
from holdfast.impl.journal import Identity, Journal
from holdfast.impl.plan import Step, Tolerated
from holdfast.impl.qemu.copies import RunRecord
from holdfast.impl.qemu.driver import QemuDriver
from holdfast.impl.qemu.inspect import inspect
from holdfast.impl.qemu.keeper import Keeper
from holdfast.impl.qemu.process import Nursery
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.qemu.site import Site
from holdfast.impl.qemu.testbed import power_on
from holdfast.impl.tap import LinesTap, NoTap
from holdfast.inputs.load import load_plan
from holdfast.inputs.records import Plan
from holdfast.logs.judging import plan_target
from holdfast.logs.reading import read_log
from holdfast.running import controller_plan, wanted_testbed

IDENTITY = Identity("plan", "cluster", "assumptions")
EFFECTS_MOST = 60
"""A run of one VM takes 20; one that goes on and on is ended."""
GOES_MOST, POLL_S = 50, 0.1
REPEATED = re.compile(r"after heartbeat (\d+) comes (\d+)")
NAMES = re.compile(r"\b(?:[SMXLF]\d+|O)\b")
"""Names of the catalogue, in what is said."""


@dataclass(frozen=True)
class Found:
    """What a judge has found: by which road, what its report names, and what it says."""

    road: str
    named: tuple[str, ...]
    said: str


class TurnedBack(Exception):
    """The run is interrupted here, and then rolled back."""


class Caught(Exception):
    """The run ends here: a judge has found something."""


class Endless(Stopped):
    """The same effects again and again."""


@dataclass
class Run:
    """A run that is under way: what watchers may use, and what they have found."""

    driver: QemuDriver
    folder: Path
    site: Site
    found: list[Found] = field(default_factory=list[Found])
    effects: int = 0
    turned: bool = False
    """Whether what was to happen once in it has."""
    free_pages: dict[str, int] = field(default_factory=dict[str, int])
    """How much each VM said was free before its balloon moved."""
    stood_us: dict[str, int] = field(default_factory=dict[str, int])
    since_us: dict[str, int] = field(default_factory=dict[str, int])
    """How long each VM was seen to stand still, from one effect on it to the next; and since when it does."""

    def find(self, road: str, named: str, said: str) -> None:
        """Note something that should not be, and go no further."""
        self.found.append(Found(road, (named,), said))
        raise Caught(said)


Watcher = Callable[[Run, Progress], None]


@dataclass(frozen=True)
class Scene:
    """What a run is made to go through: a plan (or only these `steps`, which leave every VM where it is), and watchers."""

    watchers: tuple[Watcher, ...] = ()
    plan: str = "one"
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Bed:
    """What every run begins from: a machine that was made once, and the plans that can be tried on it."""

    supply: Supply
    site: Site
    plans: Path

    def site_of(self, plan: Plan) -> Site:
        """The machine as this plan has it, with the plan's VMs only."""
        wanted = wanted_testbed(plan)
        return replace(
            self.site,
            residents={vm: self.site.residents[vm] for vm in wanted.vms_mib},
            sizes=wanted.sizes,
            capacity_pages=wanted.capacity_pages,
            commit_limit_pages=wanted.commit_limit_pages,
        )


def played(bed: Bed, scene: Scene) -> list[Found]:
    """Play a scene on new processes, and tell what all judges found. Nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name:
        return asyncio.run(_on_processes(bed, scene, Path(name)))


async def _on_processes(bed: Bed, scene: Scene, folder: Path) -> list[Found]:
    file = bed.plans / scene.plan / "plan.yaml"
    plan = load_plan(file)
    async with Nursery(folder, RunRecord()) as nursery:
        keeper = Keeper(nursery)
        site = bed.site_of(plan)
        shared = nursery.shared_memory("host", site.host_board.memory_mib)
        site = replace(site, host_board=replace(site.host_board, shared=shared))
        site.write(folder)
        await power_on(nursery, keeper, bed.supply, site)
        async with await keeper.serve():
            try:
                found, how = await asyncio.to_thread(_driven, bed, plan, folder, site, scene)
                found[:0] = _by_log(file, folder / "log")
                if not found:
                    place = "new" if how == "done" and not scene.steps else "old"
                    found += await _left_behind(keeper, bed, site, place)
                return found or await _memory(folder, bed.supply)
            finally:
                await keeper.end_all()


def _driven(bed: Bed, plan: Plan, folder: Path, site: Site, scene: Scene) -> tuple[list[Found], str]:
    """Carry it out; what was found, and how it ended ("": it stopped)."""
    with closing(QemuDriver(folder, bed.supply)) as driver, (folder / "log").open("w") as stream:
        driver.tap = LinesTap(stream, plan.name, {"driver": "qemu"})
        run = Run(driver, folder, site)
        try:
            how = _to_the_end(plan, run, scene)
        except Caught:
            return run.found, ""
        except Stopped as e:
            return [Found("controller", tuple(NAMES.findall(str(e))), str(e))], ""
        return run.found, how


def _to_the_end(plan: Plan, run: Run, scene: Scene) -> str:
    def watch(progress: Progress) -> None:
        run.effects += 1
        if run.effects > EFFECTS_MOST:
            raise Endless("the same effects again and again")
        for watcher in scene.watchers:
            watcher(run, progress)

    whole = controller_plan(plan)
    tolerating = replace(whole, tolerated=Tolerated(2, 2, 2, 2, 2), steps=scene.steps or whole.steps)
    path = run.folder / "journal"
    try:
        with closing(Journal.create(path, IDENTITY)) as journal:
            return Controller(tolerating, run.driver, journal, watch=watch).start().how
    except TurnedBack:
        with closing(Journal.reopen(path, IDENTITY)) as journal:
            return Controller(tolerating, run.driver, journal, watch=watch).roll_back().how


# ------------------------------------------------------------------------------------------------------------ the judges
def _by_log(plan_file: Path, log: Path) -> list[Found]:
    """The gate: can what the driver told have happened? A report names requirements, and what breaks."""
    target = plan_target(plan_file, (), partial=False, any_order=True)
    events = target.read(read_log(log), by_process=False)
    verdict = target.acceptor().judge(events)
    if isinstance(verdict, Included):
        return []
    if not isinstance(verdict, Excluded):
        return [Found("undecided", (), verdict.why)]
    why = verdict.diagnosis
    broken = tuple(name for one in why.breaks for name in one.cites)
    meant = (*NAMES.findall(why.meant), why.meant) if why.meant else ()
    return [Found("log", tuple(dict.fromkeys((*broken, *why.refused, *meant))), f"{verdict.event}: {why.cause}")]


async def _left_behind(keeper: Keeper, bed: Bed, site: Site, place: str) -> list[Found]:
    """In the end there is one process for each VM, of the version that is the hypervisor there, and none else."""
    wanted = {vm: f"{vm}@{place}." for vm in site.residents}
    for _ in range(GOES_MOST):  # whoever ended a process may have heard of it before the keeper does
        if len(_alive(keeper)) == len(wanted):
            break
        await asyncio.sleep(POLL_S)
    alive = _alive(keeper)
    rightly = {name for name in alive if name.startswith(tuple(wanted.values()))}
    of_vm = {name: "X2" if name.partition("@")[0] in wanted else "S7" for name in {*alive} - rightly}
    found = [Found("processes", (named,), f"{name} is there still") for name, named in of_vm.items()]
    short = [vm for vm, prefix in wanted.items() if sum(name.startswith(prefix) for name in rightly) != 1]
    found += [Found("processes", ("X2",), f"{vm} has not one process at {place}") for vm in short]
    build = bed.supply.new if place == "new" else bed.supply.old
    other = [name for name in rightly if str(build.root) not in Path(f"/proc/{alive[name]}/cmdline").read_text()]
    return found + [Found("processes", ("S7",), f"{name} is not of {build.release}") for name in other]


def _alive(keeper: Keeper) -> dict[str, int]:
    return {name: handle.pid for name, handle in keeper.kept.items() if handle.returncode is None}


async def _memory(folder: Path, supply: Supply) -> list[Found]:
    """Every page of every VM is as the guest's count says (S3), and what it has counted it counts once only (S1)."""
    conditions = await inspect(folder, supply)
    faults = [(c.vm, fault, REPEATED.fullmatch(fault)) for c in conditions for fault in c.faults]
    again = [repeated is not None and int(repeated[2]) <= int(repeated[1]) for _, _, repeated in faults]
    return [
        Found("guest memory", ("S1" if twice else "S3",), f"{vm}: {fault}")
        for (vm, fault, _), twice in zip(faults, again, strict=True)
    ]


def silent(run: Run, act: Callable[[], None]) -> None:
    """Do something through the driver that the log does not tell."""
    tap, run.driver.tap = run.driver.tap, NoTap()
    try:
        act()
    finally:
        run.driver.tap = tap
