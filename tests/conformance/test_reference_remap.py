"""The reference implementation is held against the worlds in which frames change hands where they are."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance import protocol
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.specs.worlds import WORLDS

from .coverages import Record
from .test_reference import shows_everything

REMAPPING = (
    *("remapped", "remapped-or-copied", "remap-refused"),
    pytest.param("remap-out-refused", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("world", REMAPPING)
def test_it_conforms_by_remapping_and_shows_everything(world: str, record_property: Record) -> None:
    verdict = conform(prepare(Run(*WORLDS[world].build()), Settings()), Reference, Settings())

    shows_everything(verdict, record_property)


OF_THAT_PART = [name for name, case in WORLDS.items() if case.parts == ("moves",)]
TRANSFERS = frozenset(
    {
        *("transfer", "send", "send_again", "write_sent", "stun", "hand_over", "call_off", "transfer_failed"),
        *("switch_early", "fetch", "finish_fetching", "end_lost_while_fetching"),
    }
)


@pytest.mark.parametrize("world", OF_THAT_PART)
def test_it_has_no_word_for_what_else_there_is_in_that_part(world: str) -> None:
    run = Run(*WORLDS[world].build())
    unsupported = Reference().hello(protocol.world_record(run)).unsupported

    assert unsupported == TRANSFERS & {action.name for action in run.instance.actions}
    assert ("remap" in world) is not bool(unsupported)
