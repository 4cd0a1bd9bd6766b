"""Playing a scenario in the reference interpreter: what comes of each line, and whether that was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..checkers.interpret import OutOfRange, Run
from ..inputs.problems import BadInput, Problem, did_you_mean, one_of, quoted
from ..model.language import Action, Kind, Parameter, Sort, State, Step
from ..model.language.systems import Arguments
from .text import Line, Outcome, Script, Word, written


class Wrong(Exception):
    """A word of a line that means nothing here: its column, what was found, and what was expected."""

    def __init__(self, column: int, found: str, expected: str) -> None:
        """The column counts from 1."""
        super().__init__(f"{found}, expected {expected}")
        self.column, self.found, self.expected = column, found, expected


@dataclass(frozen=True)
class Played:
    """A line, and what came of it; `step` is None for what is no step."""

    line: Line
    outcome: Outcome
    step: Step | None = None


def play(script: Script, run: Run) -> list[Played]:
    """What comes of every line. Raises BadInput for whatever the run does not know, all of it at once."""
    states = run.initial()
    if script.initial >= len(states):
        at = script.headers["initial"]
        expected = f"a number below {len(states)}"
        raise BadInput([script.problem(at.line, at.column, f"initial state {script.initial}", expected)])
    problems: list[Problem] = []
    player = Player(run, states[script.initial])
    played: list[Played] = []
    for line in script.lines:
        try:
            played.append(player.line(line, script))
        except Wrong as wrong:
            problems.append(script.problem(line.number, wrong.column, wrong.found, wrong.expected))
    if problems:
        raise BadInput(problems)
    return played


def mistakes(script: Script, played: Iterable[Played]) -> list[Problem]:
    """Where something else came of a line than was expected."""
    return [
        script.problem(p.line.number, p.line.column, f"`{p.outcome}`", f"`{p.line.expected}`")
        for p in played
        if p.line.expected is not None and p.outcome != p.line.expected
    ]


def rewritten(script: Script, played: Iterable[Played]) -> str:
    """The text in which every line expects what came of it; what stands before an outcome stays."""
    lines = script.source.text.split("\n")
    for p in played:
        if p.line.expected is not None:
            lines[p.line.number - 1] = lines[p.line.number - 1][: p.line.column - 1] + str(p.outcome)
    return "\n".join(lines)


class Player:
    """A run, and the state that it is in."""

    def __init__(self, run: Run, state: State) -> None:
        """Begin in a state."""
        self.run, self.state = run, state
        self._always = run.system.of_kind(Kind.ALWAYS)
        self._over_steps = run.system.of_kind(Kind.STEP)
        self._broken = self.broken(state)

    def line(self, line: Line, script: Script) -> Played:
        """Take a line. Raises Wrong for what the run does not know."""
        if line.verb.text == "look":
            return Played(line, Outcome("seen", (), self._seen(line)))
        if line.verb.text == "decide":
            return Played(line, self.decided(line, script))
        step = step_of(self.run, line)
        self._check_names(line, step)
        action = self.run.system.action(step.action)
        refused = self.run.broken(self.state, action, step.arguments)
        if refused:
            return Played(line, Outcome("refused", tuple(r.sentence for r in refused)), step)
        names = self.take(step, line.verb.column)
        return Played(line, Outcome("breaks" if names else "done", names, self._seen(line)), step)

    def take(self, step: Step, column: int = 1) -> tuple[str, ...]:
        """Take a step that nothing refuses: the properties that it is the first to break."""
        before = self.state
        try:
            self.state = self.run.take(before, step)
        except OutOfRange as error:
            raise Wrong(column, str(error), "a step within the ranges of its fields") from None
        known, self._broken = self._broken, self.broken(self.state)
        over = tuple(p.name for p in self._over_steps if not self.run.holds(p, before, self.state))
        return (*(name for name in self._broken if name not in known), *over)

    def broken(self, state: State) -> tuple[str, ...]:
        """The `always` properties that do not hold in a state."""
        return tuple(p.name for p in self._always if not self.run.holds(p, state))

    def _seen(self, line: Line) -> tuple[tuple[str, str], ...]:
        if line.expected is None or not line.expected.seen:
            return ()
        shown = {key: shown_as(value) for key, value in self.run.shown(self.state).items()}
        for field, _ in line.expected.seen:
            if field not in shown:
                raise Wrong(line.column, f"the field {quoted(field)}", did_you_mean(field, shown) or one_of(shown))
        return tuple((field, shown[field]) for field, _ in line.expected.seen)

    def decided(self, line: Line, script: Script) -> Outcome:
        """Whether a liveness property holds in the whole world, from its start."""
        from ..checkers import graph
        from ..checkers.verdict import Holds, Violated

        if len(line.arguments) != 1:
            raise Wrong(line.verb.column, f"{len(line.arguments)} names", "the name of one property")
        name = line.arguments[0]
        run = replace(script.origin, lively=True).run()
        asked = run.system.of_kind(Kind.LEADS_TO, Kind.RECOVERABLE)
        named = [p for p in asked if p.name == name.text]
        if not named:
            raise Wrong(name.column, f"the property {quoted(name.text)}", one_of(p.name for p in asked))
        kept = tuple(p for p in run.system.properties if p not in asked or p in named)
        verdict = graph.check(Run(replace(run.system, properties=kept), run.world))
        if not isinstance(verdict, Holds | Violated):
            raise Wrong(
                line.verb.column, f"a world that does not decide it ({type(verdict).__name__})", "one that does"
            )
        return Outcome("violated" if isinstance(verdict, Violated) else "holds")

    def _check_names(self, line: Line, step: Step) -> None:
        """A name that is expected, and could not come, is a slip of the pen. Raises Wrong."""
        if line.expected is None:
            return
        asked = [r.sentence for r in self.run.system.action(step.action).requires]
        known = asked if line.expected.kind == "refused" else [p.name for p in (*self._always, *self._over_steps)]
        for name in line.expected.names:
            if name not in known:
                raise Wrong(line.column, quoted(name), did_you_mean(name, known) or one_of(known))


# --------------------------------------------------------------------------------------------------- words and values
def step_of(run: Run, line: Line) -> Step:
    """The step that a line names. Raises Wrong."""
    verb = line.verb.text
    names = [a.name for a in run.instance.actions]
    if verb not in names:
        why = run.world.leave_out.get(verb)
        hint = f"an action that this world does not leave out ({why})" if why else did_you_mean(verb, names)
        raise Wrong(line.verb.column, f"the action {quoted(verb)}", hint or one_of(names))
    action = run.system.action(verb)
    return Step(verb, tuple(_arguments(run, action, line)))


def _arguments(run: Run, action: Action, line: Line) -> Iterator[int]:
    words = list(line.arguments)
    for p in action.parameters:
        only = _only(run, p)
        if only is not None and (not words or words[0].text != only):
            yield 0
        elif not words:
            raise Wrong(line.verb.column, f"no {p.var.args[0]} for {action.name}", f"`{usage(run, action)}`")
        else:
            yield _value(run, p, words.pop(0))
    if words:
        raise Wrong(words[0].column, quoted(words[0].text), f"`{usage(run, action)}`")


def _only(run: Run, p: Parameter) -> str | None:
    """The label of the only member that a parameter can be."""
    members = run.world.of(p.var.sort) if isinstance(p.var.sort, Sort) else []
    return members[0].label if len(members) == 1 else None


def _value(run: Run, p: Parameter, word: Word) -> int:
    allowed = run.instance.range(p)
    if isinstance(p.var.sort, Sort):
        labels = [m.label for m in run.world.of(p.var.sort)]
        if word.text not in labels:
            raise Wrong(word.column, quoted(word.text), did_you_mean(word.text, labels) or one_of(labels))
        return labels.index(word.text)
    if not word.text.isdecimal() or int(word.text) not in allowed:
        raise Wrong(word.column, quoted(word.text), f"a number from {allowed.start} to {allowed.stop - 1}")
    return int(word.text)


def usage(run: Run, action: Action) -> str:
    """An action with the names of its parameters; those that may be left out in brackets."""
    parts = [
        f"[{p.var.args[0]}]" if _only(run, p) is not None else str(p.var.args[0]).upper() for p in action.parameters
    ]
    return " ".join([action.name, *parts])


def line_of(run: Run, step: Step) -> str:
    """A step as a line without an outcome: its first argument always, others where they could be something else."""
    action = run.system.action(step.action)
    return " ".join([action.name, *_said(run, action, step.arguments)])


def _said(run: Run, action: Action, arguments: Arguments) -> Iterator[str]:
    for i, (p, value) in enumerate(zip(action.parameters, arguments, strict=True)):
        if i == 0 or _only(run, p) is None:
            yield written(str(run.instance.show(p.var.sort, value)))


def shown_as(value: Any) -> str:
    """A value as it is written: truths in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)
