"""The order of a plan's steps: entries, side by side or as a graph, become steps that name what they wait for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from .document import Document
from .plan_schema import STEPS_MAX, ReclaimEntry, StepEntry, StepForm
from .positions import Position
from .problems import quoted
from .records import Step

_CYCLES_SHOWN_MAX = 8


@dataclass(frozen=True)
class _Wait:
    """A name in an `after`, and the steps that wait for it."""

    waiting: frozenset[str]
    name: str
    position: Position


class StepOrder:
    """Lays entries out as steps.

    An entry without `after` waits for everything that is written before it; `ends` holds the steps that stand for all
    of that, because no earlier step waits for them. An entry with `after` waits for what it names, before or after it.
    """

    def __init__(self, document: Document, entries: list[StepEntry]) -> None:
        """Take the entries of a plan; faulty ones are already taken out."""
        self.document = document
        self.entries = entries
        self.steps: dict[str, Step] = {}
        self.ends: tuple[str, ...] = ()
        self.waits: list[_Wait] = []
        self.given = self._given_names()

    def laid_out(self) -> tuple[Step, ...]:
        """The steps, each with its name and what it waits for; wrong order is reported on the document."""
        for entry in self.entries:
            if len(self.steps) + len(_members(entry)) > STEPS_MAX:
                self.document.report(entry.where(), "still more steps", f"at most {STEPS_MAX} steps")
                return ()
            self._lay_out(entry)
        self._check_waits()
        self._check_cycles()
        return tuple(self.steps.values())

    def _given_names(self) -> dict[str, Position]:
        """The names that the plan itself gives, each to one step."""
        given: dict[str, Position] = {}
        for form in self._forms():
            if form.name is None:
                continue
            position = form.where("name")
            if form.name in given:
                expected = f"a name of its own (line {given[form.name].line} has this one)"
                self.document.report(position, f"the name {quoted(form.name)} a second time", expected)
            given.setdefault(form.name, position)
        return given

    def _forms(self) -> Iterable[StepForm]:
        for entry in self.entries:
            yield entry
            yield from entry.together or ()

    def _lay_out(self, entry: StepEntry) -> None:
        """Add an entry's steps: all side by side, or `at_most` of them at a time."""
        self._check_form(entry)
        members = _members(entry)
        group_size = entry.at_most or max(1, len(members))
        after = self.ends if entry.after is None else tuple(dict.fromkeys(entry.after))
        groups: list[list[str]] = []
        for first in range(0, len(members), group_size):
            groups.append([self._add(step, form, after) for step, form in members[first : first + group_size]])
            after = tuple(groups[-1])
        if entry.after is None:
            self.ends = after
        elif groups:
            self._wait(entry, entry.after, groups)

    def _wait(self, entry: StepEntry, after: list[str], groups: list[list[str]]) -> None:
        """Note what an entry with `after` waits for, and which steps nothing waits for now."""
        first = frozenset(groups[0])
        self.waits.extend(_Wait(first, name, entry.where_item("after", index)) for index, name in enumerate(after))
        waited_for = set(after)
        self.ends = tuple(dict.fromkeys([*(end for end in self.ends if end not in waited_for), *groups[-1]]))

    def _check_form(self, entry: StepEntry) -> None:
        """`name` is for one step, `at_most` for a list of VMs."""
        verb_and_vms = entry.vms_by_verb()
        count = len(verb_and_vms[1]) if verb_and_vms else 1
        if verb_and_vms and count == 0:
            self.document.report(entry.where(verb_and_vms[0]), "an empty list", "at least one VM")
        if entry.name is not None and (entry.together or count > 1):
            hint = "inside `together`, every step may have its own name"
            self.document.report(entry.where("name"), "a name for several steps", "a name for one step", hint)
        if entry.at_most is not None and not entry.has_list_of_vms():
            expected = "`at_most` beside a list of VMs, as in `{consolidate: [a, b, c], at_most: 2}`"
            self.document.report(entry.where("at_most"), "`at_most` for a single step", expected)

    def _add(self, step: Step, form: StepForm, after: tuple[str, ...]) -> str:
        """Add one step under its own name, or under one made from what it does."""
        name = form.name if form.name is not None else self._made_name(step)
        self.steps.setdefault(name, replace(step, name=name, after=after))
        return name

    def _made_name(self, step: Step) -> str:
        """`suspend`, `consolidate web1`, and `reclaim db1 (2)` for the second of a kind."""
        base = step.verb if step.target is None else f"{step.verb} {step.target}"
        name, count = base, 1
        while name in self.steps or name in self.given:
            count += 1
            name = f"{base} ({count})"
        return name

    def _check_waits(self) -> None:
        """Every name in an `after` is the name of a step."""
        if "steps" not in self.document.lost:
            for wait in self.waits:
                self.document.report_unknown(wait.position, "step", wait.name, self.steps)

    def _check_cycles(self) -> None:
        """No step waits for itself, not even by way of others; only a wait for a later step can make it so."""
        order = {name: index for index, name in enumerate(self.steps)}
        forward = [
            wait
            for wait in self.waits
            if wait.name in order and order[wait.name] >= min(order[name] for name in wait.waiting)
        ]
        edges = {step.name: set(step.after) for step in self.steps.values()} if forward else {}
        for _ in range(_CYCLES_SHOWN_MAX):
            cycle = _cycle(edges)
            if cycle is None:
                return
            pairs = set(pairwise(cycle))
            culprit = next(w for w in forward if any((own, w.name) in pairs for own in w.waiting))
            path = " → ".join(quoted(name) for name in cycle)
            self.document.report(culprit.position, f"steps that wait for each other: {path}", "an order that can start")
            for own in culprit.waiting:
                edges[own].discard(culprit.name)


def _cycle(edges: dict[str, set[str]]) -> list[str] | None:
    """A cycle in who waits for whom, from a step along its waits back to itself; None when there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        found: list[str] = list(reversed(error.args[1]))
        return found
    return None


def _members(entry: StepEntry) -> list[tuple[Step, StepForm]]:
    """The steps of an entry, still without order, each with the form that holds its name."""
    if entry.together is not None:
        return [pair for member in entry.together for pair in _single(member)]
    return _single(entry)


def _single(form: StepForm) -> list[tuple[Step, StepForm]]:
    """The steps of a form that is no `together`: one, or one for each VM of a list."""
    verb_and_vms = form.vms_by_verb()
    if verb_and_vms is not None:
        verb, names = verb_and_vms
        return [(Step("", verb, name, (), position=form.where_item(verb, i)), form) for i, name in enumerate(names)]
    if form.reclaim is not None:
        return [(_reclaim(form.reclaim), form)]
    return [(Step("", form.do or "", None, (), position=form.where()), form)]


def _reclaim(entry: ReclaimEntry) -> Step:
    return Step(
        name="",
        verb="reclaim",
        target=entry.vm,
        after=(),
        balloon_target_pages=entry.balloon,
        swap_target_pages=entry.swap,
        position=entry.where("vm"),
    )
