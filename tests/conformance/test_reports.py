"""Reports fit the schemas of those who read them, and say of what is known why it is accepted, and until when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from pydantic import ValidationError

from holdfast.conformance.baseline import Baseline, Known
from holdfast.conformance.reports import REPORTS
from holdfast.conformance.reports.text import lines
from holdfast.conformance.session import Settings
from holdfast.conformance.verdicts import Conforms, Deviates, NeverSpoke, Report, Thin, Undecided, Verdict, exit_code

from .implementations.interpreted import Interpreted
from .test_lockstep import Forgets, first, judged, report

JUNIT = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))
Sarif: Any = import_module("pydantic_sarif.model").StaticAnalysisResultsFormatSarifVersion210JsonSchema
NASTY = "]]> & <\x00\x1b[31m% \r\n::error::x # \\ ünï"


@cache
def verdicts() -> dict[str, Verdict]:
    """One of each kind, and one of everything in one."""
    deviates = judged(Forgets)
    found = first(deviates)
    until = Known(found.identity, "mended in release 8", date(2027, 3, 31), expired=False)
    known = judged(Forgets, Settings(walks=2, coverage=0), Baseline({found.identity: until}))
    failing = report(deviates).failing[0]
    assert failing.deviation is not None
    nasty = replace(failing, walk=NASTY, deviation=replace(failing.deviation, why=NASTY, event=NASTY))
    conforms = judged(Interpreted)
    return {
        "conforms": conforms,
        "deviates": deviates,
        "known": known,
        "expired": _expired(deviates),
        "nasty": Deviates(replace(report(deviates), walked=(nasty,), implementation=NASTY)),
        "thin": Thin(report(conforms), NASTY),
        "undecided": Undecided(report(conforms), "time is up"),
        "never-spoke": NeverSpoke("", "smallest", NASTY),
    }


def _expired(verdict: Verdict) -> Verdict:
    """The same with a known deviation whose day is over."""
    found: Report = report(verdict)
    over = Known(first(verdict).identity, "mended in release 8", date(2025, 3, 31), expired=True)
    return Deviates(replace(found, walked=tuple(replace(w, known=over) if w.fails else w for w in found.walked)))


NAMES = ("conforms", "deviates", "known", "expired", "nasty", "thin", "undecided", "never-spoke")


@pytest.mark.parametrize("name", NAMES)
def test_sarif_fits_the_published_schema(name: str) -> None:
    """As Pydantic's binding, which is generated from that schema, has it."""
    verdict = verdicts()[name]
    text = REPORTS["sarif"](verdict, "docs/examples/exchange.py")
    Sarif.model_validate_json(text)
    results = json.loads(text)["runs"][0]["results"]

    assert bool(results) == (name != "conforms")
    assert all(("suppressions" in result) == (name == "known") for result in results)


def test_what_is_no_sarif_does_not_fit_the_schema() -> None:
    log = json.loads(REPORTS["sarif"](verdicts()["deviates"], None))
    log["runs"][0]["results"][0]["level"] = "fatal"

    with pytest.raises(ValidationError):
        Sarif.model_validate(log)


@pytest.mark.parametrize("name", NAMES)
def test_junit_fits_the_published_schema_and_counts_what_it_has(name: str) -> None:
    """The schema of the plugin by which Jenkins reads it; pytest holds its own reports to it."""
    verdict = verdicts()[name]
    text = REPORTS["junit"](verdict, None)
    JUNIT.validate(text)
    (suite,) = ElementTree.fromstring(text)
    bad = int(suite.attrib["failures"]) + int(suite.attrib["errors"])

    assert (bad > 0) == (exit_code(verdict) != 0)
    assert int(suite.attrib["tests"]) == len(suite)
    assert (int(suite.attrib["skipped"]) > 0) == (name == "known")


def test_what_is_no_junit_does_not_fit_its_schema() -> None:
    text = REPORTS["junit"](verdicts()["deviates"], None)

    for wrong in (
        text.replace("<failure", "<broken", 1).replace("</failure", "</broken", 1),
        text.replace(" name=", " n="),
    ):
        with pytest.raises(xmlschema.XMLSchemaValidationError):
            JUNIT.validate(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_tap_has_its_plan_and_its_points(name: str) -> None:
    version, plan, *rest = REPORTS["tap"](verdicts()[name], None).splitlines()
    points = [line for line in rest if line.startswith(("ok ", "not ok "))]

    assert version == "TAP version 14"
    assert plan == f"1..{len(points) or 1}"
    assert all(line.startswith(("ok ", "not ok ", "  ", "Bail out!")) for line in rest)
    failing = [line for line in points if line.startswith("not ok") and f"# {'TO' + 'DO'}" not in line]
    assert bool(failing or name == "never-spoke") == (exit_code(verdicts()[name]) != 0)


@pytest.mark.parametrize("name", NAMES)
def test_annotations_are_one_command_a_line(name: str) -> None:
    said = REPORTS["github"](verdicts()[name], "a,b:c.py").splitlines()

    assert all(
        line.startswith(("::error file=a%2Cb%3Ac.py,title=", "::notice file=a%2Cb%3Ac.py,title=")) for line in said
    )
    assert any(line.startswith("::error") for line in said) == (exit_code(verdicts()[name]) != 0)
    assert "\x0d" not in "".join(said)


@pytest.mark.parametrize("name", NAMES)
def test_json_says_what_the_exit_code_is(name: str) -> None:
    said = json.loads(REPORTS["json"](verdicts()[name], None))

    assert said["exit_code"] == exit_code(verdicts()[name])
    assert said["verdict"] == type(verdicts()[name]).__name__


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "tap", "json"])
def test_every_report_says_why_something_is_accepted_and_until_when(form: str) -> None:
    for name, day in (("known", "2027-03-31"), ("expired", "2025-03-31")):
        text = REPORTS[form](verdicts()[name], None)

        assert "mended in release 8" in text
        assert day in text


def test_people_are_told_the_steps_the_requirement_and_what_may_break() -> None:
    said = "\n".join(lines(verdicts()["deviates"], lambda text, _: text, unreachable=True))

    assert "it is not so that the map has been built" in said
    assert "no suite has fewer than" in said
    assert "suspend is never refused first for want of: the machine is one partition" in said


def test_only_what_conforms_is_green() -> None:
    green = [name for name, verdict in verdicts().items() if exit_code(verdict) == 0]

    assert green == ["conforms", "known"]
    assert isinstance(verdicts()["known"], Conforms)
