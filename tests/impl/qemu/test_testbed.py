"""A plan carried out on a testbed, from the command line; and rolled back, from wherever it was interrupted."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir, closing
from pathlib import Path

import pytest
from click.testing import Result

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.errors import PastNoReturn
from holdfast.impl.journal import Identity, Journal
from holdfast.impl.qemu.driver import QemuDriver
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.qemu.testbed import Wanted
from holdfast.inputs.load import load_plan
from holdfast.running import controller_plan, wanted_testbed

from ...command import EXAMPLES, run
from ...pages import ROOT, Page, output

SIZES = ("--guest-footprint", "64MiB", "--vm-overhead", "28MiB", "--host-vm-overhead", "48MiB")
PLANNED = ("plan", "bench.yaml", "--host", "bench-1", "--to", "qemu-10.0", *SIZES, "-o", "plan.yaml")
IDENTITY = Identity("plan", "cluster", "assumptions")
BEFORE_NO_RETURN = {
    "in pre-copy": 3,
    "committed": 10,
    "all inside": 16,
    "suspended": 17,
    "map sealed": 19,
    "booted": 21,
}
"""After so many effects a run is interrupted: before `tear_down_old`, which is the twenty-third."""


class Interrupted(Exception):
    """The controller ends here."""


@pytest.fixture(scope="module")
def bed(supply: Supply) -> Iterator[Path]:
    """A folder with a proved plan, and a testbed that runs for it."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name, chdir(name):
        shutil.copy(EXAMPLES / "bench.yaml", name)
        for arguments in (PLANNED, ("verify", "plan.yaml", "--proof", "plan.proof")):
            assert run(*arguments).exit_code == 0
        started = run("testbed", "start", "plan.yaml", "bed")
        assert started.exit_code == 0, started.stderr
        assert f"QEMU {supply.old.version} (old)" in started.stdout
        try:
            yield Path(name)
        finally:
            assert run("testbed", "stop", "bed").exit_code == 0
            assert processes_of(Path(name)) == []


