"""In lock step: what conforms, what deviates and how, what may be left out, and what an implementation chooses itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from holdfast.checkers.conform.accounts import Accounts
from holdfast.checkers.conform.consequences import NAMED_AHEAD
from holdfast.checkers.interpret import Run
from holdfast.conformance import baseline
from holdfast.conformance.adapter import Answer, Did, Done, Greeting, Happened, Refused, Unsupported
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.session import Prepared, Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms, Deviates, Deviation, Kind, Report, Thin, Undecided, Verdict
from holdfast.inputs.problems import BadInput
from holdfast.model.language import ModelError
from holdfast.specs.worlds import WORLDS

from .implementations.interpreted import Interpreted

SETTINGS = Settings(walks=2)
CAREFUL = Settings(Rules(careful=True), walks=2)


@cache
def exchange() -> Prepared:
    return prepare(Run(*WORLDS["empty-machine"].build()), SETTINGS)


def judged(
    adapter: type[Interpreted], settings: Settings = SETTINGS, known: baseline.Baseline = baseline.NONE
) -> Verdict:
    return conform(exchange(), lambda: adapter(exchange().run), settings, known)


def first(verdict: Verdict) -> Deviation:
    assert isinstance(verdict, Deviates)
    deviation = verdict.report.failing[0].deviation
    assert deviation is not None
    return deviation


def report(verdict: Verdict) -> Report:
    assert isinstance(verdict, Conforms | Thin | Undecided | Deviates)
    return verdict.report


def test_the_interpreter_conforms_and_shows_everything() -> None:
    verdict = judged(Interpreted)

    assert isinstance(verdict, Conforms)
    assert verdict.report.coverage is not None
    assert verdict.report.coverage.whole


class Blind(Interpreted):
    """Shows nothing."""

    def observe(self) -> Mapping[str, Any]:
        return {}


def test_nothing_needs_to_be_seen() -> None:
    assert isinstance(judged(Blind), Conforms)


class Forgets(Interpreted):
    """Builds maps again, without asking whether there is one."""

    def __init__(self, run: Run) -> None:
        super().__init__(Run(run.system.without("seal_map", "the map has been built"), run.world))


def test_what_the_model_refuses_is_told_by_its_requirement_and_what_it_protects() -> None:
    found = first(judged(Forgets))

    assert (found.kind, found.action) == (Kind.TAKEN, "seal_map")
    assert found.requirements == ("the map has been built",)
    assert found.consequences
    assert found.possible


def test_the_shortest_way_to_a_deviation_is_looked_for() -> None:
    verdict = judged(Forgets)
    shortest, failing = report(verdict).shortest, report(verdict).failing[0]

    assert shortest is None or shortest.attempts < failing.attempts
    assert shortest is None or shortest.deviation == failing.deviation


def test_what_breaks_later_is_sought_by_fewest_steps() -> None:
    comes = first(judged(TearsDown)).consequences
    later = [one.steps for one in comes if one.later()]

    assert comes[0].steps == 0
    assert later == sorted(later, key=lambda steps: steps or 0)
    assert len(later) <= NAMED_AHEAD


class TearsDown(Interpreted):
    """Ends the old hypervisor though the new one has not validated the map."""

    def __init__(self, run: Run) -> None:
        forgotten = "the new hypervisor has validated the map"
        super().__init__(Run(run.system.without("tear_down_old", forgotten), run.world))


class Lies(Interpreted):
    """Says that it has passed the map when it has not."""

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        before = self.state
        answer = super().attempt(action, arguments)
        if action == "pass_map":
            self.state = before
        return answer


def test_a_lie_is_seen_in_what_is_observed() -> None:
    found = first(judged(Lies))

    assert found.kind is Kind.SEEN
    assert found.differs == ("host.map is SEALED, not PASSED",)


class Changes(Interpreted):
    """Refuses to suspend, and does so all the same."""

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        answer = super().attempt(action, arguments)
        return Refused("no") if action == "suspend" and isinstance(answer, Done) else answer


def test_a_refusal_after_which_something_has_changed_is_no_refusal() -> None:
    assert first(judged(Changes, CAREFUL)).kind is Kind.SEEN


class Careful(Interpreted):
    """Never rolls back."""

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        return Refused("not today") if action == "roll_back" else super().attempt(action, arguments)


def test_what_is_refused_and_allowed_deviates_unless_it_may_be_careful() -> None:
    found = first(judged(Careful))

    assert (found.kind, found.action) == (Kind.REFUSED, "roll_back")
    assert "not today" in found.sentence


class CarefulAndForgetful(Forgets):
    """Never destroys a host VM, and builds maps again."""

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        return Refused("not today") if action == "destroy_host_vm" else super().attempt(action, arguments)


def test_a_walk_goes_on_after_a_refusal_to_what_breaks_something() -> None:
    verdict = judged(CarefulAndForgetful)

    assert first(verdict).kind is Kind.TAKEN
    assert {w.deviation.kind for w in report(verdict).failing if w.deviation} == {Kind.TAKEN, Kind.REFUSED}


def test_no_walk_is_begun_after_one_that_breaks_something_where_that_is_enough() -> None:
    verdict = judged(Forgets, replace(SETTINGS, first_only=True))

    assert first(verdict).consequences
    assert len(report(verdict).walked) < len(exchange().walks)


class Counts(Interpreted):
    """Shows an account; `adds` more than there is of it."""

    adds = 0

    def observe(self) -> Mapping[str, Any]:
        (used,) = Accounts(self.run).of(self.state, ["host.used"]).values()
        return {**super().observe(), "host.used": used + self.adds}


class Miscounts(Counts):
    """Shows a frame too many."""

    adds = 1


def test_accounts_may_be_shown_and_a_wrong_one_deviates() -> None:
    found = first(judged(Miscounts))

    assert isinstance(judged(Counts), Conforms)
    assert (found.kind, found.differs[0].partition(" is ")[0]) == (Kind.SEEN, "host.used")


class MiscountsAndForgets(Forgets):
    """A wrong account, and more."""

    def observe(self) -> Mapping[str, Any]:
        return {**super().observe(), "host.used": -1}


def test_what_comes_of_a_wrong_account_says_more_than_the_account() -> None:
    assert any(w.deviation and w.deviation.kind is Kind.TAKEN for w in report(judged(MiscountsAndForgets)).failing)


def test_a_careful_implementation_shows_less_and_that_is_no_success() -> None:
    verdict = judged(Careful, CAREFUL)

    assert isinstance(verdict, Thin)
    assert "roll_back" in verdict.why
    assert any("roll_back host is refused" in note.text for note in verdict.report.notes)
    coverage = report(judged(Careful, Settings(Rules(careful=True), walks=0, coverage=50))).coverage
    assert coverage is not None
    assert coverage.actions.missing == ("roll_back",)


class Sulks(Interpreted):
    """Refuses everything."""

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        del action, arguments
        return Refused()


def test_whoever_does_nothing_does_not_conform() -> None:
    assert isinstance(judged(Sulks, Settings(Rules(careful=True), walks=0, coverage=0)), Thin)


class NoFaults(Interpreted):
    """Cannot make anything fail: one fault it says so of in its greeting, the other when it is asked."""

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        return Greeting(super().hello(world).name, unsupported=frozenset({"boot_failed"}))

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        assert action != "boot_failed", "it is not to be asked for that"
        return Unsupported() if action == "format_unreadable" else super().attempt(action, arguments)


def test_what_an_adapter_cannot_do_costs_coverage_and_no_more() -> None:
    verdict = judged(NoFaults, Settings(walks=2, coverage=80))

    assert isinstance(verdict, Conforms)
    assert verdict.report.coverage is not None
    assert verdict.report.coverage.faults.missing == ("boot_failed", "format_unreadable")


class Invents(Interpreted):
    """Has an action that the model does not have."""

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        return Greeting(super().hello(world).name, hidden=frozenset({"reboot"}))


def test_a_greeting_about_what_is_no_action_is_bad_input() -> None:
    with pytest.raises(ModelError, match="reboot"):
        judged(Invents)


class Eager(Interpreted):
    """When it launches the new hypervisor, this boots or fails to, as luck will have it; it does not say which."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, sees=())
        self.launches = 0

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        answer = super().attempt(action, arguments)
        if action != "launch_new" or not isinstance(answer, Done):
            return answer
        self.launches += 1
        then = "boot_failed" if self.launches == 2 else "finish_boot"
        more = {"tolerated": "tolerated"} if then == "boot_failed" else {}
        if isinstance(super().attempt(then, {"machine": "host", **more}), Refused):
            return Did([Happened("launch_new")])
        return Did([Happened("launch_new"), Happened(then)])


