"""Every scenario of this folder comes to what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.inputs.problems import BadInput
from holdfast.scenarios.text import read
from holdfast.specs.worlds import MODEL_WORLDS
from tests.scenarios.runner import FOLDER, assert_plays, scenarios_in


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in scenarios_in(FOLDER)])
def test_a_scenario_comes_to_what_it_says(file: Path) -> None:
    assert_plays(file)


def test_the_scenarios_say_what_they_show_and_are_of_every_part_of_the_model() -> None:
    files = scenarios_in(FOLDER)
    parts = {part for file in files for part in MODEL_WORLDS[str(read(file).origin.world)].parts}

    assert [file.name for file in files if not file.read_text(encoding="utf-8").startswith("# ")] == []
    assert parts == {part for case in MODEL_WORLDS.values() for part in case.parts}


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no scenario in"):
        scenarios_in(tmp_path)


@pytest.mark.parametrize(
    ("line", "wrong", "place"),
    [
        ("commit vm            => refused: every page has been copied", "commit vm            => done", "17:25"),
        ("copy vm 1            => done", "copy vm 1            => done: vm.copied = 0", "20:25"),
        ("look                 => vm.source = host.guest", "look                 => vm.source = host.old", "26:25"),
        ("look                 => vm.source = host.guest", "decide exchange_done  => holds", "26:8"),
        ("stop vm              => done", "stop vm => breaks one_authority", "16:12"),
    ],
)
def test_a_wrong_expectation_is_told_with_its_place(line: str, wrong: str, place: str, tmp_path: Path) -> None:
    text = (FOLDER / "order-refused.scenario").read_text(encoding="utf-8")
    file = tmp_path / "wrong.scenario"
    assert line in text
    file.write_text(text.replace(line, wrong, 1), encoding="utf-8")

    with pytest.raises((AssertionError, BadInput), match=f"wrong.scenario:{place}: found"):
        assert_plays(file, rewrite=False)


def test_rewriting_mends_what_is_expected_and_touches_nothing_else(tmp_path: Path) -> None:
    text = (FOLDER / "order-refused.scenario").read_text(encoding="utf-8")
    file = tmp_path / "wrong.scenario"
    file.write_text(text.replace("every page has been copied", "the VM is stunned"), encoding="utf-8")
    with pytest.raises(AssertionError, match="every page has been copied"):
        assert_plays(file, rewrite=False)

    assert_plays(file, rewrite=True)

    assert file.read_text(encoding="utf-8") == text
    assert_plays(file, rewrite=False)
