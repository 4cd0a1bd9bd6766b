"""The other pages hold to the code: links lead somewhere, examples load, every key and every verb is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.inputs.load import load_plan
from holdfast.inputs.verbs import VERBS

from .pages import ROOT, Page, output

PAGES = [
    *(p.name for p in sorted(ROOT.glob("*.md"))),
    *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md"))),
]
FORMATS = "docs/formats.md"
NAMED_FILE = re.compile(r"```yaml\n# (?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file(name: str) -> None:
    page = Page.at(name)

    assert [target for _, target in page.links() if not (page.path.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md", FORMATS])
def test_every_file_that_is_named_is_there(name: str) -> None:
    text = Page.at(name).text
    named = re.findall(r"`((?:model|specs|checkers|impl|src|tests|docs|benches)/[\w./-]*)`", text)

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_cluster_and_the_plan_of_the_page_load(tmp_path: Path) -> None:
    for match in NAMED_FILE.finditer(Page.at(FORMATS).text):
        (tmp_path / match["name"]).write_text(match["text"], encoding="utf-8")

    plan = load_plan(tmp_path / "plan.yaml")

    assert len(plan.residents) == 2
    assert {step.verb for step in plan.steps} == set(VERBS)


def keys(schema: Any) -> Iterator[str]:
    """Every key that a schema knows, at any depth."""
    if isinstance(schema, dict):
        for name, inner in schema.items():  # pyright: ignore[reportUnknownVariableType] - JSON has no types
            if name == "properties":
                yield from inner
            yield from keys(inner)
    elif isinstance(schema, list):
        for inner in schema:  # pyright: ignore[reportUnknownVariableType]
            yield from keys(inner)


@pytest.mark.parametrize("kind", ["cluster", "plan"])
def test_every_key_of_a_schema_is_explained(kind: str) -> None:
    schema = json.loads((ROOT / "specs" / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    prose = re.sub(r"```.*?```", "", Page.at(FORMATS).text, flags=re.DOTALL)
    explained = re.findall(r"`([^`]+)`", prose)

    assert {key for key in keys(schema) if not any(re.match(rf"{key}\b", said) for said in explained)} == set()


def test_every_verb_is_explained() -> None:
    page = Page.at(FORMATS)

    page.keep(page.with_list("verbs", [f"- `{verb.name}`: {verb.sentence}" for verb in VERBS.values()]))


@pytest.mark.parametrize(
    "command",
    [
        "verify specs/examples/safe-two-at-once.yaml",
        "verify specs/examples/unsafe-guests-unbounded.yaml",
        "explore smallest",
    ],
)
def test_every_key_of_a_verdict_is_explained(command: str) -> None:
    printed = output(f"holdfast {command} --json").partition("[exit code")[0]
    section = Page.at(FORMATS).text.partition("## Verdict")[2].partition("\n## ")[0]

    assert [key for key in json.loads(printed) if f"`{key}`" not in section] == []
