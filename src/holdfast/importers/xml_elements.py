"""Reading XML safely, with the position of every element.

Documents that declare a type or entities are refused, so nothing expands; size and depth are bounded. A text may hold
several elements one after the other, as when the output of several commands is kept in one file.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from ..inputs.positions import Position
from ..inputs.problems import BadInput, Source, quoted

DEPTH_MAX = 64
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_DANGEROUS = re.compile(r"<!(DOCTYPE|ENTITY)")
"""What can make a parser expand a few bytes to many, or fetch a file."""
_WRAPPER = "<several>"


@dataclass
class Element:
    """An element: its children in order, and the text directly inside it."""

    tag: str
    attributes: dict[str, str]
    position: Position
    children: list["Element"] = field(default_factory=list["Element"])
    text: str = ""

    def find(self, *path: str) -> "Element | None":
        """The first element at a path of tags, or None."""
        here: Element | None = self
        for tag in path:
            here = next((child for child in here.children if child.tag == tag), None) if here else None
        return here

    def find_all(self, *path: str) -> list["Element"]:
        """Every element with the last tag inside the first element at the path before it."""
        parent = self.find(*path[:-1])
        return [child for child in parent.children if child.tag == path[-1]] if parent else []


def read_elements(source: Source) -> list[Element]:
    """The top-level elements of a text; raises BadInput at the first place where it is no XML."""
    declaration = _DANGEROUS.search(source.text)
    if declaration is not None:
        position = source.position_at(declaration.start())
        raise BadInput(
            [source.problem(position, f"the declaration {quoted(declaration[0])}", "XML as libvirt prints it")]
        )
    builder = _Builder(source)
    # Declarations are blanked, not removed, so that positions stay true.
    body = _DECLARATION.sub(lambda match: " " * len(match[0]), source.text)
    try:
        builder.parser.Parse(_WRAPPER, False)
        builder.parser.Parse(body, False)
        builder.parser.Parse(_WRAPPER.replace("<", "</"), True)
    except expat.ExpatError as error:
        position = builder.position(error.lineno, error.offset)
        raise BadInput([source.problem(position, f"malformed XML ({_reason(error)})", "XML")]) from None
    return builder.root.children


def _reason(error: expat.ExpatError) -> str:
    reason = expat.ErrorString(error.code)
    return "an element that is not closed" if reason == "mismatched tag" else str(reason)


class _Builder:
    """Builds elements from the parser's calls; `open` holds those that are not closed yet."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = Element("", {}, Position(source.file, 1, 1))
        self.open = [self.root]
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def position(self, line: int, column: int) -> Position:
        """A parser's position in the text; the wrapper stands before its first line."""
        return Position(self.source.file, line, max(1, column + 1 - (len(_WRAPPER) if line == 1 else 0)))

    def here(self) -> Position:
        return self.position(self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.open) > DEPTH_MAX:
            raise BadInput([self.source.problem(self.here(), "deeper nesting", f"at most {DEPTH_MAX} levels")])
        if len(self.open) == 1 and not self.root.tag:
            self.root.tag = tag
            return
        element = Element(tag, attributes, self.here())
        self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, _tag: str) -> None:
        if len(self.open) > 1:
            self.open.pop()

    def characters(self, data: str) -> None:
        if len(self.open) == 1 and data.strip():
            raise BadInput([self.source.problem(self.here(), f"the text {quoted(data.strip())}", "XML elements only")])
        self.open[-1].text += data
