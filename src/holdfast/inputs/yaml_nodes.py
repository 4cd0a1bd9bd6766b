"""From bytes to a tree of nodes that know where they were written; nothing is converted.

The tree is built from the parser's events with a stack of our own, so that a bomb meets a limit and never Python's
recursion. Everything in YAML that changes meaning behind the reader's back (anchors and aliases, merge keys, tags,
duplicate keys, several documents) is a problem with a position. JSON is read by the same parser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .positions import NOWHERE, Position
from .problems import Problem, Source, quoted

FILE_BYTES_MAX = 8 << 20
DEPTH_MAX = 32
NODES_MAX = 400_000
_BINARY_HINT = "is this a binary file?"

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_parse: Any = getattr(yaml, "parse")  # noqa: B009  # the stubs leave its stream untyped
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written; `plain` means without quotes."""

    text: str
    plain: bool
    position: Position


class Sequence(list["Node"]):
    """A list and where it begins."""

    def __init__(self, position: Position, items: list["Node"] | None = None) -> None:
        """Begin with `items`, or empty."""
        super().__init__(items or ())
        self.position = position


class Mapping(dict[str, "Node"]):
    """A mapping, where it begins, and where its keys stand."""

    def __init__(self, position: Position) -> None:
        """Begin empty."""
        super().__init__()
        self.position = position
        self.key_positions: dict[str, Position] = {}


Node = Scalar | Sequence | Mapping
_NO_KEY = Scalar("", True, NOWHERE)
"""What stands for a key that was refused; its value is not kept."""


def describe(node: object) -> str:
    """What a problem calls a node that stands where it should not."""
    if isinstance(node, Mapping):
        return "a mapping" if node else "an empty mapping"
    if isinstance(node, Sequence):
        return "a list" if node else "an empty list"
    if isinstance(node, Scalar) and (node.text or not node.plain):
        return quoted(node.text) if node.plain else f"the text {quoted(node.text)}"
    return "nothing"


class Unreadable(Exception):
    """A file that cannot be read far enough to look at its content."""

    def __init__(self, problem: Problem) -> None:
        """Keep the one problem."""
        super().__init__(problem.found)
        self.problem = problem


class NoFile(Unreadable):
    """There is no file, or it cannot be opened."""


def read_source(path: Path, bytes_max: int = FILE_BYTES_MAX) -> Source:
    """The text of a file: UTF-8, without control characters, of bounded size; raises Unreadable."""
    data = _read_bytes(path, bytes_max)
    file = str(path)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        source = Source(file, data.decode("utf-8", errors="replace"))
        position = source.position_at(len(data[: error.start].decode("utf-8")))
        found = f"the byte 0x{data[error.start]:02x}, which is not UTF-8"
        raise Unreadable(source.problem(position, found, "a text file in UTF-8", _BINARY_HINT)) from None
    source = Source(file, text)
    check_characters(source)
    return source


def check_characters(source: Source) -> None:
    """Raise Unreadable at the first character that YAML, JSON and terminals have no use for."""
    match = _FORBIDDEN.search(source.text)
    if match is not None:
        found = f"the control character U+{ord(match[0]):04X}"
        problem = source.problem(source.position_at(match.start()), found, "a text file", _BINARY_HINT)
        raise Unreadable(problem)


def _read_bytes(path: Path, bytes_max: int) -> bytes:
    """The bytes of a file; never more than one beyond the limit."""
    start = Position(str(path), 1, 1)
    try:
        if path.is_dir():
            raise NoFile(Problem(start, "a directory", "a file"))
        with path.open("rb") as stream:
            data = stream.read(bytes_max + 1)
    except FileNotFoundError:
        raise NoFile(Problem(start, "no such file", "a file")) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NoFile(Problem(start, f"a file that cannot be read ({reason})", "a readable file")) from None
    if len(data) > bytes_max:
        raise Unreadable(Problem(start, f"more than {bytes_max >> 20} MiB", f"a file of at most {bytes_max >> 20} MiB"))
    return data


@dataclass(frozen=True)
class Composed:
    """What a text holds."""

    root: Node | None
    """None when the text is empty."""
    problems: list[Problem]
    incomplete: set[Position]
    """Where an alias stands, or a mapping with a merge key begins: what is meant there is not known."""


def compose(source: Source) -> Composed:
    """The tree of a YAML or JSON text with its YAML-level problems.

    Raises Unreadable where reading cannot go on: wrong syntax, too deep, too many nodes.
    """
    composer = _Composer(source)
    for event in _events(source):
        composer.take(event)
    return Composed(composer.root, composer.problems, composer.incomplete)


