"""What a counterexample looks like: golden text, and exact amounts.

`HOLDFAST_REWRITE=1` rewrites the golden file; only keep the difference if you know where it comes from.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.story.sizes import bar, size

from . import EXAMPLES, run

GOLDEN = Path(__file__).parent / "unsafe-host-vm-too-small.txt"
UNITS_KIB = {"KiB": 1, "MiB": 1 << 10, "GiB": 1 << 20, "TiB": 1 << 30, "PiB": 1 << 40}


def test_a_violated_plan_reads_like_a_plan() -> None:
    told = run("verify", EXAMPLES / "unsafe-host-vm-too-small.yaml")
    text = "\n".join(line for line in told.stdout.splitlines() if not line.startswith("Looked at:")) + "\n"
    if os.environ.get("HOLDFAST_REWRITE"):
        GOLDEN.write_text(text, encoding="utf-8")

    assert told.exit_code == 1
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_json_tells_the_same_story_in_pages() -> None:
    told = json.loads(run("verify", EXAMPLES / "unsafe-host-vm-too-small.yaml", "--json").stdout)
    (shortage,) = told["trace"]["why"]["broken"]["shortages"]

    assert told["verdict"] == "Violated"
    assert len(told["trace"]["steps"]) == told["length"]
    assert shortage["held"] - shortage["limit"] == shortage["short"] == 1
    assert shortage["limit"] == 36 << 18
    assert sum(share["amount"] for share in shortage["largest"]) > shortage["limit"]


def test_a_stuck_plan_names_what_was_due_what_refused_it_and_by_how_much() -> None:
    told = json.loads(run("verify", EXAMPLES / "unsafe-no-room-for-new.yaml", "--json").stdout)
    (waiting,) = told["trace"]["why"]["waiting"]
    (refused,) = waiting["refused"]

    assert (waiting["step"], waiting["begun"]) == ("suspend", False)
    assert refused["sentence"] == "the machine has room for the new hypervisor"
    (shortage,) = refused["shortages"]
    assert shortage["about"] == "edge-2"
    assert shortage["largest"][0] == {"name": "new hypervisor", "amount": 28 << 18}


def test_steps_that_have_begun_and_cannot_go_on_say_what_stops_them() -> None:
    told = run("verify", EXAMPLES / "unsafe-swap-target.yaml")

    assert "has begun and cannot go on" in told.stdout
    assert "swap_out: the machine has so many swap slots" in told.stdout


def _near(unit_pages: int, count: int, off: int, more: int) -> int:
    return max(0, count * unit_pages + off + more)


near_a_unit = st.builds(
    _near,
    st.sampled_from([1 << 8, 1 << 18, 1 << 28]),
    st.integers(0, 3000),
    st.integers(-3, 3),
    st.sampled_from([0, 256, -256, 1 << 16, -(1 << 12)]),
)


@given(st.integers(0, 1 << 50) | near_a_unit)
def test_a_size_is_never_rounded(pages: int) -> None:
    assert _pages(size(pages)) == pages


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        (0, "0"),
        (1, "4 KiB"),
        (64, "256 KiB"),
        (1 << 18, "1 GiB"),
        ((1 << 18) + (1 << 16), "1.25 GiB"),
        ((5 << 18) + 1, "5 GiB + 4 KiB"),
        ((5 << 18) - 1, "5 GiB - 4 KiB"),
        ((64 << 18) + 960 * 256, "64 GiB + 960 MiB"),
    ],
)
def test_sizes_read_well(pages: int, text: str) -> None:
    assert size(pages) == text


def _pages(text: str) -> int:
    """The pages of a size such as `5 GiB - 4 KiB`; every part is exact in hundredths of its unit."""
    signed = text.replace(" - ", " + -").split(" + ")
    parts = [part.split(" ") for part in signed if part != "0"]
    hundredths = [(round(float(number) * 100), UNITS_KIB[unit]) for number, unit in parts]
    assert all(count * kib % 100 == 0 for count, kib in hundredths)
    return sum(count * kib // 100 for count, kib in hundredths) // 4


def test_a_bar_is_full_only_when_nothing_is_left() -> None:
    assert bar(0, 100).count("█") == 0
    assert bar(99, 100).count("░") == 1
    assert bar(100, 100) == "█" * 20 + " "
    assert bar(101, 100) == "█" * 20 + "!"
