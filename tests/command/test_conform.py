"""`holdfast conform LOG`: what a log is judged against, what is said of it, and what is no log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from . import EXAMPLES, run

PLAN = EXAMPLES / "safe-edge.yaml"
Rows = list[dict[str, Any]]

EMPTY = [
    {"action": "create_host_vm"},
    {"action": "suspend"},
    {"action": "build_map"},
    {"action": "seal_map"},
    {"action": "launch_new"},
    {"action": "finish_boot"},
]
"""The exchange of a machine without VMs, up to where the new hypervisor has come up."""


def wrote(file: Path, rows: Iterable[Any]) -> Path:
    file.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def carried_out(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The trace of a safe plan that was carried out on the simulator, header first."""
    return _carried_out(tmp_path_factory.mktemp("run"))


def _carried_out(folder: Path, *options: str, plan: Path = PLAN) -> Rows:
    trace = folder / "trace.jsonl"
    done = run("run", plan, "--unproved", "--journal", folder / "journal", "--trace", trace, *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]


def at(rows: Rows, action: str, nth: int = 0) -> int:
    """Where an action happens for the nth time."""
    return [k for k, row in enumerate(rows) if row.get("action") == action][nth]


def moved(rows: Rows, source: int, target: int) -> Rows:
    """The rows with one of them taken out and put elsewhere."""
    rest = rows[:source] + rows[source + 1 :]
    return [*rest[:target], rows[source], *rest[target:]]


# ------------------------------------------------------------------------------------------------------- a named world
def test_a_log_of_a_named_world_conforms(tmp_path: Path) -> None:
    judged = run("conform", wrote(tmp_path / "log", EMPTY), "--world", "empty-machine")

    assert judged.exit_code == 0
    assert judged.stdout == "CONFORMS  empty-machine: all 6 events can have happened; that leaves it in one state.\n"


def test_an_event_that_cannot_have_happened_is_told_with_what_is_in_the_way_and_what_could_have_been(
    tmp_path: Path,
) -> None:
    judged = run("conform", wrote(tmp_path / "log", moved(EMPTY, 4, 3)), "--world", "empty-machine")

    assert judged.exit_code == 1
    assert judged.stdout.splitlines()[:4] == [
        "DOES NOT CONFORM  empty-machine: line 4 cannot have happened: launch_new",
        "Matched: 3 of 6 events.",
        "It is not so that",
        "  the map is sealed",
    ]
    assert "  seal_map host  (after this it can be taken)" in judged.stdout


def test_what_was_dropped_is_filled_in_only_if_that_is_asked_for(tmp_path: Path) -> None:
    log = wrote(tmp_path / "log", [EMPTY[0], EMPTY[3], EMPTY[5]])

    assert run("conform", log, "--world", "empty-machine").exit_code == 1
    assert run("conform", log, "--world", "empty-machine", "--partial").exit_code == 0
    hidden = ("--hidden", "operator", "--hidden", "build_map")
    assert run("conform", log, "--world", "empty-machine", *hidden).exit_code == 0
    assert run("conform", log, "--world", "empty-machine", "--hidden", "build_map").exit_code == 1


def test_order_between_processes_may_be_unknown(tmp_path: Path) -> None:
    rows = [{**row, "process": "new" if row["action"] == "finish_boot" else "old"} for row in EMPTY]
    log = wrote(tmp_path / "log", rows[::-1][:1] + rows[:-1])

    assert run("conform", log, "--world", "empty-machine", "--by-process").exit_code == 0
    assert run("conform", log, "--world", "empty-machine").exit_code == 1


def test_json_says_the_same_and_a_minimised_log_fails_again(tmp_path: Path) -> None:
    log = wrote(tmp_path / "log", [*EMPTY, {"action": "tear_down_old", "after": {"host.old.power": "absent"}}])
    small = tmp_path / "small"

    judged = run("conform", log, "--world", "empty-machine", "--minimised", small, "--json")
    said = json.loads(judged.stdout)

    assert judged.exit_code == 1
    assert said["verdict"] == "Excluded" and said["matched"] == 6 and said["event"]["line"] == 7
    assert (
        said["refused"] == ["the host VM is suspended"] or "the new hypervisor has validated the map" in said["refused"]
    )
    assert said["minimised"]["least"] and len(said["minimised"]["events"]) < 7
    again = json.loads(run("conform", small, "--world", "empty-machine", "--json").stdout)
    assert again["verdict"] == "Excluded" and again["always"] == said["always"]
    assert again["event"]["action"] == "tear_down_old"


def test_what_was_seen_wrong_is_told_with_what_it_can_be(tmp_path: Path) -> None:
    log = wrote(tmp_path / "log", [{"action": "create_host_vm", "changed": {"host.guest.power": ["absent", "hung"]}}])

    judged = run("conform", log, "--world", "empty-machine")

    assert judged.exit_code == 1
    assert "host.guest.power was seen to be hung; it can only be RUNNING." in judged.stdout
    assert "What it does: Start the host VM with the guest hypervisor in it, on the old hypervisor." in judged.stdout
    assert "This breaks guest_hypervisor_with_host_vm (S5): The guest hypervisor is there" in judged.stdout