def _events(source: Source) -> Iterator[Any]:
    """The parser's events; its errors become Unreadable."""
    try:
        yield from _parse(source.text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = _position(source, mark) if mark else Position(source.file, 1, 1)
        if "nesting" in (
            error.problem or ""
        ):  # newer parsers have a limit of their own, and look ahead of their events
            raise Unreadable(_too_deep(source, position)) from None
        found = f"a syntax error ({error.problem or error.context})"
        raise Unreadable(source.problem(position, found, "YAML or JSON", _syntax_hint(source, error))) from None
    except yaml.YAMLError as error:
        position = Position(source.file, 1, 1)
        raise Unreadable(source.problem(position, f"a syntax error ({error})", "YAML or JSON")) from None


def _too_deep(source: Source, position: Position) -> Problem:
    """What is said of nesting beyond the limit, whoever notices it first."""
    expected = f"at most {DEPTH_MAX} levels of lists and mappings"
    return source.problem(position, f"more than {DEPTH_MAX} levels of nesting", expected)


def _syntax_hint(source: Source, error: yaml.MarkedYAMLError) -> str:
    """What the parser was doing, or the usual mistake where it is one."""
    mark = error.problem_mark
    if mark is not None and source.line(int(mark.line) + 1)[int(mark.column) :].startswith("\t"):
        return "indent with spaces; this is a tab"
    if error.context and error.context_mark is not None:
        return f"{error.context} that begins in line {error.context_mark.line + 1}"
    return ""


def _position(source: Source, mark: Any) -> Position:
    """A parser's mark as a position."""
    return Position(source.file, int(mark.line) + 1, int(mark.column) + 1)


class _Composer:
    """Builds the tree from events; `stack` holds the collections that are still open."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.incomplete: set[Position] = set()
        self.aliases: set[str] = set()
        self.stack: list[Sequence | Mapping] = []
        self.keys: list[Scalar | None] = []
        self.nodes = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        """Take one event of the parser."""
        match event:
            case yaml.DocumentStartEvent():
                self._begin_document(event)
            case yaml.ScalarEvent():
                plain = event.style is None or event.style == ""
                self._place(Scalar(event.value, plain, self._checked_position(event)))
            case yaml.AliasEvent():
                self._place(self._alias(str(event.anchor), _position(self.source, event.start_mark)))
            case yaml.SequenceStartEvent():
                self._open(Sequence(self._checked_position(event)))
            case yaml.MappingStartEvent():
                self._open(Mapping(self._checked_position(event)))
            case yaml.CollectionEndEvent():
                self.stack.pop()
                self.keys.pop()
            case _:
                pass

    def _begin_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            position = _position(self.source, event.start_mark)
            problem = self.source.problem(position, "a second document", "one document in a file")
            raise Unreadable(problem)

    def _alias(self, anchor: str, position: Position) -> Node:
        """What stands for an alias; each anchor's first alias is a problem, since a bomb has very many."""
        if anchor not in self.aliases:
            self.aliases.add(anchor)
            self._report(position, f"the alias `*{anchor}`", "the value itself", "write it out again")
        self.incomplete.add(position)
        return Scalar(f"*{anchor}", True, position)

    def _checked_position(self, event: Any) -> Position:
        """Where an event begins; anchors and tags on it are problems."""
        position = _position(self.source, event.start_mark)
        if event.anchor is not None:
            hint = "anchors and aliases are not read: write the value out where it is needed"
            self._report(position, f"the anchor `&{event.anchor}`", "a plain value", hint)
        if event.tag is not None:
            hint = "tags are not read: leave it out; put quotes around a value that is text"
            self._report(position, f"the tag {quoted(event.tag)}", "a plain value", hint)
        return position

    def _open(self, collection: Sequence | Mapping) -> None:
        if len(self.stack) >= DEPTH_MAX:
            raise Unreadable(_too_deep(self.source, collection.position))
        self._place(collection)
        self.stack.append(collection)
        self.keys.append(None)

    def _place(self, node: Node) -> None:
        """Put a node into the innermost open collection: as an item, as a key, or as the value of a key."""
        self.nodes += 1
        if self.nodes > NODES_MAX:
            raise Unreadable(self.source.problem(node.position, "still more values", f"at most {NODES_MAX} values"))
        if not self.stack:
            self.root = node
        elif isinstance(parent := self.stack[-1], Sequence):
            parent.append(node)
        elif (key := self.keys[-1]) is not None:
            self.keys[-1] = None
            self._place_entry(parent, key, node)
        elif isinstance(node, Scalar):
            self.keys[-1] = node
        else:
            self._report(node.position, "a list or a mapping as a key", "a key that is a word")
            self.keys[-1] = _NO_KEY

    def _place_entry(self, parent: Mapping, key: Scalar, node: Node) -> None:
        """Put a key and its value into a mapping; the first of two equal keys stays."""
        if key is _NO_KEY:
            return
        if key.text == "<<" and key.plain:
            hint = "merge keys are not read: write the keys out"
            self.incomplete.add(parent.position)
            self._report(key.position, "the merge key `<<`", "a key that is a word", hint)
        elif key.text in parent:
            first = parent.key_positions[key.text].line
            expected = f"the key once (it was first given in line {first})"
            self._report(key.position, f"the key {quoted(key.text)} a second time", expected)
        else:
            parent[key.text] = node
            parent.key_positions[key.text] = key.position

    def _report(self, position: Position, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(self.source.problem(position, found, expected, hint))
