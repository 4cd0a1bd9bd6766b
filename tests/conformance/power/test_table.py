"""The table itself: a survivor fails its test, and too few right requirements fail the run."""

from __future__ import annotations

import pytest

from .table import Row, recorded, told, too_weak

RIGHT = Row("no fence", "controller", "crash points", ("S1",), ("S1", "S2"))
WRONG = Row("no gate", "controller", "lock step", ("M1",), ("S4",))
ALIVE = Row("no journal", "journal", "", ("X5",), ())


def test_a_survivor_fails_and_is_recorded_all_the_same() -> None:
    found: list[str] = []

    with pytest.raises(AssertionError, match="no journal survives"):
        recorded(ALIVE, lambda name, _: found.append(name))

    assert found == ["power"]


def test_the_table_says_who_caught_what_and_what_was_expected() -> None:
    text = "\n".join(told([RIGHT, WRONG, ALIVE]))

    assert "no fence    crash points: S1\n" in text
    assert "no gate     lock step: S4 (expected M1)" in text
    assert "no journal  SURVIVES" in text
    assert "in all         2 of    3 caught,  33 % by the requirement that they break" in text


@pytest.mark.parametrize(("rows", "weak"), [([RIGHT] * 9 + [WRONG], False), ([RIGHT] * 8 + [WRONG], True), ([], False)])
def test_too_few_right_requirements_are_too_weak(rows: list[Row], weak: bool) -> None:
    assert too_weak(rows) is weak
