"""The how-to does what it says: its commands are run, its tests are tests, its files fit what they are for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from holdfast.conformance.baseline import read
from tests.pages import CONSOLE, ROOT, Page, output, timeless

from .implementations import exchange

PAGE = "docs/conformance.md"
FILE = re.compile(r"```(?:python|yaml)\n# (?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)
LINES_MOST = 20
OURS = Path(exchange.__file__)
BROKEN = ('"tear_down_old": ({"old": "up", "map": "valid"}', '"tear_down_old": ({"old": "up"}')


def files() -> dict[str, str]:
    return {match["name"]: match["text"] for match in FILE.finditer(Page.at(PAGE).text)}


def test_every_command_of_the_page_prints_what_the_page_says() -> None:
    page = Page.at(PAGE)
    node = shutil.which("node")
    blocks = {m["command"]: m["said"] for m in CONSOLE.finditer(page.text) if node or "node" not in m["command"]}
    if node:
        page.keep(page.with_output())
    printed = {command: timeless(output(command)) for command in blocks}

    assert printed == {command: timeless(said) for command, said in blocks.items()}
    assert len(blocks) >= 1


def under_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest in a folder with the files of the page; the plugin by name, where the installation does not know it yet."""
    installed = any(e.value == "holdfast.pytest_plugin" for e in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "holdfast.pytest_plugin"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A reader's folder: the page's files, and an implementation that conforms."""
    for name, text in files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "exchange.py").write_text(OURS.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_the_gate_of_the_page_is_short() -> None:
    assert len(files()["test_gate.py"].splitlines()) < LINES_MOST


def test_the_gate_of_the_page_passes_what_conforms(reader: Path) -> None:
    done = under_pytest(reader, "test_gate.py", "--holdfast-seed=5")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "--holdfast-seed=5" in done.stdout or "passed" in done.stdout
    assert re.search(r"holdfast: test_gate:Gate in empty-machine: actions 100 % .* pairs 100 %", done.stdout)


def test_the_gate_of_the_page_fails_what_deviates_with_the_requirement_and_why(reader: Path) -> None:
    text = OURS.read_text(encoding="utf-8")
    assert BROKEN[0] in text
    (reader / "exchange.py").write_text(text.replace(*BROKEN), encoding="utf-8")

    done = under_pytest(reader, "test_gate.py")

    assert done.returncode == 1
    assert "it is not so that the new hypervisor has validated the map" in done.stdout
    assert "this breaks replaced_only_when_suspended (S11)" in done.stdout


def test_what_hypothesis_finds_is_told_in_the_terms_of_the_model(reader: Path) -> None:
    text = OURS.read_text(encoding="utf-8")
    (reader / "exchange.py").write_text(text.replace(*BROKEN), encoding="utf-8")

    done = under_pytest(reader, "test_by_chance.py")

    assert done.returncode == 1
    assert "state.tear_down_old(step=tear_down_old host)" in done.stdout or "asked=tear_down_old host" in done.stdout


@pytest.mark.slow
def test_hypothesis_finds_nothing_in_what_conforms(reader: Path) -> None:
    done = under_pytest(reader, "test_by_chance.py")

    assert done.returncode == 0, done.stdout


def test_the_baseline_of_the_page_is_one(reader: Path) -> None:
    (known,) = read(reader / "baseline.yaml", date(2026, 1, 1)).known.values()

    assert not known.expired
    assert known.identity in Page.at(PAGE).text


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", "docs/ci/conform/action.yml"), ("vendor.gitlab-ci", "docs/ci/gitlab.yml")],
)
def test_what_build_servers_read_fits_their_schemas(schema: str, file: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_examples_are_short() -> None:
    for example in (ROOT / "docs" / "examples").iterdir():
        assert len(example.read_text(encoding="utf-8").splitlines()) <= 50, example.name
