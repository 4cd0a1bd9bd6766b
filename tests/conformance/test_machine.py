"""The Hypothesis machine finds what deviates, and shrinks it to the fewest attempts, in the model's terms."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from holdfast.checkers.interpret import Run
from holdfast.conformance.machine import state_machine
from holdfast.specs.worlds import WORLDS

from .implementations.interpreted import Interpreted

QUICK = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.generate, Phase.shrink],
)


@cache
def run() -> Run:
    return Run(*WORLDS["empty-machine"].build())


def played(other: Run) -> None:
    machine = state_machine(run(), lambda: Interpreted(other))
    run_state_machine_as_test(machine, settings=QUICK)


def test_what_conforms_survives() -> None:
    assert "suspend" in vars(state_machine(run(), lambda: Interpreted(run())))

    played(run())


def test_what_deviates_is_shrunk_to_the_fewest_attempts() -> None:
    broken = run().system.without("launch_new", "the map is sealed")

    with pytest.raises(AssertionError, match="the map is sealed") as found:
        played(Run(broken, run().world))

    shown = [line for line in getattr(found.value, "__notes__", []) if line.startswith("state.")]
    assert shown == ["state.begin_in(initial=0)", "state.ask_for(asked=launch_new host)", "state.teardown()"]
