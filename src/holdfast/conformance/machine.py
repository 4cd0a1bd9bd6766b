"""A Hypothesis state machine from any system in a world, and an adapter: it attempts what the model's actions are called.

What fails is shrunk by Hypothesis in these terms: fewer attempts, then earlier actions and arguments. Each rule is an
action, asked for where the model allows it; one more asks for anything, so that refusals are seen as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ..checkers.conform.observation import seen
from ..checkers.interpret import Run
from ..model.language import Step
from . import protocol
from .adapter import Adapter
from .lockstep import Deviated, Lockstep, Rules
from .reports.words import reasons

Machine: TypeAlias = "type[RuleBasedStateMachine]"


class Asked:
    """A step that prints as the model calls it."""

    def __init__(self, step: Step, words: str) -> None:
        """The step and its words."""
        self.step, self.words = step, words

    def __repr__(self) -> str:
        """`suspend host`."""
        return self.words


@dataclass(frozen=True)
class Play:
    """What a machine is about: `make` makes the adapter."""

    run: Run
    make: Callable[[], Adapter]
    rules: Rules


class Conformance(RuleBasedStateMachine):
    """The machine without its rules. `play` is set by `state_machine`."""

    play: ClassVar[Play]

    def __init__(self) -> None:
        """Start the implementation, and greet it."""
        super().__init__()
        run, adapter = self.play.run, self.play.make()
        greeting = adapter.hello(protocol.world_record(run))
        self.lockstep = Lockstep(run, adapter, greeting, self.play.rules)
        self.allowed: tuple[Asked, ...] = ()

    def legal(self, action: str) -> list[Asked]:
        """The steps of an action that some state allows in which the implementation may be."""
        return [asked for asked in self.allowed if asked.step.action == action]

    def begin(self, initial: int) -> None:
        """Begin in an initial state."""
        self._judged(lambda: self.lockstep.begin(initial))

    def ask(self, asked: Asked) -> None:
        """Ask for a step. Raises AssertionError where what comes is no behaviour of the model."""
        self._judged(lambda: self.lockstep.attempt(asked.step))

    def teardown(self) -> None:
        """Nothing more is asked."""
        self.lockstep.adapter.close()

    def _judged(self, do: Callable[[], object]) -> None:
        try:
            do()
            self.lockstep.settle()
        except Deviated as found:
            said = "\n".join([found.deviation.sentence, *reasons(found.deviation)])
            raise AssertionError(said) from None
        run = self.play.run
        steps = {step: None for state in sorted(self.lockstep.now.states) for step, _ in run.successors(state)}
        supported = (step for step in steps if step.action not in self.lockstep.greeting.unsupported)
        self.allowed = tuple(_asked(run, step) for step in supported)


def state_machine(run: Run, make: Callable[[], Adapter], rules: Rules | None = None) -> Machine:
    """A machine for a run: `make` makes the adapter, most often a class. `Machine.TestCase` is for unittest and pytest."""
    body: dict[str, Any] = {"play": Play(run, make, rules or Rules())}
    initials = st.integers(0, len(run.initial()) - 1)
    body["begin_in"] = initialize(initial=initials)(begin_in)
    for action in run.instance.actions:
        body[action.name] = _rule(action.name)
    every = [_asked(run, Step(a.name, arguments)) for a, arguments in run.every_step]
    body["ask_for"] = rule(asked=st.sampled_from(every))(ask_for)
    return cast(Machine, type("ConformanceTo" + run.world.name.title().replace("-", ""), (Conformance,), body))


def begin_in(self: Conformance, initial: int) -> None:
    """The first rule: an initial state."""
    self.begin(initial)


def ask_for(self: Conformance, asked: Asked) -> None:
    """The rule that asks for anything."""
    self.ask(asked)


def _rule(name: str) -> Any:
    """The rule of one action."""

    def ask(self: Conformance, step: Asked) -> None:
        self.ask(step)

    def possible(machine: Any) -> bool:
        return bool(machine.legal(name))

    steps: Any = st.runner().flatmap(lambda machine: st.sampled_from(machine.legal(name)))
    ask.__name__ = name
    return precondition(possible)(rule(step=steps)(ask))


def _asked(run: Run, step: Step) -> Asked:
    return Asked(step, str(seen(run, step.action, step.arguments)))
