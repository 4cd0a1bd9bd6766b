"""Scenarios as text: one step a line, with what is expected of it.

    # An ordinary exchange begins.                       a comment has a line of its own
    world smallest                                       or `plan FILE`, as seen from this file's folder
    mutant source-continued                              optional: the model with this deliberate bug
    tolerate boot_failed 2                               optional: how often a fault may strike
    initial 0                                            optional: the number of the initial state

    create_host_vm host   => done: host.host-vm.state = RUNNING
    stop vm               => refused: every page has been copied
    commit vm             => breaks one_authority
    look                  => vm.stage = SETTLED, vm.running = true
    decide exchange_ends  => holds

    file     = { comment | header | step | look | decide | empty line }
    header   = "world" NAME | "plan" FILE | "mutant" NAME | "tolerate" FAULT NUMBER | "initial" NUMBER
    step     = ACTION { ARGUMENT } [ "=>" outcome ]
    outcome  = "done" [ ":" seen ] | "breaks" PROPERTY { "," PROPERTY } [ ":" seen ] | "refused:" SENTENCE { ";" SENTENCE }
    look     = "look" "=>" seen
    decide   = "decide" PROPERTY [ "=>" ( "holds" | "violated" ) ]
    seen     = FIELD "=" VALUE { "," FIELD "=" VALUE }

Headers come before steps. Arguments stand in the order of the action's parameters; one whose sort has a single member
may be left out. An argument with spaces stands in double quotes. `done` says that the step happened and broke nothing;
`breaks` names all that it broke; `refused` all that was not so, and the state stays as it was. `decide` asks a liveness
property of the whole world. A line without an outcome may come to what it likes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from ..checkers.interpret import Run
from ..inputs.positions import Position
from ..inputs.problems import BadInput, Problem, Source, did_you_mean, one_of, quoted
from .origin import FAULTS_MOST, NotKnown, Origin

OutcomeKind: TypeAlias = Literal["done", "breaks", "refused", "seen", "holds", "violated"]

ARROW = "=>"
_DECIDED: tuple[OutcomeKind, ...] = ("holds", "violated")
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_SEEN = re.compile(r"\s*(?P<field>[^=,]*[^=,\s])\s*=\s*(?P<value>[^,]*?)\s*(?:,|$)")


@dataclass(frozen=True)
class Word:
    """A piece of a line and its column; whether it stands in quotes makes no other word of it."""

    text: str
    column: int
    quoted: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Outcome:
    """What came of a line, or is expected to: the properties broken or the requirements that refuse, and values seen."""

    kind: OutcomeKind
    names: tuple[str, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """As it is written."""
        seen = ", ".join(f"{name} = {value}" for name, value in self.seen)
        match self.kind:
            case "seen":
                return seen
            case "refused":
                return f"refused: {'; '.join(self.names)}"
            case _:
                said = f"{self.kind} {', '.join(self.names)}".rstrip()
                return f"{said}: {seen}" if seen else said


@dataclass(frozen=True)
class Line:
    """A step, a look or a decision: its verb, its arguments, and what is expected, which stands at `column`."""

    number: int
    verb: Word
    arguments: tuple[Word, ...]
    expected: Outcome | None
    column: int


@dataclass(frozen=True)
class Script:
    """A scenario as it was written."""

    source: Source
    origin: Origin
    initial: int
    lines: tuple[Line, ...]
    headers: Mapping[str, Position] = field(default_factory=dict[str, Position])

    def run(self) -> Run:
        """The run that it is of. Raises BadInput for a world, mutant, fault or plan that is not there."""
        try:
            return self.origin.run()
        except NotKnown as unknown:
            header = next((h for h in ("world", "mutant", "tolerate") if h[:5] in unknown.what), "tolerate")
            position = self.headers[header]
            found = f"the {unknown.what} {quoted(unknown.name)}"
            expected = did_you_mean(unknown.name, unknown.names) or one_of(unknown.names)
            raise BadInput([self.source.problem(position, found, expected)]) from None

    def problem(self, number: int, column: int, found: str, expected: str) -> Problem:
        """Something wrong at a place of it."""
        return self.source.problem(Position(self.source.file, number, column), found, expected)


def read(file: Path) -> Script:
    """The scenario in a file. Raises BadInput with everything that is wrong with it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        position = Position(str(file), 0, 0)
        raise BadInput([Problem(position, f"a file that cannot be read ({error})", "a scenario")]) from None
    return parse(text, str(file), file.parent)


def parse(text: str, file: str = "scenario", beside: Path = Path()) -> Script:
    """The scenario in a text; `beside` is the folder from which a plan is named. Raises BadInput."""
    return _Parser(Source(file, text), beside).parse()


