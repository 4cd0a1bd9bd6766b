"""The tutorial does what it says: its blocks are run in order, and what they print is compared with the page.

With HOLDFAST_REWRITE=1 the page is rewritten with what the blocks print; read the difference before you keep it.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<said>.*?)```\n)?", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code, its line in the page, and what the page says that it prints."""

    line: int
    code: str
    said: str
    printed: str


@contextmanager
def module(name: str) -> Generator[ModuleType]:
    """An empty module that Python knows under its name, as a reader's own file would be."""
    made = sys.modules[name] = ModuleType(name)
    try:
        yield made
    finally:
        del sys.modules[name]


def run(page: str) -> list[Block]:
    """Every block of the page, run in order in one module."""
    blocks: list[Block] = []
    with module("tutorial") as reader:
        for match in BLOCK.finditer(page):
            line = page.count("\n", 0, match.start("code"))
            code = compile("\n" * line + match["code"], str(PAGE), "exec")
            with redirect_stdout(io.StringIO()) as printed:
                exec(code, vars(reader))
            blocks.append(Block(line + 1, match["code"], match["said"] or "", printed.getvalue()))
    return blocks


def rewritten(page: str, blocks: list[Block]) -> str:
    """The page with what the blocks print."""
    said = iter(blocks)

    def show(match: re.Match[str]) -> str:
        printed = next(said).printed
        return f"```python\n{match['code']}```\n" + (f"\n```text\n{printed}```\n" if printed else "")

    return BLOCK.sub(show, page)


def test_every_block_of_the_tutorial_prints_what_the_page_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = run(page)
    if os.environ.get("HOLDFAST_REWRITE"):
        PAGE.write_text(rewritten(page, blocks), encoding="utf-8")

    assert {b.line: b.printed for b in blocks} == {b.line: b.said for b in blocks}
    assert sum(bool(b.said) for b in blocks) >= 8


def test_a_page_that_says_something_else_is_noticed() -> None:
    page = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"

    assert [(b.said, b.printed) for b in run(page)] == [("3\n", "2\n")]
    assert rewritten(page, run(page)) == page.replace("3", "2")
