"""Sizes, words that YAML turns into something else, verbs, and the weight of an import."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from holdfast.inputs.plan_schema import MemberEntry, StepEntry
from holdfast.inputs.scalars import trap
from holdfast.inputs.sizes import SIZE_PAGES_MAX, BadSize, parse_size, size_text
from holdfast.inputs.verbs import VERBS, Takes, verbs_taking

SOURCE = Path(__file__).parents[2] / "src"


@given(st.integers(0, SIZE_PAGES_MAX))
def test_every_size_is_written_so_that_it_reads_back(pages: int) -> None:
    assert parse_size(size_text(pages)) == pages


@pytest.mark.parametrize(
    ("text", "pages"), [("0", 0), ("4KiB", 1), ("1MiB", 256), ("16GiB", 1 << 22), ("1024PiB", 1 << 48)]
)
def test_sizes_are_pages_of_four_kib(text: str, pages: int) -> None:
    assert parse_size(text) == pages


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("16", "`16GiB`"),
        ("16GB", "`16GiB`"),
        ("16gib", "`16GiB`"),
        ("1.5GiB", "`1536MiB`"),
        ("6KiB", "`4KiB` and `8KiB`"),
        ("1KiB", "`0` and `4KiB`"),
        ("00", "in which unit"),
        ("-1GiB", "whole number"),
        ("0GiB", "binary"),
        ("9" * 5000 + "GiB", "whole number"),
    ],
)
def test_what_is_no_size_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(BadSize) as caught:
        parse_size(text)
    assert hint in caught.value.hint


@given(st.one_of(st.text(max_size=12), st.from_regex(r"\A[-+0-9a-fxoe:._~]{1,8}\Z")))
def test_whatever_pyyaml_would_convert_is_a_trap(text: str) -> None:
    resolver: Any = yaml.SafeLoader("")
    tag: str = resolver.resolve(yaml.ScalarNode, text, (True, False))
    if tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"):
        assert trap(text) is not None, tag


@pytest.mark.parametrize(
    "text", ["y", "NO", "1e3", "0o7", "017", "1:30", "1_000", ".5", "~", "2024-01-01", "0x1F", ".inf"]
)
def test_known_traps_are_traps(text: str) -> None:
    assert trap(text) is not None


@pytest.mark.parametrize("text", ["web1", "kvm-7.2", "north", "1e3x", "e3", "10.0.1", "db-1", "v0x1"])
def test_ordinary_names_are_no_traps(text: str) -> None:
    assert trap(text) is None


def test_the_verbs_of_the_table_are_the_verbs_of_the_schema() -> None:
    for model in (StepEntry, MemberEntry):
        kinds = set(model.kinds()) - {"do", "together"}
        assert kinds == {verb.name for verb in VERBS.values() if verb.takes is not Takes.NOTHING}
        assert model.words == verbs_taking(Takes.NOTHING)


def test_records_pull_in_no_library() -> None:
    program = "import sys; import holdfast.inputs.records; print([m for m in ('yaml', 'pydantic') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
