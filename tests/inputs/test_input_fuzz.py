"""Whatever the loaders are given, they answer with records or with BadInput, never with a traceback.

`HOLDFAST_FUZZ=10000` tries that many examples of each kind.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any, cast

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.inputs.load import cluster_from, load_cluster, plan_from
from holdfast.inputs.problems import BadInput, Source
from holdfast.inputs.records import Cluster, Plan
from tests.inputs.as_yaml import to_yaml

EXAMPLES = int(os.environ.get("HOLDFAST_FUZZ", "80"))
GOOD = Path(__file__).parent / "good"
CLUSTER_TEXTS = [path.read_text(encoding="utf-8") for path in sorted(GOOD.iterdir()) if "-plan" not in path.name]
PLAN_TEXTS = [path.read_text(encoding="utf-8") for path in sorted(GOOD.iterdir()) if "-plan" in path.name]
PIECES = (
    *(
        "no",
        "~",
        "1e3",
        "&a",
        "*a",
        "<<: ",
        "!!str ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "? ",
        "\n",
        "\t",
        '"',
        "'",
        "|",
        ">",
    ),
    *(
        "#",
        "\0",
        "---\n",
        "16GiB",
        "0",
        "-1",
        "web1",
        "alpha",
        "\u2028",
        "\x85",
        "\U0001f600",
        ",",
        "%",
        "@",
        "`",
        "\\",
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(PIECES),
)


def answer(text: str) -> None:
    """Load a text both ways; the problems that come out can be shown, and point into the file."""
    for load in (cluster_from, plan_from):
        try:
            result: Cluster | Plan = load(Source(str(GOOD / "fuzzed"), text))
        except BadInput as error:
            assert error.problems
            assert str(error).encode("utf-8", errors="strict")
            for problem in error.problems:
                assert problem.position.line >= 1 and problem.position.column >= 1
        else:
            assert isinstance(result, Cluster | Plan)


def parsed(text: str) -> Any:
    """A good file as plain data."""
    return json.loads(text) if text.startswith("{") else yaml.safe_load(text)


def usable(text: str) -> str:
    """Text as `read_source` lets it through: what it refuses has tests of its own."""
    return "".join(char for char in text if not "\ud800" <= char <= "\udfff")


@settings(max_examples=EXAMPLES)
@given(st.text(max_size=200))
def test_random_text(text: str) -> None:
    answer(usable(text))


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=200))
def test_random_bytes_in_a_file(tmp_path_factory: Any, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(data)
    with contextlib.suppress(BadInput):
        load_cluster(path)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good file with a few pieces put in, taken out, or put in the place of others."""
    text = draw(st.sampled_from(CLUSTER_TEXTS + PLAN_TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        text = text[:start] + draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=5))) + text[start + length :]
    return usable(text)


@settings(max_examples=EXAMPLES)
@given(mutated())
def test_mutated_good_files(text: str) -> None:
    answer(text)


def trees(keys: list[str]) -> st.SearchStrategy[Any]:
    """Random trees whose keys are often the right ones."""
    key = st.one_of(st.sampled_from(keys), st.text(max_size=4))
    return st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(key, inner, max_size=5)),
        max_leaves=12,
    )


KEYS = sorted(
    {
        word
        for text in CLUSTER_TEXTS + PLAN_TEXTS
        for word in text.replace('"', " ").replace(":", " ").split()
        if word.isidentifier()
    }
)


@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from(["cluster", "plan"]), st.dictionaries(st.sampled_from(KEYS), trees(KEYS), max_size=6), st.booleans()
)
def test_random_trees(kind: str, tree: dict[str, Any], as_json: bool) -> None:
    tree = {**tree, kind: 1}
    answer(usable(json.dumps(tree) if as_json else to_yaml(tree, allow_unicode=True)))


def keys_of(node: Any) -> list[Any]:
    """Where something stands directly inside a node; nowhere in a scalar."""
    if isinstance(node, dict):
        return list(cast("dict[str, Any]", node))
    return list(range(len(cast("list[str]", node)))) if isinstance(node, list) else []


@st.composite
def transplanted(draw: st.DrawFn) -> str:
    """A good file in which the value at one random path is another random tree."""
    data: Any = parsed(draw(st.sampled_from(CLUSTER_TEXTS + PLAN_TEXTS)))
    node = data
    while True:
        key = draw(st.sampled_from(keys_of(node)))
        inner = node[key]
        if not keys_of(inner) or draw(st.booleans()):
            node[key] = draw(trees(KEYS))
            return usable(json.dumps(data))
        node = inner


@settings(max_examples=EXAMPLES)
@given(transplanted())
def test_good_files_with_one_wrong_value(text: str) -> None:
    answer(text)