def test_what_an_implementation_does_instead_is_followed() -> None:
    verdict = judged(Eager, Settings(walks=5, coverage=0))

    assert isinstance(verdict, Conforms), first(verdict)


class Strays(Eager):
    """Does something instead that cannot be."""

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        answer = Interpreted.attempt(self, action, arguments)
        return Did([Happened("resume")]) if action == "launch_new" and isinstance(answer, Done) else answer


def test_what_an_implementation_does_instead_is_judged() -> None:
    found = first(judged(Strays))

    assert (found.kind, found.action) == (Kind.TAKEN, "resume")
    assert found.requirements == ("the new hypervisor carries the host VM",)


class Secretive(Interpreted):
    """Seals maps as soon as they are built, without a word."""

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        return Greeting(super().hello(world).name, hidden=frozenset({"seal_map"}))

    def attempt(self, action: str, arguments: Mapping[str, Any]) -> Answer:
        answer = super().attempt(action, arguments)
        if action == "build_map" and isinstance(answer, Done):
            super().attempt("seal_map", arguments)
        return answer


def test_hidden_steps_leave_open_which_state_it_is_in() -> None:
    assert isinstance(judged(Secretive, Settings(walks=3, coverage=0)), Conforms)


class Knows(Secretive):
    """The same, and does not say that it does so."""

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        return Interpreted.hello(self, world)


