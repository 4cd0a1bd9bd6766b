"""Compiled code on disk: found again, never trusted when damaged, and never needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import holdfast
from holdfast.checkers.explore import cache, loader
from holdfast.checkers.explore.flat import flat

SOURCE = "def seven(q, at, K, V, X, Y, n):\n    return n + SEVEN\n"
CONSTANTS = {"SEVEN": 7}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def seven() -> int:
    return loader.code(SOURCE, CONSTANTS).function("seven", 7)(0, 0, 0, 0, 0, 0, 35)


def test_code_is_kept_and_found_again(folder: Path) -> None:
    assert not loader.is_cached(SOURCE, CONSTANTS)
    assert seven() == 42
    assert loader.is_cached(SOURCE, CONSTANTS)
    (entry,) = folder.iterdir()
    before = entry.stat().st_mtime_ns

    assert seven() == 42
    assert entry.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 5_000], ids=["empty", "short", "long"])
def test_a_damaged_entry_is_made_again(folder: Path, damage: bytes) -> None:
    seven()
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage)

    assert seven() == 42
    assert entry.read_bytes() == whole


def test_one_changed_bit_is_noticed(folder: Path) -> None:
    seven()
    (entry,) = folder.iterdir()
    content = bytearray(entry.read_bytes())
    content[-1] ^= 1
    entry.write_bytes(bytes(content))

    assert cache.read(entry.name) is None
    assert seven() == 42


def test_a_cache_that_cannot_be_written_changes_nothing(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file, where the folder should be")

    assert seven() == 42
    assert not loader.is_cached(SOURCE, CONSTANTS)


def test_writers_at_the_same_time_leave_one_whole_entry(folder: Path) -> None:
    contents = [bytes([k]) * 100_000 for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(partial(cache.write, "entry"), contents * 5))

    assert cache.read("entry") in contents
    assert [p.name for p in folder.iterdir()] == ["entry"]


def test_other_constants_are_other_code(folder: Path) -> None:
    seven()

    assert loader.code(SOURCE, {"SEVEN": 8}).function("seven", 7)(0, 0, 0, 0, 0, 0, 35) == 43
    assert len(list(folder.iterdir())) == 2


def test_the_users_cache_is_where_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HOLDFAST_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.directory() == tmp_path / "holdfast"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.directory() == tmp_path / ".cache" / "holdfast"


def test_an_object_file_of_another_kind_is_loaded_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems whose object files are not ELF."""

    def unknown(_content: bytes) -> None:
        return None

    monkeypatch.setattr(loader, "flat", unknown)

    assert seven() == 42
    (entry,) = folder.iterdir()
    content = cache.read(entry.name)
    assert content is not None
    assert content[loader.LENGTH.size :].startswith(json.dumps(None).encode())
    assert seven() == 42


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"MZ" + bytes(200), bytes(4_000)])
def test_what_is_no_object_file_is_not_taken_for_one(content: bytes) -> None:
    assert flat(content) is None


CACHED_RUN = """
import sys
from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.specs.yardstick import exchange
found = explore(Run(*exchange(2, 3, 8)), engine={engine!r})
print(found.figures.states, *sorted({{"numba", "numpy", "llvmlite"}} & sys.modules.keys()))
"""


def loaded(engine: str, folder: Path) -> list[str]:
    source = Path(next(iter(holdfast.__path__))).parent
    environment = {**os.environ, "HOLDFAST_CACHE": str(folder), "PYTHONPATH": str(source)}
    command = [sys.executable, "-c", CACHED_RUN.format(engine=engine)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def test_compiled_code_needs_no_compiler(folder: Path) -> None:
    first = loaded("native", folder)

    assert first == ["53885", "llvmlite", "numba", "numpy"]
    assert loaded("native", folder) == ["53885"]
    assert loaded("auto", folder) == ["53885"]
