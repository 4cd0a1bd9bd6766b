"""The page on scenarios: its commands print what it shows, its grammar is the parser's, its scenario plays."""

from __future__ import annotations

import re
import textwrap

from holdfast.scenarios import text
from holdfast.scenarios.play import mistakes, play
from tests.pages import Page

PAGE = "docs/scenarios.md"


def grammar() -> list[str]:
    """The grammar as the parser's own page has it."""
    said = textwrap.dedent(str(text.__doc__).partition("\n")[2])
    rules = re.search(r"^ +file .*?(?=\n\n)", said, re.MULTILINE | re.DOTALL)
    assert rules is not None
    return ["```text", *textwrap.dedent(rules[0]).splitlines(), "```"]


def test_the_page_shows_what_its_commands_print() -> None:
    page = Page.at(PAGE)

    page.keep(page.with_output())


def test_the_page_has_the_grammar_of_the_parser() -> None:
    page = Page.at(PAGE)

    page.keep(page.with_list("grammar", grammar()))
    assert len(grammar()) > 8


def test_the_scenario_of_the_page_plays() -> None:
    block = Page.at(PAGE).text.partition("```text\n# Frames")[2].partition("```")[0]
    script = text.parse(f"# Frames{block}", PAGE)

    assert len(script.lines) == 3
    assert mistakes(script, play(script, script.run())) == []


def test_the_example_of_the_parser_parses() -> None:
    example = str(text.__doc__).partition("\n\n")[2].partition("    file     =")[0]
    lines = [line for line in textwrap.dedent(example).splitlines() if not line.startswith(("world", "mutant", "init"))]
    script = text.parse("\n".join(["world smallest", *(re.sub(r"  +optional.*", "", line) for line in lines)]))

    assert [line.verb.text for line in script.lines] == ["create_host_vm", "stop", "commit", "look", "decide"]