def test_steps_that_nobody_said_to_be_hidden_deviate() -> None:
    assert first(judged(Knows)).kind is Kind.SEEN


def test_no_walk_is_begun_when_the_time_is_up() -> None:
    verdict = judged(Interpreted, Settings(walks=2, seconds_max=0))

    assert isinstance(verdict, Undecided)


def test_a_world_without_a_graph_is_walked_by_chance() -> None:
    large = prepare(exchange().run, Settings(walks=3, states_max=0))
    verdict = conform(large, lambda: Interpreted(large.run), SETTINGS)

    assert large.suite is None
    assert isinstance(verdict, Conforms)
    assert verdict.report.coverage is None


# ------------------------------------------------------------------------------------------------------ baseline
def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def entry(identity: str, expires: str = "2026-06-30") -> str:
    return f"baseline: 1\ndeviations:\n  - id: '{identity}'\n    reason: mended in release 8\n    expires: {expires}\n"


def test_a_known_deviation_is_no_failure_until_its_day_is_over(tmp_path: Path) -> None:
    found = first(judged(Forgets))
    file = written(tmp_path / "baseline.yaml", entry(found.identity))

    today = judged(Forgets, SETTINGS, baseline.read(file, date(2026, 6, 30)))
    tomorrow = judged(Forgets, SETTINGS, baseline.read(file, date(2026, 7, 1)))

    assert not isinstance(today, Deviates)
    assert report(today).accepted[0].known is not None
    assert isinstance(tomorrow, Deviates)


def test_a_known_deviation_that_does_not_occur_any_more_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "baseline.yaml", entry("0123456789ab"))
    verdict = judged(Interpreted, SETTINGS, baseline.read(file, date(2026, 1, 1)))

    assert isinstance(verdict, Conforms)
    assert [known.identity for known in verdict.report.unseen] == ["0123456789ab"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deviations: []", "the key baseline"),
        ("baseline: 1\ndeviations: 3", "a list"),
        ("baseline: 1\ndeviations: [{id: a, expires: 2026-01-01}]", "without a reason"),
        ("baseline: 1\ndeviations: [{id: a, reason: b}]", "without a day"),
        ("baseline: 1\ndeviations: [{reason: b, expires: 2026-01-01}]", "without an id"),
        ("baseline: 1\ndeviations: [[]]", "id, reason and expires"),
        ("{", "no YAML"),
    ],
)
def test_a_baseline_without_reason_or_day_is_bad_input(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as bad:
        baseline.read(written(tmp_path / "baseline.yaml", text), date(2026, 1, 1))

    assert said in str(bad.value)
