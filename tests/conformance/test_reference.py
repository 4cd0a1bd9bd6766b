"""The reference implementation is held against the model, in every world that knows no more than it does; and so are ones
with a safeguard, or a part of the journal, taken out."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import pytest

from holdfast.checkers.conform.obligations import Pair
from holdfast.checkers.conform.walks import Attempt, Suite, shortest
from holdfast.checkers.interpret import Run
from holdfast.conformance import protocol
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.reference import Reference
from holdfast.conformance.reference.actions import BY_ITSELF
from holdfast.conformance.session import Prepared, Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms, Deviates, Verdict
from holdfast.impl.journal import Kind
from holdfast.impl.safeguards import Safeguards
from holdfast.model.actors import HYPERVISOR
from holdfast.model.controller import Controller
from holdfast.model.language import Action, all_of
from holdfast.specs.mutations import also_requiring
from holdfast.specs.worlds import MODEL_WORLDS

from .coverages import Record, recorded, recorded_by_chance
from .power.taken_out import forgetting
from .seeking import Seeker

QUICK = (
    *("smallest", "six-classes", "reclaim-first", "growth-in-flight", "bursts", "side-by-side", "one-at-a-time"),
    *("promises-to-the-limit", "swapped-and-back", "larger-successor", "squeezed-in", "format-mismatch"),
    *("host-vm-too-small", "guest-outgrows-machine", "guest-outgrows-host-vm", "swap-target-lowered-first"),
    *("never-given-up", "never-given-up-by-two", "empty-machine"),
)
SLOW = ("every-fault", "three-vms", "four-vms", "two-machines")
HELD = (*QUICK, *(pytest.param(world, marks=pytest.mark.slow) for world in SLOW))

CRASHING = ("controller-crashes", "controller-goes-on")
"""Worlds in which the controller may be gone."""

BY_CHANCE = ("everything", "two-of-everything", "three-vms-reclaimed")
"""Worlds whose graphs take the interpreter too long: there is no suite of walks for them, and nothing to cover."""

SETTINGS = Settings(states_max=30_000, seconds_max=3600)


def held(prepared: Prepared, implementation: type[Reference] = Reference, settings: Settings = SETTINGS) -> Verdict:
    """What the gate says of it."""
    return conform(prepared, implementation, settings)


@cache
def prepared(world: str, settings: Settings = SETTINGS) -> Prepared:
    """The walks of a world."""
    return prepare(Run(*MODEL_WORLDS[world].build()), settings)


def shows_everything(verdict: Verdict, record: Record) -> None:
    """It conforms, refuses nothing that is allowed, and has shown all that the world can show."""
    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(verdict.report.world, coverage, record)
    assert coverage.whole, coverage
    assert verdict.report.notes == ()


@pytest.mark.parametrize("world", HELD)
def test_the_reference_implementation_conforms_and_shows_everything(world: str, record_property: Record) -> None:
    shows_everything(held(prepared(world)), record_property)


@pytest.mark.slow
@pytest.mark.parametrize("world", BY_CHANCE)
def test_where_there_are_too_many_states_it_conforms_along_walks_by_chance(world: str, record_property: Record) -> None:
    run = Run(*MODEL_WORLDS[world].build())
    walked = Prepared(run, None, tuple(Seeker(run, seed=0, length=200).walks(60)))
    verdict = held(walked)

    assert isinstance(verdict, Conforms), verdict
    taken = {event.action for walk in verdict.report.walked for event in walk.events}
    recorded_by_chance(world, len(taken), len(run.instance.actions), record_property)
    assert taken == {action.name for action in run.instance.actions}
    assert verdict.report.notes == ()


# ------------------------------------------------------------------------------------------------ crashes and restarts
def waits_for_controller(action: Action) -> bool:
    """Whether a hypervisor takes this step of the implementation's only when a controller tells it to.

    The model is more generous: there hypervisors go on with all that they can while the controller is gone.
    """
    return action.by == HYPERVISOR and action.name not in BY_ITSELF


@cache
def stricter(world: str) -> Prepared:
    """A world with a controller, in which such steps wait for it."""
    system, members = MODEL_WORLDS[world].build()
    for name in [a.name for a in system.actions if waits_for_controller(a)]:
        system = also_requiring(name, lambda *_: all_of(c.running for c in Controller), "the controller runs")(system)
    return prepare(Run(system, members), SETTINGS)


@pytest.mark.parametrize("world", CRASHING)
def test_it_goes_on_from_its_journal_after_any_crash(world: str, record_property: Record) -> None:
    """Where hypervisors wait for the controller, which they may."""
    shows_everything(held(stricter(world)), record_property)


def led_by(also: Suite, own: Suite, actions: Collection[str]) -> Suite:
    """What a world can show, along the walks of a stricter one, which no refusal leads astray; and what is refused there
    for more reasons than in the world itself, so that those walks do not ask for it."""
    ways = also.obligations.graph
    walks = list(also.walks)
    for owed, places in own.obligations.places.items():
        if isinstance(owed, Pair) and owed.action in actions:
            found = (
                shortest(ways, own.obligations.graph.states[i], Attempt(step, allowed=False), f"refusal {len(walks)}")
                for i, step in places
            )
            walks += [walk for walk in found if walk is not None][:1]
    return Suite(own.obligations, tuple(walks))


@pytest.mark.parametrize("world", CRASHING)
def test_in_the_world_as_it_is_just_what_hypervisors_do_without_it_is_missing(
    world: str, record_property: Record
) -> None:
    own, also = prepared(world), stricter(world)
    assert own.suite is not None
    assert also.suite is not None
    waiting = {action.name for action in own.run.system.actions if waits_for_controller(action)}
    walked = Prepared(own.run, led_by(also.suite, own.suite, waiting), own.random)
    verdict = held(walked, settings=Settings(rules=Rules(careful=True)))

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(f"{world}, as it is", coverage, record_property)
    assert (coverage.actions.percent, coverage.refusals.percent) == (100, 100)
    assert coverage.pairs.percent >= 98
    assert {pair.split()[0] for pair in coverage.pairs.missing} <= waiting
    assert not [pair for pair in coverage.pairs.missing if "refused since" in pair]
    assert {note.text.split()[0] for note in verdict.report.notes} <= waiting
    assert all("the controller has ended" in note.text for note in verdict.report.notes)


@pytest.mark.parametrize("kind", [Kind.INITIAL, Kind.INTENT, Kind.OUTCOME])
def test_without_a_part_of_its_journal_no_controller_goes_on(kind: Kind) -> None:
    forgetful = type("Forgetful", (Reference,), {"journal": forgetting(kind).journal})
    verdict = held(stricter("controller-goes-on"), forgetful)

    assert isinstance(verdict, Deviates), verdict
    assert {walk.deviation.action for walk in verdict.report.failing if walk.deviation} == {"restart_controller"}


# ---------------------------------------------------------------------------------------------- what it has no word for
ELSEWHERE = frozenset({"storage", "downtime", "partitions", "moves"})
"""Parts that it has, and that have a test of their own."""

WORDLESS = {
    case.parts: name
    for name, case in reversed(list(MODEL_WORLDS.items()))
    if set(case.parts) - {"controller"} - ELSEWHERE
}
"""A world for each combination of parts of which the reference implementation does not have all."""


@pytest.mark.parametrize("world", WORDLESS.values())
def test_it_says_by_name_what_it_has_no_word_for(world: str) -> None:
    run = Run(*MODEL_WORLDS[world].build())
    greeting = Reference().hello(protocol.world_record(run))

    assert greeting.unsupported
    assert greeting.unsupported < {action.name for action in run.instance.actions}


def test_every_other_world_is_held_against_it() -> None:
    others = {n for n, case in MODEL_WORLDS.items() if case.parts not in WORDLESS and not ELSEWHERE & set(case.parts)}

    assert others == {*QUICK, *SLOW, *CRASHING, *BY_CHANCE}


# ---------------------------------------------------------------------------------------------- a safeguard taken out
class LeavesBehind(Reference):
    """Nobody asks whether every VM is in the host VM."""

    safeguards = Safeguards(left_behind=lambda _, __: "")


class AsksForNoRoom(Reference):
    """Nobody asks for room."""

    safeguards = Safeguards(short_of=lambda _, __, ___: "")


class AsksForNoFormat(Reference):
    """Nobody asks whether the map can be read."""

    safeguards = Safeguards(unreadable=lambda _, __: "")


class CancelsAlways(Reference):
    """A migration is cancelled at any time."""

    safeguards = Safeguards(give_migration_up=lambda _: "cancel")


@pytest.mark.parametrize(
    ("implementation", "world", "requirement"),
    [
        (LeavesBehind, "smallest", "every VM of the machine is in the guest hypervisor, and none is in flight"),
        (AsksForNoRoom, "one-at-a-time", "the machine has room for a second copy of the VM"),
        (AsksForNoRoom, "host-vm-too-small", "the host VM has room for the guest hypervisor"),
        (AsksForNoRoom, "promises-to-the-limit", "the machine may promise so many frames"),
        (AsksForNoFormat, "format-mismatch", "the new hypervisor reads the old one's hand-off format"),
        (CancelsAlways, "smallest", "authority has not passed yet"),
    ],
)
def test_without_a_safeguard_it_does_not_and_the_report_names_the_requirement(
    implementation: type[Reference], world: str, requirement: str
) -> None:
    verdict = held(prepared(world), implementation)

    assert isinstance(verdict, Deviates), verdict
    assert requirement in {
        r for walked in verdict.report.failing if walked.deviation for r in walked.deviation.requirements
    }