def test_what_an_event_breaks_is_named_as_the_catalogue_does(carried_out: Rows, tmp_path: Path) -> None:
    early = moved(carried_out, at(carried_out, "tear_down_old"), at(carried_out, "validate_map"))
    del early[at(early, "tear_down_old")]["changed"]

    judged = run("conform", wrote(tmp_path / "log", early), "--plan", PLAN, "--any-order", "--json")

    broken = {b["property"]: b["cites"] for b in json.loads(judged.stdout)["breaks"]}
    assert broken["validated_before_teardown"] == ["S10"]


def test_a_counterexample_that_explore_wrote_is_a_log_too(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert run("explore", "swap-target-lowered-first", "--trace", trace).exit_code == 1

    assert run("conform", trace, "--world", "swap-target-lowered-first").exit_code == 0


# -------------------------------------------------------------------------------------------------------------- a plan
@pytest.mark.parametrize("name", ["safe-edge", "safe-full"])
def test_the_trace_of_a_safe_plan_conforms(name: str, tmp_path: Path) -> None:
    plan = EXAMPLES / f"{name}.yaml"
    log = wrote(tmp_path / "log", _carried_out(tmp_path, plan=plan))

    assert run("conform", log, "--plan", plan).exit_code == 0


def test_so_does_that_of_one_with_room_for_one_copy_where_two_could_be_in_flight(tmp_path: Path) -> None:
    """What a VM leaves at its source is free for the next one only once it runs at its receiver."""
    cluster = (EXAMPLES / "bench.yaml").read_text()
    (tmp_path / "bench.yaml").write_text(cluster)
    sizes = ("--guest-footprint", "64MiB", "--vm-overhead", "28MiB", "--host-vm-overhead", "48MiB", "--at-most", "2")
    planned = ("plan", tmp_path / "bench.yaml", "--host", "bench-1", "--to", "qemu-10.0", *sizes, "-o", tmp_path / "p")
    assert run(*planned).exit_code == 0
    (tmp_path / "bench.yaml").write_text(cluster.replace("memory: 512MiB", "memory: 320MiB"))

    log = wrote(tmp_path / "log", _carried_out(tmp_path, plan=tmp_path / "p"))

    assert run("conform", log, "--plan", tmp_path / "p").exit_code == 0


@pytest.mark.parametrize("fault", ["migration_aborted@7", "boot_failed@33", "boot_hung@33"])
def test_so_does_that_of_a_run_that_faults_struck(fault: str, tmp_path: Path) -> None:
    rows = _carried_out(tmp_path, "--fault", fault)
    assert fault.partition("@")[0] in {row.get("action") for row in rows}
    log = wrote(tmp_path / "log", rows)

    assert run("conform", log, "--plan", PLAN).exit_code == 0
    unheard = wrote(tmp_path / "log", [row for row in rows if row.get("actor") not in ("guest", "fault")])
    assert run("conform", unheard, "--plan", PLAN).exit_code == 1
    assert run("conform", unheard, "--plan", PLAN, "--hidden", "fault").exit_code == 0


def test_a_death_after_the_commit_is_over_once_the_source_goes_on(tmp_path: Path) -> None:
    plan = EXAMPLES / "safe-full.yaml"
    rows = _carried_out(tmp_path, "--fault", "destination_killed@13", plan=plan)
    killed = at(rows, "destination_killed")
    assert rows[killed - 1]["action"] == "commit" and at(rows, "cancel") > killed

    assert run("conform", wrote(tmp_path / "log", rows), "--plan", plan).exit_code == 0


def test_a_log_that_tells_effects_only_conforms_with_what_guests_did_filled_in(
    carried_out: Rows, tmp_path: Path
) -> None:
    told = [row for row in carried_out if row.get("actor") != "guest"]
    assert "copy_again" in {row.get("action") for row in told}

    assert run("conform", wrote(tmp_path / "log", told), "--plan", PLAN).exit_code == 0


def test_so_does_one_with_a_third_of_its_events_dropped_if_that_is_said(carried_out: Rows, tmp_path: Path) -> None:
    log = wrote(tmp_path / "log", [carried_out[0], *(row for k, row in enumerate(carried_out[1:]) if k % 3)])

    assert run("conform", log, "--plan", PLAN).exit_code == 1
    assert run("conform", log, "--plan", PLAN, "--partial").exit_code == 0


BROKEN: dict[str, tuple[Callable[[Rows], Rows], str]] = {
    "suspend before the last VM is in": (
        lambda r: moved(r, at(r, "suspend"), at(r, "commit", 2)),
        "every VM of the machine is in the guest hypervisor, and none is in flight",
    ),
    "commit before the VM is stunned": (lambda r: moved(r, at(r, "commit"), at(r, "stop")), "the VM is stunned"),
    "commit with stale pages": (
        lambda r: [x for k, x in enumerate(r) if x.get("action") != "copy_again" or k > at(r, "commit")],
        "no copied page is stale",
    ),
    "end the old hypervisor before the map is validated": (
        lambda r: moved(r, at(r, "tear_down_old"), at(r, "validate_map")),
        "the new hypervisor has validated the map",
    ),
    "run a VM that was never activated": (
        lambda r: [x for k, x in enumerate(r) if k != at(r, "activate")],
        "the VM runs",
    ),
    "a VM out of its turn": (
        lambda r: moved(r, at(r, "consolidate", 1), at(r, "commit")),
        "every step before it has reached its goal",
    ),
    "resume twice": (
        lambda r: [*r[: at(r, "resume") + 1], r[at(r, "resume")], *r[at(r, "resume") + 1 :]],
        "the host VM is suspended",
    ),
    "a fault too many": (
        lambda r: [
            *r[: at(r, "commit")],
            {"action": "destination_killed", "arguments": {"vm": "router-2"}},
            *r[at(r, "commit") :],
        ],
        "one more death of a destination is tolerated",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_broken_versions_of_it_are_refused_by_the_right_requirement(
    how: str, carried_out: Rows, tmp_path: Path
) -> None:
    breaking, sentence = BROKEN[how]
    log = wrote(tmp_path / "log", breaking(carried_out))

    judged = run("conform", log, "--plan", PLAN, "--json")

    assert judged.exit_code == 1, judged.output
    assert sentence in json.loads(judged.stdout)["always"]


def test_the_operator_may_be_free_of_the_plans_order(carried_out: Rows, tmp_path: Path) -> None:
    first, second = at(carried_out, "consolidate"), at(carried_out, "consolidate", 1)
    early = wrote(tmp_path / "log", moved(carried_out, second, first))

    assert run("conform", early, "--plan", PLAN).exit_code == 1
    assert run("conform", early, "--plan", PLAN, "--any-order").exit_code == 0


# ----------------------------------------------------------------------------------------------------- what is no input
def test_everything_that_is_wrong_with_a_log_is_said_at_once_with_its_lines(tmp_path: Path) -> None:
    rows: list[Any] = [
        EMPTY[0],
        "{",
        "[1]",
        {"arguments": {}},
        {"action": 3},
        {"action": "suspend", "arguments": []},
        {"action": "suspend", "changed": {"host.map": "none"}},
        {"action": "suspend", "process": 1},
        {"action": "suspend", "when": 12},
        {"action": "suspend", "after": {"host.mapped": 1.5}},
    ]

    judged = run("conform", wrote(tmp_path / "log", rows), "--world", "empty-machine")

    assert judged.exit_code == 2
    said = judged.stderr
    assert [f"log:{line}:" in said for line in range(1, 11)] == [False, *[True] * 9], said
    for found in (
        "which is not JSON",
        "an event without an action",
        "the action 3",
        "[before, after]",
        "`when`",
        "`1.5`",
    ):
        assert found in said
    assert "Traceback" not in said


def test_everything_that_the_model_does_not_know_is_said_at_once(tmp_path: Path) -> None:
    rows = [
        {"action": "suspent"},
        {"action": "suspend", "arguments": {"vm": "x"}},
        {"action": "suspend", "arguments": {"machine": "x"}},
        {"action": "suspend", "after": {"host.mapp": 1}},
        {"action": "suspend", "after": {"host.map": "gone"}},
    ]

    judged = run("conform", wrote(tmp_path / "log", rows), "--world", "empty-machine", "--json")

    problems = json.loads(judged.stdout)["problems"]
    assert judged.exit_code == 2
    assert [p["line"] for p in problems] == [1, 2, 3, 4, 5]
    assert "did you mean suspend?" in problems[0]["expected"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Either --world WORLD or --plan PLAN"),
        (("--world", "smallest", "--plan", PLAN), "Either --world WORLD or --plan PLAN"),
        (("--world", "smalest"), "did you mean `smallest`?"),
        (("--world", "smallest", "--hidden", "gast"), "did you mean `guest`?"),
        (("--world", "smallest", "--any-order"), "--any-order goes with --plan"),
        (("--plan", PLAN, "--by-process"), "--by-process goes with --world"),
    ],
)
def test_what_cannot_be_asked_is_said(options: tuple[Any, ...], said: str, tmp_path: Path) -> None:
    judged = run("conform", wrote(tmp_path / "log", EMPTY), *options)

    assert judged.exit_code == 2
    assert said in judged.stderr


def test_events_without_a_process_a_log_without_events_and_a_missing_log_are_refused(tmp_path: Path) -> None:
    nameless = run("conform", wrote(tmp_path / "log", EMPTY), "--world", "empty-machine", "--by-process")
    empty = run("conform", wrote(tmp_path / "log", []), "--world", "empty-machine")
    missing = run("conform", tmp_path / "nowhere", "--world", "empty-machine")

    assert [r.exit_code for r in (nameless, empty, missing)] == [2, 2, 2]
    assert nameless.stderr.count("an event that does not say which process it is of") == len(EMPTY)
    assert "a log without any event" in empty.stderr
    assert "a file that cannot be read" in missing.stderr
