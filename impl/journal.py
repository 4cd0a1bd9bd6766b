"""The journal: what was about to be done, written before, and what came of it, written after. One SQLite file per run.

It is only ever appended to. Every entry is a transaction of its own, and is on the medium when the call returns
(write-ahead log, synchronous FULL). What was being written when the process ended is not there afterwards: SQLite drops
it. A journal is bound to what it is of, by content: plan, cluster and assumptions. One process at a time can hold it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from .errors import UnusableJournal

SCHEMA_VERSION = 1
APPLICATION_ID = 0x48464A31
"""Marks an SQLite file as a journal: "HFJ1"."""

_TABLES = """
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, about INTEGER, body TEXT NOT NULL);
"""


class Kind(Enum):
    """What an entry says."""

    INITIAL = "initial"
    """How the machine, or a VM, was when the run started."""
    OPENED = "opened"
    """A controller began to work with this journal."""
    INTENT = "intent"
    """An effect is about to be carried out."""
    OUTCOME = "outcome"
    """What came of the intent that it is about."""
    SEEN = "seen"
    """Something was seen that no effect of this run explains: what faults left behind, or what went on by itself."""
    STEP = "step"
    """A step of the plan is done."""
    DIRECTION = "direction"
    """From here on the run is rolled back."""
    ENDED = "ended"
    """The run is over."""


_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True)
class Identity:
    """What a journal is of: hashes of the content of plan, cluster and assumptions."""

    plan: str
    cluster: str
    assumptions: str


@dataclass(frozen=True)
class Entry:
    """One line of the journal; `about` is the number of the intent that an outcome belongs to."""

    number: int
    kind: Kind
    about: int | None
    body: dict[str, Any]


class Journal:
    """An open journal. Made by `create` or `reopen`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection to a database that has the tables."""
        self._connection = connection

    @classmethod
    def create(cls, path: Path | str, identity: Identity, notes: Mapping[str, str] | None = None) -> Journal:
        """A new journal; `notes` are for whoever makes the driver. Raises UnusableJournal where there is one already, or
        anything else that is not empty."""
        connection = _connected(path, create=True)
        if _has_tables(connection):
            connection.close()
            raise UnusableJournal(f"{path} exists already: the run that it is of can be resumed or rolled back")
        noted = {f"note {name}": text for name, text in (notes or {}).items()}
        rows = {"schema": str(SCHEMA_VERSION), **asdict(identity), **noted}
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        script = _TABLES + "".join(f"INSERT INTO header VALUES ({_quoted(k)}, {_quoted(v)});" for k, v in rows.items())
        connection.executescript(f"BEGIN IMMEDIATE; {script} COMMIT;")
        return cls(connection)

    @classmethod
    def reopen(cls, path: Path | str, identity: Identity) -> Journal:
        """The journal in a file, as far as it was written. Raises UnusableJournal."""
        connection = _connected(path, create=False)
        try:
            _check(connection, path, identity)
        except UnusableJournal:
            connection.close()
            raise
        return cls(connection)

    def append(self, kind: Kind, body: dict[str, Any], about: int | None = None) -> int:
        """Write one entry, and return its number once it is on the medium."""
        done = self._connection.execute(
            "INSERT INTO entry (kind, about, body) VALUES (?, ?, ?)", (kind.value, about, _text(body))
        )
        number = done.lastrowid
        assert number is not None, "an inserted row has a number"
        return number

    def append_all(self, kind: Kind, bodies: Iterable[dict[str, Any]]) -> None:
        """Write entries of one kind, all of them or none."""
        rows = [(kind.value, _text(body)) for body in bodies]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO entry (kind, body) VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def entries(self) -> Iterator[Entry]:
        """Every entry, oldest first."""
        for number, kind, about, body in self._connection.execute("SELECT * FROM entry ORDER BY number"):
            yield Entry(number, _KINDS[kind], about, json.loads(body))

    def note(self, name: str) -> str | None:
        """What was noted under this name when the journal was made."""
        row = self._connection.execute("SELECT value FROM header WHERE name = ?", (f"note {name}",)).fetchone()
        return None if row is None else str(row[0])

    def content(self) -> bytes:
        """The whole database as it would be found after a crash at this moment."""
        return self._connection.serialize()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _connected(path: Path | str, *, create: bool) -> sqlite3.Connection:
    """A connection that holds the file alone, and on which every statement is a transaction. Raises UnusableJournal."""
    if not create and not Path(path).is_file():
        raise UnusableJournal(f"there is no journal {path}")
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=1)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise UnusableJournal(f"{path} cannot be used as a journal: {error}") from None
    return connection


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _check(connection: sqlite3.Connection, path: Path | str, identity: Identity) -> None:
    try:
        marked = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        if not marked or not _has_tables(connection):
            raise UnusableJournal(f"{path} is no journal, or ended before anything was done: start the run anew")
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise UnusableJournal(f"{path} is damaged: {found}")
        header: dict[str, str] = dict(connection.execute("SELECT name, value FROM header"))
    except sqlite3.Error as error:
        raise UnusableJournal(f"{path} is damaged: {error}") from None
    if header.get("schema") != str(SCHEMA_VERSION):
        raise UnusableJournal(f"{path} has schema {header.get('schema')}; this controller writes {SCHEMA_VERSION}")
    for what, wanted in asdict(identity).items():
        if header.get(what) != wanted:
            raise UnusableJournal(f"{path} is of a run with another {what}: by content, not by name")


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
