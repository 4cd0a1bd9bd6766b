"""Pages of prose that are held to the code: lists made from it, commands that are run, links that lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
REWRITE = bool(os.environ.get("HOLDFAST_REWRITE"))
"""Whether pages are rewritten with what the code says, instead of compared; read the difference before you keep it."""

CONSOLE = re.compile(r"```(?P<fence>console)\n\$ (?P<command>.*)\n(?P<said>(?:.*\n)*?)```\n")
REAL = re.compile(CONSOLE.pattern.replace("console)", "console qemu)"))
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)")
SECONDS = re.compile(r"\b\d+(\.\d+)? ?(s|ms|seconds)\b")


@dataclass(frozen=True)
class Page:
    """A page and its text as it is now."""

    path: Path
    text: str

    @classmethod
    def at(cls, name: str) -> Page:
        """The page of that name, from the root."""
        return cls(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))

    def keep(self, rewritten: str) -> None:
        """Check that the page already says what was rewritten; or, when asked to, write it."""
        if REWRITE:
            self.path.write_text(rewritten, encoding="utf-8")
        else:
            assert self.text == rewritten, f"{self.path.name} is out of date: run this test with HOLDFAST_REWRITE=1"

    def with_list(self, name: str, lines: Iterable[str]) -> str:
        """The text with these lines between `<!-- name -->` and its end. Raises ValueError where neither is there."""
        before, begin, rest = self.text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        if not (begin and end):
            raise ValueError(f"{self.path.name} has no place for {name}")
        return before + begin + "".join(f"{line}\n" for line in lines) + end + after

    def links(self) -> Iterator[tuple[str, str]]:
        """Text and target of every link that leads to a file of the repository."""
        for match in LINK.finditer(self.text):
            if not match["target"].startswith(("http://", "https://", "#")):
                yield match["text"], match["target"].partition("#")[0]

    def with_output(self) -> str:
        """The text with every console block showing what its command prints now; what one writes, the next one finds."""
        with mirror() as folder:
            return CONSOLE.sub(lambda match: _shown(match, folder, timeless), self.text)

    def with_real_output(self) -> str:
        """The same for blocks that need real hypervisors (`console qemu`); in what these print, any number may differ.

        Blocks before them in the same section are run too, for what they write.
        """
        with mirror() as folder:
            parts = re.split(r"(?m)^(?=## )", self.text)
            return "".join(_really_shown(part, folder) if REAL.search(part) else part for part in parts)


@contextmanager
def mirror() -> Generator[Path]:
    """A folder that looks like the root, in which files may be written."""
    with tempfile.TemporaryDirectory() as folder:
        for path in ROOT.iterdir():
            Path(folder, path.name).symlink_to(path)
        yield Path(folder)


def _shown(match: re.Match[str], folder: Path, alike: Callable[[str], str]) -> str:
    """The block as it is, where only what may differ is not as it is printed; else with what is printed."""
    printed = output(match["command"], folder)
    same = alike(printed) == alike(match["said"])
    return f"```{match['fence']}\n$ {match['command']}\n{match['said'] if same else printed}```\n"


def timeless(text: str) -> str:
    """The text without what differs from run to run: seconds, and spaces at line ends."""
    return "\n".join(SECONDS.sub("TIME", line).rstrip() for line in text.splitlines())


def _really_shown(section: str, folder: Path) -> str:
    for match in CONSOLE.finditer(section):
        output(match["command"], folder)
    return REAL.sub(lambda match: _shown(match, folder, numberless), section)


def numberless(text: str) -> str:
    """The text without any number, and with one space where there are more."""
    return "\n".join(re.sub(r" +", " ", re.sub(r"\d+(\.\d+)*", "N", line)).rstrip() for line in text.splitlines())


def output(command: str, folder: Path = ROOT) -> str:
    """What a `holdfast` command prints, in a terminal of 100 columns and from a folder; its exit code, if not 0."""
    program, *arguments = shlex.split(command)
    assert program == "holdfast", f"only holdfast is run, not {program}"
    start = [sys.executable, "-c", "from holdfast.command import main; main()", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(start, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "".join(f"{line}\n" for line in lines) + (f"[exit code {done.returncode}]\n" if done.returncode else "")
