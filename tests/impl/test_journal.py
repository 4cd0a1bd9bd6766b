"""The journal: what was written is there after a crash, what was not is not, and no other run can use it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.impl.errors import UnusableJournal
from holdfast.impl.journal import Identity, Journal, Kind

from .crashes import IDENTITY

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a journal may be."""
    return tmp_path / "run.journal"


def written(journal: Journal) -> list[tuple[str, object, int | None]]:
    return [(entry.kind.value, entry.body, entry.about) for entry in journal.entries()]


def test_reopening_yields_what_was_written(file: Path) -> None:
    journal = Journal.create(file, IDENTITY)
    journal.append_all(Kind.INITIAL, [{"vm": 1}, {"vm": 2}])
    number = journal.append(Kind.INTENT, {"effect": "é"})
    journal.append(Kind.OUTCOME, {"ending": "done"}, about=number)
    before = written(journal)
    journal.close()

    again = Journal.reopen(file, IDENTITY)

    assert written(again) == before
    assert [kind for kind, _, _ in before] == ["initial", "initial", "intent", "outcome"]
    assert before[-1][2] == number


def test_a_process_that_is_killed_leaves_every_entry_that_it_was_told_of(file: Path) -> None:
    script = (
        "import sys; from holdfast.impl.journal import *\n"
        f"j = Journal.create({str(file)!r}, Identity('plan', 'cluster', 'assumptions'))\n"
        "while True: sys.stdout.write(f'{j.append(Kind.INTENT, {})}\\n'); sys.stdout.flush()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(50)]
        child.send_signal(signal.SIGKILL)
        told += [int(line) for line in child.stdout.read().splitlines() if line]

    numbers = [entry.number for entry in Journal.reopen(file, IDENTITY).entries()]

    assert told == list(range(1, len(told) + 1))
    assert len(told) <= len(numbers) <= len(told) + 1
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_was_written_by_halves_is_dropped(file: Path) -> None:
    journal = Journal.create(file, IDENTITY)
    journal.append(Kind.OPENED, {})
    journal.append(Kind.INTENT, {"effect": "last"})
    wal = Path(f"{file}-wal").read_bytes()
    main = file.read_bytes()
    journal.close()
    file.write_bytes(main)
    Path(f"{file}-wal").write_bytes(wal[:-2_000])

    assert [kind for kind, _, _ in written(Journal.reopen(file, IDENTITY))] == ["opened"]


def test_a_damaged_journal_is_refused(file: Path) -> None:
    journal = Journal.create(file, IDENTITY)
    for _ in range(300):
        journal.append(Kind.INTENT, {"effect": "x" * 100})
    journal.close()
    content = bytearray(file.read_bytes())
    content[4096:12_288] = os.urandom(8_192)
    file.write_bytes(content)

    with pytest.raises(UnusableJournal, match="damaged"):
        Journal.reopen(file, IDENTITY)


@pytest.mark.parametrize("what", ["plan", "cluster", "assumptions"])
def test_a_journal_of_another_run_is_refused(what: str, file: Path) -> None:
    Journal.create(file, IDENTITY).close()
    other = Identity(**{"plan": "plan", "cluster": "cluster", "assumptions": "assumptions", what: "another"})

    with pytest.raises(UnusableJournal, match=f"another {what}"):
        Journal.reopen(file, other)


def test_a_journal_is_not_overwritten(file: Path) -> None:
    Journal.create(file, IDENTITY).close()

    with pytest.raises(UnusableJournal, match="exists already"):
        Journal.create(file, IDENTITY)


def test_only_one_process_has_it(file: Path) -> None:
    held = Journal.create(file, IDENTITY)

    with pytest.raises(UnusableJournal, match="locked"):
        Journal.reopen(file, IDENTITY)

    held.close()
    assert written(Journal.reopen(file, IDENTITY)) == []


def test_what_is_no_journal_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableJournal, match="there is no journal"):
        Journal.reopen(file, IDENTITY)
    file.write_text("a shopping list, long enough for somebody to take it for a database of some kind" * 9)
    with pytest.raises(UnusableJournal, match="cannot be used"):
        Journal.reopen(file, IDENTITY)
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(UnusableJournal, match="is no journal"):
        Journal.reopen(other, IDENTITY)


def test_a_journal_whose_making_was_cut_short_is_made_anew(file: Path) -> None:
    sqlite3.connect(file).execute("PRAGMA user_version = 0").connection.close()
    file.touch()

    with pytest.raises(UnusableJournal, match="before anything was done"):
        Journal.reopen(file, IDENTITY)
    assert written(Journal.create(file, IDENTITY)) == []


def test_another_schema_is_refused(file: Path) -> None:
    Journal.create(file, IDENTITY).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE header SET value = '99' WHERE name = 'schema'")
    connection.close()

    with pytest.raises(UnusableJournal, match="schema 99"):
        Journal.reopen(file, IDENTITY)
