"""What a log is judged against: a named world, or a plan's own world at its real sizes; and what goes unobserved there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checkers.conform.inclusion import Acceptor
from ..checkers.conform.observation import Observed
from ..checkers.conform.shrinking import Judging
from ..checkers.interpret import Run
from ..inputs.problems import BadInput, Problem, did_you_mean
from ..model.language import Role, Sort
from .reading import Log, understood

UNHEARD_IN_PLANS = ("copy",)
"""A hypervisor sends pages by itself, and more of them than it was asked for: not every page is told of."""


@dataclass(frozen=True)
class Target:
    """What logs are judged against: its name, its run, how logs are put into its words, and what they may leave out."""

    name: str
    run: Run
    translated: Callable[[Iterable[Observed]], Iterable[Observed]]
    hidden: frozenset[str]
    numbered: bool
    """Whether its states can be numbered; if not, amounts stay open."""

    def acceptor(self) -> Judging:
        """What judges logs. Imports z3 where amounts stay open."""
        if self.numbered:
            return Acceptor(self.run, self.hidden)
        from ..checkers.conform.quantities import QuantityAcceptor

        return QuantityAcceptor(self.run, self.hidden)

    def read(self, log: Log, *, by_process: bool) -> tuple[Observed, ...]:
        """The log's events in the target's words. Raises BadInput with everything that it does not know."""
        events = understood(self.run, log, self.translated(log.events))
        if by_process:
            _named_processes(log)
        return events


class Unknown(ValueError):
    """A name that is none of those that there are."""


def world_target(name: str, hidden: Sequence[str], *, partial: bool) -> Target:
    """A named world. Raises Unknown for a world, actor or action that there is not."""
    from ..specs.worlds import WORLDS

    if name not in WORLDS:
        raise Unknown(f"There is no world {name!r}; {_meant(name, WORLDS) or '`holdfast explore --list` shows them'}.")
    run = Run(*WORLDS[name].build())
    return Target(name, run, lambda events: events, _hidden(run, hidden, partial=partial), numbered=True)


def plan_target(file: Path, hidden: Sequence[str], *, partial: bool, any_order: bool) -> Target:
    """A plan's world, at its real sizes. Raises BadInput for a plan that is none, Unknown for an actor or action.

    `any_order`: the operator may do whatever the model allows; else only what the plan says next.
    """
    from ..inputs.load import load_plan
    from ..planning import prepare, world_of
    from ..specs.model import safety
    from .vocabulary import Vocabulary

    plan = load_plan(file)
    prepared = prepare(plan)
    run = Run(safety(), world_of(plan)) if any_order else prepared.run
    words = Vocabulary(plan, None if any_order else prepared.planned)
    unheard = {a.name for a in run.instance.roles(Role.ENVIRONMENT)} | set(UNHEARD_IN_PLANS)
    told = _hidden(run, hidden, partial=partial) - _many_numbers(run)
    return Target(plan.name, run, words.translated, told | unheard, numbered=False)


def _hidden(run: Run, names: Sequence[str], *, partial: bool) -> frozenset[str]:
    """The actions that these names mean: actions, or all that an actor does."""
    actions = run.instance.actions
    if partial:
        return frozenset(a.name for a in actions)
    found: set[str] = set()
    for name in names:
        meant = {a.name for a in actions if name in (a.name, a.by.name)}
        if not meant:
            known = [*dict.fromkeys(a.by.name for a in actions), *(a.name for a in actions)]
            raise Unknown(f"There is no action or actor {name!r} in {run.world.name}; {_meant(name, known)}.")
        found |= meant
    return frozenset(found)


def _many_numbers(run: Run) -> frozenset[str]:
    """The actions with more than one number: what was not seen of them is not filled in."""
    return frozenset(
        a.name for a in run.instance.actions if sum(not isinstance(p.var.sort, Sort) for p in a.parameters) > 1
    )


def _meant(name: str, names: Collection[str]) -> str:
    return (
        did_you_mean(name, names) or f"there are {', '.join(names)}" if len(names) < 60 else did_you_mean(name, names)
    )


def _named_processes(log: Log) -> None:
    """Raises BadInput for every event that does not say which process it is of."""
    from ..inputs.positions import Position

    found = "an event that does not say which process it is of"
    expected = '`"process"`: a name, in every event, since --by-process keeps no other order'
    problems = [Problem(Position(log.file, e.line, 1), found, expected) for e in log.events if e.process is None]
    if problems:
        raise BadInput(problems)
