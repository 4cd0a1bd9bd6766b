"""Writing a cluster file: plain YAML in which every assumed value says so, above it and in the list of assumptions."""

import json
import re
from dataclasses import dataclass, field

from ..inputs.scalars import trap

_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9_.-]*$")


@dataclass
class ClusterText:
    """Collects the lines of a cluster file, and the assumptions made on the way."""

    lines: list[str] = field(default_factory=list[str])
    assumptions: list[str] = field(default_factory=list[str])
    about: str = ""
    """What the current entry is, such as `vm web1`."""

    def section(self, name: str) -> None:
        """Begin a top-level list."""
        self.lines.append(f"{name}:")

    def entry(self, kind: str, name: str) -> None:
        """Begin an entry of the list with its name; assumptions from here on are about it."""
        self.about = f"{kind} {name}"
        self.lines.append(f"  - name: {name_text(name)}")

    def value(self, key: str, text: str, *assumptions: str) -> None:
        """A value of the entry, after what was assumed for it."""
        for sentence in assumptions:
            self.remark(sentence)
        self.lines.append(f"    {key}: {text}")

    def remark(self, sentence: str) -> None:
        """An assumption about the entry: here, and in the list at the end."""
        self.lines.append(f"    # {sentence}")
        self.assumptions.append(f"{self.about}: {sentence}")

    def finished(self, heading: str) -> str:
        """The text of the file."""
        listed = [f"  - {json.dumps(sentence, ensure_ascii=False)}" for sentence in self.assumptions]
        tail = ["assumptions:", *listed] if listed else []
        return "\n".join([f"# {heading}", "cluster: 1", *self.lines, *tail]) + "\n"


def name_text(name: str) -> str:
    """A name as YAML: plain where no reader could take it for anything else, else in quotes."""
    return name if _PLAIN.match(name) and trap(name) is None else json.dumps(name, ensure_ascii=False)


def boolean_text(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"
