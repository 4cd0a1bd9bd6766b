"""The same verdict by two roads: control with symbolic quantities, and every state, one page at a time."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.plans.verify import verify
from holdfast.checkers.verdict import Holds, Unknown, Vacuous, Verdict, Violated
from holdfast.model.language import Kind
from holdfast.specs.proved import proved_for

from .random_plans import draw

FEW = 25
BROKEN = {"machine_not_overcommitted", "plan_never_stuck"}
MANY = int(os.environ.get("HOLDFAST_RANDOM_PLANS", "325"))


def symbolic(seed: int) -> Verdict:
    """By plan verification, amounts of any size."""
    run = draw(seed, burst=1 << 20).run()
    return verify(run, proved_for(run.system))


def exhaustive(seed: int, burst: int = 1) -> Verdict:
    """By exploration of every state; what depends on the plan is checked, and what was proved once as well."""
    run = draw(seed, burst=burst).run()
    kept = tuple(p for p in run.system.properties if p.kind is Kind.ALWAYS)
    return explore(Run(replace(run.system, properties=kept), run.world))


def agree(seed: int) -> str:
    """What both say of a random plan; fails where they differ."""
    ours, theirs = symbolic(seed), exhaustive(seed)
    assert isinstance(ours, (Holds, Violated)), f"plan {seed}: {ours}"
    assert not isinstance(theirs, Unknown), f"plan {seed}: {theirs}"
    holds = isinstance(theirs, (Holds, Vacuous))  # vacuous: some action has no use in a small plan
    assert isinstance(ours, Holds) == holds, f"plan {seed}: {ours} but exhaustively {theirs}"
    return "holds" if holds else str(ours.property) if isinstance(ours, Violated) else ""


def check_all(seeds: range) -> None:
    """Every plan agrees, and the plans are worth it: many hold, some overcommit the machine, some get stuck."""
    said = [agree(seed) for seed in seeds]
    counts = {word: said.count(word) for word in sorted(set(said))}
    print(f"{len(said)} random plans: {counts}")
    assert said.count("holds") >= len(said) // 5, counts
    assert set(counts) >= BROKEN, counts


def test_random_plans_get_the_same_verdict_from_exhaustive_exploration() -> None:
    check_all(range(FEW))


@pytest.mark.slow
def test_many_random_plans_get_the_same_verdict_from_exhaustive_exploration() -> None:
    check_all(range(FEW, FEW + MANY))


def test_violations_are_as_short_as_the_shortest_with_pages_moved_in_bulk() -> None:
    compared = 0
    for seed in range(40):
        ours = symbolic(seed)
        if isinstance(ours, Violated) and len(ours.steps) <= 14:
            theirs = exhaustive(seed, burst=2)
            assert isinstance(theirs, Violated), f"plan {seed}: {theirs}"
            assert len(ours.steps) == len(theirs.steps), f"plan {seed}: {ours.steps} but {theirs.steps}"
            compared += 1
    assert compared >= 8
