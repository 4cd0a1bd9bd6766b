"""The generated part of an explorer: one system in one world as functions over packed states.

| function      | does                                                                                            |
|---------------|-------------------------------------------------------------------------------------------------|
| unpack        | takes the words of a state at q[at] apart into V, then computes every derived definition        |
| unpack_later  | the same, as far as `step` properties ask for the state after the step                          |
| broken        | the number (from 1) of an `always` that does not hold in V, or 0                                |
| breach        | the same for a `step` property, over the step from V to W                                       |
| witness       | notes state n for each `sometimes` that it is the first to show; returns how many               |
| expand_0, ... | append the successors of V at out[n], count their actions; return how many successors there are |

All take the same arguments, so that a kernel may call any of them by its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.language import Action, Field, Instance, Kind, Property, Term, derived
from .layout import WORD_BITS, Layout
from .transitions import Transitions
from .writer import Constants, Writer, add


@dataclass(frozen=True)
class Program:
    """The source of each function, what they need to run, and what their numbers mean."""

    instance: Instance
    layout: Layout
    functions: dict[str, str]
    constants: tuple[int, ...]
    values: int
    branching: int
    always: tuple[Property, ...]
    steps: tuple[Property, ...]
    sometimes: tuple[Property, ...]

    @property
    def expanders(self) -> tuple[str, ...]:
        """The names of the functions that expand."""
        return tuple(name for name in self.functions if name.startswith("expand_"))

    @property
    def source(self) -> str:
        """All functions."""
        return "\n".join(self.functions.values())


def program(instance: Instance, *, word_bits: int = WORD_BITS) -> Program:
    """Generate the code of a system in a world. Raises ModelError for fields that no word can hold."""
    layout = Layout(instance, word_bits)
    always, steps, sometimes = (instance.system.of_kind(k) for k in (Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES))
    definitions, values = _definitions(instance)
    writer = Writer(instance, Constants(), definitions)
    _unpack(writer, layout, "unpack")
    _unpack(writer, layout, "unpack_later", _later(steps))
    _first(writer, "broken(q, at, K, V, X, Y, n)", always)
    _first(writer, "breach(q, at, K, V, W, Y, n)", steps)
    _witness(writer, sometimes)
    Transitions(writer, layout, fault=values).write()
    return Program(
        instance,
        layout,
        writer.functions,
        tuple(writer.constants.values) or (0,),
        values + 1,
        sum(1 for _ in instance.steps()),
        always,
        steps,
        sometimes,
    )


def _definitions(instance: Instance) -> tuple[dict[derived[Any], int], int]:
    """Where each definition that is used lies in V, each after those that it uses itself; and where V ends."""
    terms = [t for a in instance.actions for t in _terms(a)]
    terms += [p.term for p in instance.system.of_kind(Kind.ALWAYS, Kind.STEP, Kind.SOMETIMES)]
    at: dict[derived[Any], int] = {}
    end = instance.slots
    for d in _used(terms):
        at[d] = end
        end += instance.count(d.owner)
    return at, end


def _terms(a: Action) -> list[Term]:
    return [r.term for r in a.requires] + [t for w in a.writes for t in (w.ref, w.value)]


def _used(terms: Iterable[Term]) -> list[derived[Any]]:
    """The definitions that terms use, also through other definitions, each after those that it uses itself."""
    order: dict[derived[Any], None] = {}

    def visit(term: Term) -> None:
        for d in sorted({t.args[0] for t in term.walk() if t.op == "derived"}, key=repr):
            if d not in order:
                visit(d.definition)
                order[d] = None

    for term in terms:
        visit(term)
    return list(order)


def _later(steps: tuple[Property, ...]) -> list[Term]:
    """What `step` properties ask of the state after the step."""
    return [t.args[0] for p in steps for t in p.term.walk() if t.op == "after"]


def _unpack(w: Writer, layout: Layout, name: str, terms: list[Term] | None = None) -> None:
    """The slots and definitions, of these terms only if any are given."""
    definitions = list(w.definitions) if terms is None else _used(terms)
    slots: Sequence[int] = range(w.instance.slots)
    if terms is not None:
        everything = [*terms, *(d.definition for d in definitions)]
        read = {t.args[0] for term in everything for t in term.walk() if t.op == "read"}
        slots = [s for f in w.instance.fields if f in read for s in _slots(w.instance, f)]
    with w.function(f"{name}(q, at, K, V, X, Y, n)"):
        for k in range(layout.words):
            w.put(f"s{k} = load(q, {add(k, 'at')})")
        for slot in slots:
            p = layout.places[slot]
            w.put(f"store(V, {slot}, {f's{p.word} >> {p.shift} & {(1 << p.bits) - 1}' if p.bits else '0'})")
        for d in definitions:
            if w.instance.count(d.owner):
                with w.over(d.variable):
                    w.put(f"store(V, {add(w.definitions[d], w.name(d.variable))}, {w.name(d.definition)})")
        w.put("return 0")


def _slots(instance: Instance, f: Field[Any, Any]) -> range:
    return range(instance.base[f], instance.base[f] + instance.count(f.owner))


def _first(w: Writer, head: str, properties: tuple[Property, ...]) -> None:
    with w.function(head):
        for number, p in enumerate(properties, 1):
            with w.block(f"if {w.name(p.term)} == 0:", conditional=True):
                w.put(f"return {number}")
        w.put("return 0")


def _witness(w: Writer, properties: tuple[Property, ...]) -> None:
    with w.function("witness(q, at, K, V, seen, Y, n)"):
        w.put("found = 0")
        for number, p in enumerate(properties):
            with w.block(f"if load(seen, {number}) == 0:", conditional=True):
                shown = w.name(p.term)
                with w.block(f"if {shown}:", conditional=True):
                    w.put(f"store(seen, {number}, n + 1)")
                    w.put("found = found + 1")
        w.put("return found")
