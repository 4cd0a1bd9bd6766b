"""A file that is no scenario is refused with all that is wrong with it, each with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.inputs.problems import BadInput
from holdfast.scenarios.play import mistakes, play
from holdfast.scenarios.text import Outcome, Word, parse, read, written

HEAD = "world smallest\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "s:1:1: found no world, expected `world` or `plan`"),
        (HEAD, "s:1:1: found a scenario without a step"),
        ("world smallest\nplan x.yaml\nsuspend host\n", "s:1:1: found a world and a plan"),
        ("world a b\nsuspend\n", "s:1:1: found `world a b`, expected `world` and one name or number"),
        ("world a\nworld b\nsuspend\n", "s:2:1: found a second `world`, expected one"),
        ("suspend host\nworld smallest\n", "s:2:1: found `world` after a step, expected it before every step"),
        (
            HEAD + "tolerate boot_failed\nsuspend\n",
            "s:2:1: found `tolerate boot_failed`, expected `tolerate FAULT NUMBER`",
        ),
        (HEAD + "tolerate boot_failed x\nsuspend\n", "s:2:22: found `x`, expected a number"),
        (HEAD + "tolerate boot_failed 9\nsuspend\n", "s:2:22: found `9`, expected a number from 0 to 3"),
        (HEAD + "initial -1\nsuspend\n", "s:2:9: found `-1`, expected a number"),
        (HEAD + "  => done\n", "s:2:1: found nothing before `=>`"),
        (HEAD + 'copy "vm 1 => done\n', "s:2:6: found a quotation that does not end"),
        (HEAD + "suspend host => perhaps\n", "s:2:17: found `perhaps`, expected `done`, `breaks PROPERTY` or"),
        (HEAD + "suspend host =>\n", "s:2:16: found ``, expected `done`"),
        (HEAD + "suspend host => refused\n", "s:2:17: found `refused`"),
        (HEAD + "suspend host => breaks\n", "s:2:17: found `breaks`"),
        (HEAD + "suspend host => done: \n", "s:2:17: found ``, expected `FIELD = VALUE`"),
        (HEAD + "suspend host => done: vm.stage\n", "s:2:17: found `vm.stage`, expected `FIELD = VALUE`"),
        (HEAD + "suspend host => done: vm.stage = \n", "s:2:17: found `vm.stage =`"),
        (HEAD + "look\n", "s:2:1: found `look` that expects nothing"),
        (HEAD + "look => done\n", "s:2:9: found `done`, expected `FIELD = VALUE`"),
        (HEAD + "decide exchange_ends => maybe\n", "s:2:25: found `maybe`, expected `holds` or `violated`"),
    ],
)
def test_what_is_not_written_as_a_scenario_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text, "s")

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("world smallets\nsuspend host\n", "s:1:7: found the world `smallets`, expected did you mean `smallest`?"),
        (HEAD + "mutant nobody\nsuspend host\n", "s:2:8: found the mutant `nobody`"),
        (
            "world six-classes\nmutant source-continued\nsuspend host\n",
            "s:1:7: found the world of that mutant `six-classes`",
        ),
        (HEAD + "tolerate boot_faild 1\nsuspend host\n", "s:2:10: found the fault `boot_faild`"),
        (HEAD + "initial 3\nsuspend host\n", "s:2:9: found initial state 3, expected a number below 1"),
        (HEAD + "suspnd host\n", "s:2:1: found the action `suspnd`, expected did you mean `suspend`?"),
        (
            HEAD + "inflate vm 1\n",
            "s:2:1: found the action `inflate`, expected an action that this world does not leave out",
        ),
        (HEAD + "suspend hots\n", "s:2:9: found `hots`, expected `suspend [machine]`"),
        ("world one-at-a-time\nstop third\n", "s:2:6: found `third`, expected first or second"),
        ("world one-at-a-time\nstop\n", "s:2:1: found no vm for stop, expected `stop VM`"),
        (HEAD + "copy vm\n", "s:2:1: found no amount for copy, expected `copy [vm] AMOUNT`"),
        (HEAD + "copy vm 7\n", "s:2:9: found `7`, expected a number from 1 to 1"),
        (HEAD + "suspend host host\n", "s:2:14: found `host`, expected `suspend [machine]`"),
        (HEAD + "suspend host => breaks one_athority\n", "s:2:17: found `one_athority`, expected did you mean"),
        (HEAD + "suspend host => refused: it rains\n", "s:2:17: found `it rains`"),
        (HEAD + "look => vm.stag = COPYING\n", "s:2:9: found the field `vm.stag`, expected did you mean `vm.stage`?"),
        (HEAD + "decide\n", "s:2:1: found 0 names, expected the name of one property"),
        (HEAD + "decide one_authority => holds\n", "s:2:8: found the property `one_authority`"),
    ],
)
def test_what_the_run_does_not_know_is_refused(text: str, said: str) -> None:
    script = parse(text, "s")
    with pytest.raises(BadInput) as caught:
        play(script, script.run())

    assert said in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    script = parse(HEAD + "suspnd host\ncopy vm 9\n", "s")
    with pytest.raises(BadInput) as unknown:
        play(script, script.run())
    with pytest.raises(BadInput) as malformed:
        parse(HEAD + "suspend => perhaps\nlook\n")

    assert [p.position.line for p in unknown.value.problems] == [2, 3]
    assert [p.position.line for p in malformed.value.problems] == [2, 3]


def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff\xfe")

    for name in ("absent", "latin"):
        with pytest.raises(BadInput, match="a file that cannot be read"):
            read(tmp_path / name)


def test_words_with_spaces_and_quotes_come_back_as_they_were() -> None:
    words = ["plain", "two words", 'a "quote"', "back\\slash and space", "#", "=>", ""]
    script = parse(HEAD + "act " + " ".join(map(written, words)), "s")

    assert [w.text for w in script.lines[0].arguments] == words
    assert script.lines[0].arguments[0] == Word("plain", 5)


def test_an_argument_whose_sort_has_one_member_may_be_left_out() -> None:
    script = parse(
        HEAD + "create_host_vm\nconsolidate\ncopy 1 => done: vm.copied = 1\nmigration_aborted vm tolerated => done\n"
    )

    assert mistakes(script, play(script, script.run())) == []


def test_a_step_without_an_outcome_may_do_what_it_likes() -> None:
    script = parse(HEAD + "suspend host\nlook => host.map = NONE\n")
    played = play(script, script.run())

    assert played[0].outcome.kind == "refused"
    assert mistakes(script, played) == []
    assert str(Outcome("breaks", ("a", "b"), (("x.y", "1"),))) == "breaks a, b: x.y = 1"
