"""The reference implementation is held against the model, and so are ones with a safeguard taken out."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms, Deviates, Verdict
from holdfast.impl.safeguards import Safeguards
from holdfast.specs.worlds import WORLDS

CAREFUL = Rules(careful=True)
"""Its controller stuns a VM only when little is left to be sent, where the model lets it be stunned at any time."""

WALKS = {"empty-machine": 3, "smallest": 3, "one-at-a-time": 3, "side-by-side": 3, "never-given-up": 30}
"""Random walks beyond the suite: more, where the suite's own way to an action leads through what it would not do."""


def held(world: str, implementation: type[Reference]) -> Verdict:
    """What the gate says of it in a world."""
    settings = Settings(rules=CAREFUL, walks=WALKS[world])
    return conform(prepare(Run(*WORLDS[world].build()), settings), implementation, settings)


@pytest.mark.parametrize("world", WALKS)
def test_the_reference_implementation_conforms(world: str) -> None:
    verdict = held(world, Reference)

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    assert coverage.actions.percent == 100
    assert coverage.refusals.percent > 70
    assert {note.text.split()[0] for note in verdict.report.notes} <= {"stop", "copy_again", "dirty"}


def test_on_a_machine_without_vms_it_does_all_that_the_model_does_and_refuses_all_else() -> None:
    verdict = held("empty-machine", Reference)

    assert isinstance(verdict, Conforms)
    coverage = verdict.report.coverage
    assert coverage is not None
    assert (coverage.refusals.percent, coverage.pairs.percent) == (100, 100)
    assert verdict.report.notes == ()


class LeavesBehind(Reference):
    """Nobody asks whether every VM is in the host VM."""

    safeguards = Safeguards(left_behind=lambda _, __: "")


class AsksForNoRoom(Reference):
    """Nobody asks for room."""

    safeguards = Safeguards(short_of=lambda _, __, ___: "")


class CancelsAlways(Reference):
    """A migration is cancelled at any time."""

    safeguards = Safeguards(give_migration_up=lambda _: "cancel")


@pytest.mark.parametrize(
    ("implementation", "world", "requirement"),
    [
        (LeavesBehind, "smallest", "every VM of the machine is in the guest hypervisor, and none is in flight"),
        (AsksForNoRoom, "one-at-a-time", "the machine has room for a second copy of the VM"),
        (CancelsAlways, "smallest", "authority has not passed yet"),
    ],
)
def test_without_a_safeguard_it_does_not_and_the_report_names_the_requirement(
    implementation: type[Reference], world: str, requirement: str
) -> None:
    verdict = held(world, implementation)

    assert isinstance(verdict, Deviates), verdict
    assert requirement in {
        r for walked in verdict.report.failing if walked.deviation for r in walked.deviation.requirements
    }