class _Parser:
    """Reads lines; what is wrong is gathered, so that all of it is said at once."""

    def __init__(self, source: Source, beside: Path) -> None:
        self.source, self.beside = source, beside
        self.problems: list[Problem] = []
        self.headers: dict[str, Word] = {}
        self.positions: dict[str, Position] = {}
        self.tolerated: dict[str, int] = {}
        self.lines: list[Line] = []

    def parse(self) -> Script:
        for number, text in enumerate(self.source.text.split("\n"), 1):
            if text.strip() and not text.lstrip().startswith("#"):
                self._line(number, text.rstrip())
        if not self.problems and ("world" in self.headers) == ("plan" in self.headers) and "mutant" not in self.headers:
            self._wrong(1, 1, "no world" if "world" not in self.headers else "a world and a plan", "`world` or `plan`")
        if not self.problems and not self.lines:
            self._wrong(1, 1, "a scenario without a step", "`ACTION ARGUMENTS => OUTCOME`")
        if self.problems:
            raise BadInput(self.problems)
        said = {name: word.text for name, word in self.headers.items()}
        plan = self.beside / said["plan"] if "plan" in said else None
        origin = Origin(said.get("world"), plan, said.get("mutant"), self.tolerated)
        return Script(self.source, origin, int(said.get("initial", "0")), tuple(self.lines), self.positions)

    def _wrong(self, number: int, column: int, found: str, expected: str) -> None:
        self.problems.append(self.source.problem(Position(self.source.file, number, column), found, expected))

    def _line(self, number: int, text: str) -> None:
        words = list(_words(text))
        arrow = next((w for w in words if w.text == ARROW and not w.quoted), None)
        before = [w for w in words if arrow is None or w.column < arrow.column]
        if text.count('"') % 2:
            self._wrong(number, text.index('"') + 1, "a quotation that does not end", 'a `"` at its end')
        elif not before:
            self._wrong(number, 1, f"nothing before `{ARROW}`", "an action, `look` or `decide`")
        elif before[0].text in ("world", "plan", "mutant", "initial", "tolerate"):
            self._header(number, before, arrow)
        else:
            self._step(number, text, before, arrow)

    def _header(self, number: int, words: list[Word], arrow: Word | None) -> None:
        name, *values = words
        wanted = 2 if name.text == "tolerate" else 1
        if arrow is not None or len(values) != wanted:
            expected = "`tolerate FAULT NUMBER`" if wanted == 2 else f"`{name.text}` and one name or number"
            self._wrong(number, name.column, f"{quoted(self.source.line(number).strip())}", expected)
        elif self.lines:
            self._wrong(number, name.column, f"`{name.text}` after a step", "it before every step")
        elif name.text in self.headers:
            self._wrong(number, name.column, f"a second `{name.text}`", "one")
        elif name.text in ("tolerate", "initial") and not values[-1].text.isdecimal():
            self._wrong(number, values[-1].column, quoted(values[-1].text), "a number")
        elif name.text == "tolerate" and int(values[1].text) > FAULTS_MOST:
            self._wrong(number, values[1].column, quoted(values[1].text), f"a number from 0 to {FAULTS_MOST}")
        else:
            self.positions.setdefault(name.text, Position(self.source.file, number, values[0].column))
            if name.text == "tolerate":
                self.tolerated[values[0].text] = int(values[1].text)
            else:
                self.headers[name.text] = values[0]

    def _step(self, number: int, text: str, words: list[Word], arrow: Word | None) -> None:
        verb, *arguments = words
        after = text[arrow.column + len(ARROW) - 1 :] if arrow else ""
        column = len(text) - len(after.lstrip()) + 1
        if arrow is None and verb.text == "look":
            self._wrong(number, verb.column, "`look` that expects nothing", f"`look {ARROW} FIELD = VALUE`")
            return
        expected = self._outcome(number, column, verb.text, after.strip()) if arrow else None
        self.lines.append(Line(number, verb, tuple(arguments), expected, column))

    def _outcome(self, number: int, column: int, verb: str, said: str) -> Outcome | None:
        if verb == "look":
            return self._seen(number, column, Outcome("seen"), said)
        if verb == "decide":
            for kind in _DECIDED:
                if said == kind:
                    return Outcome(kind)
            self._wrong(number, column, quoted(said), "`holds` or `violated`")
            return None
        head, colon, rest = said.partition(":")
        word, _, names = head.partition(" ")
        listed = tuple(n.strip() for n in names.split(",") if n.strip())
        if word == "refused" and colon and not names:
            sentences = tuple(s.strip() for s in rest.split(";") if s.strip())
            if sentences:
                return Outcome("refused", sentences)
        elif word == "done" and not names:
            return self._seen(number, column, Outcome("done"), rest, needed=bool(colon))
        elif word == "breaks" and listed:
            return self._seen(number, column, Outcome("breaks", listed), rest, needed=bool(colon))
        self._wrong(number, column, quoted(said), "`done`, `breaks PROPERTY` or `refused: SENTENCE`")
        return None

    def _seen(self, number: int, column: int, outcome: Outcome, said: str, *, needed: bool = True) -> Outcome | None:
        pairs: list[tuple[str, str]] = []
        at = 0
        while at < len(said) and (match := _SEEN.match(said, at)):
            pairs.append((match["field"], match["value"]))
            at = match.end()
        if (needed and not pairs) or said[at:].strip() or any(not value for _, value in pairs):
            self._wrong(number, column, quoted(said.strip()), "`FIELD = VALUE`, more of them after commas")
            return None
        return Outcome(outcome.kind, outcome.names, tuple(pairs))


def _words(text: str) -> Iterator[Word]:
    for match in _WORD.finditer(text):
        word, column = match[0], match.start() + 1
        if word.startswith('"'):
            yield Word(word[1:-1].replace('\\"', '"').replace("\\\\", "\\"), column, quoted=True)
        else:
            yield Word(word, column)


def written(word: str) -> str:
    """A word as it stands in a line: in double quotes where it has to be."""
    plain = word and not word.startswith("#") and word != ARROW and not any(c.isspace() or c == '"' for c in word)
    return word if plain else json.dumps(word, ensure_ascii=False)