def processes_of(folder: Path) -> list[str]:
    """Whatever still runs that was started in a folder."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if str(folder) in command and process.parent.name != str(os.getpid()):
            found.append(command)
    return found


def interrupted_after(effects: int, bed: Path, supply: Supply, journal: Path) -> None:
    """Carry the plan out until so many effects were performed."""
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == effects:
            raise Interrupted

    plan = controller_plan(load_plan(bed / "plan.yaml"))
    with (
        closing(QemuDriver(bed / "bed", supply)) as driver,
        closing(Journal.create(journal, IDENTITY)) as written,
        pytest.raises(Interrupted),
    ):
        Controller(plan, driver, written, watch=watch).start()


def conditions() -> Result:
    """What the command says of the VMs."""
    return run("testbed", "check", "bed")


@pytest.mark.qemu
@pytest.mark.parametrize("effects", BEFORE_NO_RETURN.values(), ids=BEFORE_NO_RETURN)
def test_an_interrupted_run_is_rolled_back_and_every_vm_is_where_it_was(
    effects: int, bed: Path, supply: Supply, tmp_path: Path
) -> None:
    interrupted_after(effects, bed, supply, tmp_path / "journal")

    plan = controller_plan(load_plan(bed / "plan.yaml"))
    with (
        closing(QemuDriver(bed / "bed", supply)) as driver,
        closing(Journal.reopen(tmp_path / "journal", IDENTITY)) as journal,
    ):
        finished = Controller(plan, driver, journal).roll_back()

    assert (finished.how, finished.lost) == ("rolled_back", ())
    said = conditions()
    assert said.exit_code == 0, said.stdout
    assert len(re.findall(r"unharmed  at old, \d+ heartbeats, memory exact", said.stdout)) == 3


@pytest.mark.qemu
def test_a_plan_that_was_changed_by_one_byte_after_its_proof_is_not_run(bed: Path) -> None:
    file = bed / "plan.yaml"
    proved = file.read_text()
    file.write_text(proved.replace("# ", "#  ", 1))

    refused = run("run", "plan.yaml", "--proof", "plan.proof", "--driver", "qemu", "--testbed", "bed")

    file.write_text(proved)
    assert refused.exit_code == 2
    assert "differs in plan" in refused.stderr
    assert not list(bed.glob("*.journal"))


@pytest.mark.qemu
@pytest.mark.usefixtures("bed")
def test_the_plan_is_carried_out_and_cannot_be_rolled_back_any_more(supply: Supply, figures: list[str]) -> None:
    done = run("run", "plan.yaml", "--proof", "plan.proof", "--driver", "qemu", "--testbed", "bed")

    assert done.exit_code == 0, done.output
    assert f"on real QEMU {supply.old.version} and {supply.new.version}, proved" in done.stdout
    said = conditions()
    assert said.exit_code == 0, said.stdout
    assert len(re.findall(r"unharmed  at new, \d+ heartbeats, memory exact", said.stdout)) == 3
    figures += [line for line in done.stdout.splitlines() if " effects in " in line]
    again = run("run", "plan.yaml", "--proof", "plan.proof", "--driver", "qemu", "--testbed", "bed", "--roll-back")
    assert again.exit_code == 1
    assert "this run is over" in again.stdout


@pytest.mark.qemu
def test_past_the_point_of_no_return_a_run_is_resumed_and_not_rolled_back(supply: Supply) -> None:
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name, chdir(name):
        shutil.copy(EXAMPLES / "bench.yaml", name)
        assert run(*PLANNED).exit_code == 0
        assert run("testbed", "start", "plan.yaml", "bed").exit_code == 0
        try:
            interrupted_after(23, Path(name), supply, Path("journal"))
            plan = controller_plan(load_plan(Path("plan.yaml")))
            with (
                closing(QemuDriver(Path("bed"), supply)) as driver,
                closing(Journal.reopen("journal", IDENTITY)) as journal,
            ):
                with pytest.raises(PastNoReturn):
                    Controller(plan, driver, journal).roll_back()
                assert Controller(plan, driver, journal).resume().how == "done"
            assert conditions().exit_code == 0
        finally:
            run("testbed", "stop", "bed")


@pytest.mark.qemu
def test_the_tour_on_real_hypervisors_prints_what_the_page_shows(supply: Supply) -> None:
    if supply.missing:
        pytest.skip(reason=f"the page shows two versions of QEMU, and here {'; '.join(supply.missing)}")
    page = Page.at("README.md")

    page.keep(page.with_real_output())


# ------------------------------------------------------------------------------------------------- without any QEMU
@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a plan."""
    shutil.copy(EXAMPLES / "bench.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(*PLANNED).exit_code == 0
    return tmp_path


def test_a_testbed_is_what_the_plan_says(folder: Path) -> None:
    wanted = wanted_testbed(load_plan(folder / "plan.yaml"))
    wanted.write(folder)

    assert wanted.vms_mib == {"ant": 4, "bee": 4, "cat": 6}
    assert wanted.host_vm_mib >= wanted.host_vm_least_mib
    assert Wanted.read(folder) == wanted
    assert wanted.unfit(folder) == []


def test_what_cannot_be_a_testbed_is_refused_with_every_reason(folder: Path) -> None:
    text = (
        (folder / "bench.yaml")
        .read_text()
        .replace("size: 4MiB", "size: 1MiB", 1)
        .replace("active_anonymous: 3MiB", "active_anonymous: 0", 1)
    )
    (folder / "bench.yaml").write_text(text)
    plan = (folder / "plan.yaml").read_text()
    (folder / "plan.yaml").write_text(re.sub("size: .*MiB", "size: 100MiB", plan))

    refused = run("testbed", "start", "plan.yaml", "x" * 120)

    assert refused.exit_code == 2
    for why in ("ant is smaller than 2 MiB", "the host VM has 100 MiB", "too long for addresses"):
        assert why in refused.stderr
    assert not (folder / ("x" * 120)).exists()


@pytest.mark.parametrize("command", ["check", "stop"])
@pytest.mark.usefixtures("folder")
def test_where_no_testbed_runs_nothing_is_checked_or_stopped(command: str) -> None:
    refused = run("testbed", command, "nowhere")

    assert refused.exit_code == 2
    assert "nowhere is no testbed that runs" in refused.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--driver", "qemu"), "needs --testbed"),
        (("--testbed", "bed"), "with --driver qemu"),
        (("--driver", "qemu", "--testbed", "bed", "--seed", "3"), "for the simulator"),
        (("--driver", "qemu", "--testbed", "bed"), "bed is no testbed that runs"),
    ],
)
def test_options_that_do_not_go_together_leave_no_journal(options: tuple[str, ...], why: str, folder: Path) -> None:
    refused = run("run", "plan.yaml", "--unproved", *options)

    assert refused.exit_code == 2
    assert why in refused.stderr
    assert not list(folder.glob("*.journal"))


def test_help_of_each_testbed_command_has_examples() -> None:
    for command in ("start", "check", "stop"):
        assert "holdfast testbed start plan.yaml bed" in output(f"holdfast testbed {command} --help", ROOT)
