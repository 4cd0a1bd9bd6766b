"""Random systems: the interpreter, the explorer in Python and in native code, and z3 say the same.

HOLDFAST_RANDOM_SYSTEMS says how many systems (HOLDFAST_RANDOM_SYSTEMS=100000 takes hours), HOLDFAST_RANDOM_SEED with
which seed. A failure shows the smallest system that Hypothesis could find.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from holdfast.checkers.interpret import Run
from holdfast.model.language import Kind
from holdfast.model.language.terms import QUANTIFIERS
from tests.checkers.differential.roads import agrees_with_explorer, agrees_with_z3
from tests.plain_search import search
from tests.random_systems import Case, cases, forgotten

SYSTEMS = int(os.environ.get("HOLDFAST_RANDOM_SYSTEMS", "1000"))
SEED = int(os.environ.get("HOLDFAST_RANDOM_SEED", "0"))
BATCH = 100
NATIVE = 15
"""Cases in a thousand that are compiled, which takes about a second each."""
WORDS_BITS = 63, 17, 8
"""Sizes of a word: in the smaller ones a state takes two words, or more."""
Z3_STEPS, Z3_MANY_STEPS, MANY_ONCE_IN = 2, 5, 17
"""z3 looks two steps ahead; five, now and then."""

FEW = 3
"""Batches of the default tests; the slow ones have the others."""

batches = pytest.mark.parametrize(
    "batch",
    [pytest.param(n, marks=[pytest.mark.slow] if n >= FEW else []) for n in range(-(-SYSTEMS // BATCH))],
)


def each(number: int, start: int, check: Callable[[Case], None], *phases: Phase) -> None:
    """Check so many random cases, which the seed `start` makes."""

    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

    @seed(start)
    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=slow, phases=phases)
    @given(cases())
    def all_of_them(case: Case) -> None:
        check(case)

    with forgotten():
        all_of_them()


@batches
def test_the_explorer_and_z3_agree_with_the_interpreter(batch: int) -> None:
    def check(case: Case) -> None:
        run = Run(case.system, case.world)
        plain = search(run)
        number = int(case.system.digest[:8], 16)
        agrees_with_explorer(run, plain, "python", WORDS_BITS[number % len(WORDS_BITS)])
        agrees_with_z3(run, plain, Z3_STEPS if number % MANY_ONCE_IN else Z3_MANY_STEPS)

    each(BATCH, SEED + batch, check, Phase.generate, Phase.shrink)


def test_native_code_agrees_with_the_interpreter() -> None:
    def check(case: Case) -> None:
        run = Run(case.system, case.world)
        number = int(case.system.digest[:8], 16)
        agrees_with_explorer(run, search(run), "native", WORDS_BITS[number % len(WORDS_BITS)])

    each(NATIVE * SYSTEMS // 1000, SEED, check, Phase.generate)


def test_random_systems_are_not_dull() -> None:
    """They fail and succeed, sooner and later, and say everything that the language can say."""
    seen: Counter[str] = Counter()

    def look(case: Case) -> None:
        seen.update(features(case))

    each(250, 0, look, Phase.generate)
    missing = [f for f in EXPECTED if not seen[f]]
    assert not missing, f"of {sorted(seen)}"


OPERATORS = ["read", "derived", "after", "not", "and", "or", "==", "ite", "+", "-", "*", "<", "<=", *QUANTIFIERS]
EXPECTED = [
    *OPERATORS,
    *(kind.name for kind in (Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES, Kind.INITIALLY)),
    "filter",
    "integer parameter",
    "written reference",
    "one member written twice",
    "budget spent",
    "several starts",
    "out of range",
    "a failure after two steps or more",
    "a witness after two steps or more",
    "nothing fails",
    "a hundred states",
]


def features(case: Case) -> set[str]:
    """What a case has."""
    system, run = case.system, Run(case.system, case.world)
    terms = [p.term for p in system.properties] + [d.definition for s in system.sorts for d in s.definitions]
    for a in system.actions:
        terms += [r.term for r in a.requires] + [t for w in a.writes for t in (w.ref, w.value)]
    nodes = [t for term in terms for t in term.walk()]
    writes = [(a, w) for a in system.actions for w in a.writes]
    plain = search(run)
    fails = [plain.soonest[p.name] for p in system.of_kind(Kind.ALWAYS, Kind.STEP) if p.name in plain.soonest]
    shown = [plain.soonest[p.name] for p in system.of_kind(Kind.SOMETIMES) if p.name in plain.soonest]
    found = {
        "filter": any(t.op in ("forall", "exists", "sum") and t.args[1].op != "const" for t in nodes),
        "integer parameter": any(p.range for a in system.actions for p in a.parameters),
        "written reference": any(isinstance(w.field.sort, type(w.field.owner)) for _, w in writes),
        "one member written twice": any(w is not v and w.field is v.field for a, w in writes for v in a.writes),
        "budget spent": any(w.field.budget for _, w in writes),
        "several starts": len(run.initial()) > 1,
        "out of range": plain.first_out_of_range is not None,
        "a failure after two steps or more": min(fails, default=0) >= 2,
        "a witness after two steps or more": max(shown, default=0) >= 2,
        "nothing fails": not fails and plain.first_out_of_range is None,
        "a hundred states": plain.figures.states >= 100,
    }
    return {t.op for t in nodes} | {p.kind.name for p in system.properties} | {f for f, has in found.items() if has}
