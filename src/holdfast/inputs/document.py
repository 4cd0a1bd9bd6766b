"""One input file on its way from text to records: its tree, and the problems that were found so far.

All problems are wanted at once. So a faulty part is reported, then taken out (or replaced by a harmless stand-in at the
same position), and the checks go on with the rest. A check that comes later says nothing at a position that already has
a problem: it would only report the stand-in.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from .entry import Entry, StandIn, problems_of
from .entry import Path as NodePath
from .positions import Position
from .problems import Problem, Source, did_you_mean, one_of, quoted
from .yaml_nodes import Mapping, Node, Scalar, Sequence, Unreadable, compose, describe, read_source

Model = TypeVar("Model", bound=Entry)


class Document:
    """A file that could be read as a mapping."""

    def __init__(
        self, source: Source, root: Mapping, problems: Iterable[Problem] = (), incomplete: Iterable[Position] = ()
    ) -> None:
        """Keep the tree, the problems that its composition found, and where it stands for more than it shows."""
        self.source = source
        self.root = root
        self.problems = list(problems)
        self.lost: set[str] = set()
        """Top-level keys of which a part was taken out."""
        self._faulty = {problem.position for problem in self.problems} | set(incomplete)

    def is_faulty(self, position: Position) -> bool:
        """Whether a problem was already found at that position."""
        return position in self._faulty

    def report(self, position: Position, found: str, expected: str, hint: str = "") -> None:
        """Add a problem, unless its position already has one."""
        if not self.is_faulty(position):
            self.problems.append(self.source.problem(position, found, expected, hint))
            self._faulty.add(position)

    def report_unknown(self, position: Position, kind: str, name: str, known: Iterable[str] | None) -> bool:
        """Report a name that is not known; False where it is, or where nobody can say which names are known."""
        if known is None or name in (names := list(known)):
            return False
        self.report(
            position,
            f"the {kind} {quoted(name)}",
            one_of(quoted(n) for n in names),
            did_you_mean(name, names),
        )
        return True

    def names_in(self, section: str) -> list[str] | None:
        """The names written in a list of named entries, faulty entries included; None when one cannot be read."""
        entries = self.root.get(section)
        if not isinstance(entries, Sequence):
            return None
        names = [entry.get("name") if isinstance(entry, Mapping) else None for entry in entries]
        texts = [name.text for name in names if isinstance(name, Scalar)]
        return texts if len(texts) == len(names) else None

    def validated(self, model: type[Model]) -> Model | None:
        """The document as a model; when parts are faulty they are reported, and the model holds the rest."""
        try:
            return model.model_validate(self.root)
        except ValidationError as error:
            faults = problems_of(error, self.root, self.source, model)
        for _, problem in faults:
            if not self.is_faulty(problem.position):
                self.problems.append(problem)
        self._faulty.update(problem.position for _, problem in faults)
        try:
            return model.model_validate(self._without([path for path, _ in faults], model.stand_ins))
        except ValidationError:
            return None

    def _without(self, paths: list[NodePath], stand_ins: dict[str, StandIn]) -> Mapping:
        """The tree without faulty list entries, and with stand-ins for other faulty values."""
        rest = Mapping(self.root.position)
        rest.update(self.root)
        for key in {str(path[0]) for path in paths if path}:
            self.lost.add(key)
            value = rest.pop(key, None)
            faulty_items = {path[1] for path in paths if path[0] == key and len(path) > 1}
            if isinstance(value, Sequence):
                items = [item for index, item in enumerate(value) if index not in faulty_items]
                rest[key] = Sequence(value.position, items)
            elif key in stand_ins:
                position = self.root.position if value is None else value.position
                self._faulty.add(position)
                rest[key] = _stand_in(stand_ins[key], position)
        return rest


def _stand_in(value: StandIn, position: Position) -> Node:
    """A stand-in as nodes that all stand at one position."""
    if isinstance(value, str):
        return Scalar(value, False, position)
    if isinstance(value, list):
        return Sequence(position)
    mapping = Mapping(position)
    mapping.update({key: _stand_in(text, position) for key, text in value.items()})
    return mapping


def open_document(path: Path, format_key: str, version: int) -> Document:
    """Read a file and check that it is of the wanted kind and version; raises Unreadable."""
    return document_of(read_source(path), format_key, version)


def document_of(source: Source, format_key: str, version: int) -> Document:
    """The document in a text; raises Unreadable when it is of another kind or version."""
    composed = compose(source)
    root = composed.root
    start = Position(source.file, 1, 1)
    wanted = f"a {format_key} file, which begins with `{format_key}: {version}`"
    if root is None:
        raise Unreadable(source.problem(start, "an empty file", wanted))
    if not isinstance(root, Mapping):
        raise Unreadable(source.problem(root.position, describe(root), wanted))
    wrong_kind = {"cluster": "plan" in root, "plan": "plan" not in root and "hosts" in root}[format_key]
    if wrong_kind:
        found = {"cluster": "a plan", "plan": "a cluster"}[format_key]
        raise Unreadable(source.problem(root.position, found, wanted))
    written = root.get(format_key)
    if written is not None and not (isinstance(written, Scalar) and written.plain and written.text == str(version)):
        hint = "this program reads no other version of the format"
        raise Unreadable(source.problem(written.position, describe(written), f"`{format_key}: {version}`", hint))
    return Document(source, root, composed.problems, composed.incomplete)
