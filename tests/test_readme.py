"""The README says what the code says: its lists, its links, its commands and what they print.

With HOLDFAST_REWRITE=1 the lists and outputs are rewritten; read the difference before you keep it.
"""

from __future__ import annotations

import ast
import re
import sys
from types import ModuleType
from typing import cast

import pytest

from holdfast.checkers.verdict import EXIT_CODE
from holdfast.model.language import Kind, Property
from holdfast.specs import mutants
from holdfast.specs.decided import LIVENESS
from holdfast.specs.model import PARTS
from holdfast.specs.mutant import Mutant

from .pages import ROOT, Page, output, timeless

README = "README.md"


REQUIRED = (Kind.ALWAYS, Kind.STEP, *LIVENESS)


def required() -> list[tuple[Property, str]]:
    """What must hold, part by part, in the order in which it is written; each with its file."""
    modules = [module for part in PARTS.values() for module in (*part.properties, *part.liveness)]
    found = [(x, file_of(module)) for module in modules for x in vars(module).values() if isinstance(x, Property)]
    return [(p, file) for p, file in found if p.kind in REQUIRED and p.cites]


def file_of(module: ModuleType) -> str:
    """The path of a module from the root."""
    return module.__name__.removeprefix("holdfast.").replace(".", "/") + ".py"


def files_of_mutants() -> dict[str, str]:
    """Each mutant with the file that defines it: the one with a tuple of them; the registry's own where there is none."""
    elsewhere: dict[str, str] = {}
    for name, module in sorted(sys.modules.items()):
        listed: object = getattr(module, "MUTANTS", None)
        if name.startswith("holdfast.specs.") and isinstance(listed, tuple):
            elsewhere |= {mutant.name: file_of(module) for mutant in cast("tuple[Mutant, ...]", listed)}
    return {name: elsewhere.get(name, file_of(mutants)) for name in mutants.MUTANTS}


def test_the_list_of_properties_is_that_of_the_code() -> None:
    page = Page.at(README)
    lines = [f"- [`{p.name}`]({file}) {', '.join(p.cites)}: {p.sentence}" for p, file in required()]

    page.keep(page.with_list("properties", lines))


def test_the_list_of_mutants_is_that_of_the_code() -> None:
    page, files = Page.at(README), files_of_mutants()
    lines = [
        f"- [`{m.name}`]({files[m.name]}): {m.sentence} Caught by `{m.breaks}` in `{m.world}`."
        for m in mutants.MUTANTS.values()
    ]

    page.keep(page.with_list("mutants", lines))


def test_every_command_prints_what_the_page_shows() -> None:
    page = Page.at(README)

    page.keep(page.with_output())


def test_a_page_that_shows_something_else_is_noticed() -> None:
    page = Page(ROOT / README, "```console\n$ holdfast --help\nHoldfast of old\n```\n")

    assert "Holdfast of old" not in page.with_output()
    assert output("holdfast --help") in page.with_output()


def test_the_options_that_the_page_names_are_there() -> None:
    section = Page.at(README).text.partition("## Your own host")[2].partition("\n## ")[0]
    named = set(re.findall(r"(?<=[ `])--?[a-z][a-z-]*", "".join(re.findall(r"holdfast import[^`]*", section))))
    offered = output("holdfast import libvirt --help")

    assert "--plan" in named
    assert [option for option in named if not re.search(rf"(?<!\S){option}(?!\w)", offered)] == []


def test_only_times_may_differ() -> None:
    assert timeless("took 0.31 s, 12 states") == timeless("took 12.0 s, 12 states")
    assert timeless("took 0.31 s, 12 states") != timeless("took 0.31 s, 13 states")


def test_the_second_sentence_names_the_heart() -> None:
    prose = Page.at(README).text.split("\n\n")[1]
    sentences = re.split(r"(?<=[.!?])\s+", prose)

    assert len(sentences) >= 2
    for word in ("heart", "model/language/", "terms", "actions", "systems"):
        assert word in sentences[1]


def defined(path: str) -> set[str]:
    """The names that a Python file defines or assigns at its top."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    named = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    assigned = {t for n in tree.body if isinstance(n, ast.Assign) for t in map(ast.unparse, n.targets)}
    return named | assigned | {ast.unparse(n.target) for n in tree.body if isinstance(n, ast.AnnAssign)}


def test_every_key_definition_is_where_the_page_says() -> None:
    section = Page.at(README).text.partition("## Key definitions")[2].partition("\n## ")[0]
    linked = list(Page(ROOT / README, section).links())

    assert linked
    for text, target in linked:
        assert text.strip("`") in defined(target), f"{target} does not define {text}"


def test_exit_codes_are_those_of_verdicts() -> None:
    text = Page.at(README).text
    rows = {int(code): said for code, said in re.findall(r"^\| (\d) \| (.*) \|$", text, re.MULTILINE)}

    assert set(rows) == {*EXIT_CODE.values(), 2}
    for verdict, code in EXIT_CODE.items():
        assert f"`{verdict.__name__}`" in rows[code]


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_are_targets_of_the_makefile(target: str) -> None:
    assert f"make {target} " in Page.at(README).text
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
