"""Every malformed file in `bad/` gives exactly the problems in the `.expected` file beside it.

`HOLDFAST_REWRITE=1` writes the `.expected` files anew; read the difference before you keep it.
"""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from holdfast.inputs.load import load_cluster, load_plan
from holdfast.inputs.problems import BadInput

BAD = Path(__file__).parent / "bad"
FILES = sorted(path for path in BAD.iterdir() if path.suffix in (".yaml", ".json"))


def problems_in(path: Path) -> str:
    """What a user reads, with paths relative to the corpus."""
    load = load_plan if path.name.startswith("plan-") else load_cluster
    with pytest.raises(BadInput) as caught:
        load(path)
    return str(caught.value).replace(f"{BAD}/", "") + "\n"


def test_the_corpus_has_malformed_clusters_and_plans() -> None:
    assert len(FILES) >= 25
    assert {path.name.split("-")[0] for path in FILES} == {"cluster", "plan"}
    orphans = {path.stem for path in BAD.glob("*.expected")} - {path.stem for path in FILES}
    assert not orphans, "an expectation without its file is never looked at"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_malformed_file_gives_all_its_problems_with_positions(path: Path) -> None:
    rendered = problems_in(path)
    expected = path.with_suffix(".expected")
    if os.environ.get("HOLDFAST_REWRITE") == "1":
        expected.write_text(rendered, encoding="utf-8")
    assert rendered == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_problems_are_sorted_and_inside_their_file(path: Path) -> None:
    load = load_plan if path.name.startswith("plan-") else load_cluster
    with pytest.raises(BadInput) as caught:
        load(path)
    problems = caught.value.problems
    assert problems
    for one, next_one in pairwise(problems):
        if one.position.file == next_one.position.file:
            assert one.position <= next_one.position
    for problem in problems:
        assert problem.position.line >= 1 and problem.position.column >= 1
        assert problem.found and problem.expected
