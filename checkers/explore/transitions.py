"""Actions as code: guarded successors of a packed state.

An update is an addition of differences to the words, which no mask protects: an assignment that left the range of its
field would corrupt a neighbour. So each is checked, unless it is plain that it cannot leave it, and V's last entry
(`fault`) says whether one did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from ...model.language import Action, Field, Parameter, Sort, Term, Write
from ...model.language.terms import NUMBER, choose, equal, is_quantity, substitute
from .layout import Layout, Place
from .writer import Writer, add, is_costly, is_literal, is_natural

ACTIONS_PER_FUNCTION = 12
FIRED = "store(fired, {number}, load(fired, {number}) + {times})"


class Transitions:
    """Writes the functions expand_0, expand_1 ... of a system in a world."""

    def __init__(self, writer: Writer, layout: Layout, fault: int) -> None:
        """`fault` is the entry of V that tells of assignments out of range."""
        self.writer, self.layout, self.fault = writer, layout, fault
        self.instance = writer.instance

    def write(self) -> None:
        """One function for each group of actions over the same sorts."""
        w = self.writer
        for k, group in enumerate(self._groups()):
            with w.function(f"expand_{k}(q, at, K, V, out, fired, n)"):
                w.put("fault = 0")
                for word in range(self.layout.words):
                    w.put(f"s{word} = load(q, {add(word, 'at')})")
                self._loop(group, list(group[0][1].parameters))
                w.put(f"store(V, {self.fault}, load(V, {self.fault}) | fault)")
                w.put("return n")

    def _groups(self) -> Iterator[list[tuple[int, Action]]]:
        """Numbered actions that share their loops, not so many to a function that it compiles slowly."""
        numbered = [(number, _canonical(a)) for number, a in enumerate(self.instance.actions)]
        for _, group in groupby(sorted(numbered, key=_signature), key=_signature):
            members = list(group)
            for k in range(0, len(members), ACTIONS_PER_FUNCTION):
                yield members[k : k + ACTIONS_PER_FUNCTION]

    def _loop(self, group: list[tuple[int, Action]], parameters: list[Parameter]) -> None:
        w = self.writer
        if not parameters:
            for number, a in group:
                self._guarded(_guards(a), number, a)
            return
        p, *rest = parameters
        if p.range is None:
            if self.instance.count(p.var.sort):
                with w.over(p.var):
                    self._loop(group, rest)
            return
        limit = w.constants.at(("limit", p.range), (self.instance.limit(p),))
        with w.loop(p.var, str(p.range.low), f"load(K, {limit}) + 1"):
            self._loop(group, rest)

    def _guarded(self, guards: list[list[Term]], number: int, a: Action) -> None:
        if not guards:
            self._successor(number, a)
            return
        condition = " & ".join(self.writer.name(t) for t in guards[0])
        if len(guards) == 1 and _is_a_gamble(a):
            may = self.writer.fresh("may")
            self.writer.put(f"{may} = {condition}")
            self._successor(number, a, may)
            return
        with self.writer.block(f"if {condition}:", conditional=True):
            self._guarded(guards[1:], number, a)

    def _successor(self, number: int, a: Action, may: str = "1") -> None:
        """The words of the state, each plus the differences of what is assigned; the next overwrites it unless `may`."""
        w, words = self.writer, self.layout.words
        sums = [[f"s{k}"] for k in range(words)]
        scattered: list[tuple[str, str]] = []
        equals = [r.term.args for r in a.requires if r.term.op == "=="]
        known = {x: value for x, value in equals if value.op == "const"}
        for k, write in enumerate(a.writes):
            self._check_range(write, a, may)
            old = _old(a.writes[:k], write)
            difference = self._difference(write.value, known.get(old, old))
            if difference != "0":
                self._place(write, difference, sums, scattered)
        at = "n" if words == 1 else f"n * {words}"
        for k, parts in enumerate(sums):
            w.put(f"store(out, {at}{f' + {k}' if k else ''}, {' + '.join(parts)})")
        for index, term in scattered:
            at_word = w.fresh("word")
            w.put(f"{at_word} = {at} + {index}")
            w.put(f"store(out, {at_word}, load(out, {at_word}) + {term})")
        w.put(FIRED.format(number=number, times=may))
        w.put(f"n = n + {may}")

    def _difference(self, new: Term, old: Term) -> str:
        """new - old, with what is plain left out."""
        if new is old:
            return "0"
        if new.op in ("+", "-") and new.args[0] is old:
            change = self.writer.name(new.args[1])
            return change if new.op == "+" else str(-int(change)) if is_literal(change) else f"(0 - {change})"
        after, before = self.writer.name(new), self.writer.name(old)
        if is_literal(after) and is_literal(before):
            return str(int(after) - int(before))
        return f"({after} - {before})"

    def _place(self, write: Write, difference: str, sums: list[list[str]], scattered: list[tuple[str, str]]) -> None:
        """Add the difference to the word of the field, by a place known now or looked up."""
        places = self.layout.of(write.field)
        if not any(p.bits for p in places):
            return
        member = self.writer.name(write.ref)
        if is_literal(member):
            p = places[int(member)]
            sums[p.word].append(_shifted(difference, str(p.shift)))
            return
        term = _shifted(difference, self._shift(write.field, places, member))
        if len({p.word for p in places}) == 1:
            sums[places[0].word].append(term)
        else:
            words = self.writer.constants.at(("word", write.field), tuple(p.word for p in places))
            scattered.append((f"load(K, {add(words, member)})", term))

    def _shift(self, f: Field[Any, Any], places: tuple[Place, ...], member: str) -> str:
        first = places[0].shift
        stride = places[1].shift - first if len(places) > 1 else 0
        if all(p.shift == first + i * stride for i, p in enumerate(places)):
            return f"({add(first, f'{member} * {stride}')})" if stride else str(first)
        return f"load(K, {add(self.writer.constants.at(('shift', f), tuple(p.shift for p in places)), member)})"

    def _check_range(self, write: Write, a: Action, may: str) -> None:
        """Note an assignment that leaves 0 .. the bound of the field of this member."""
        new, f = write.value, write.field
        if not is_quantity(f.sort):
            return
        old = Term("read", (f, write.ref), f.sort)
        lowered = new.op == "-" and new.args[0] is old and is_natural(new.args[1])
        tests: list[str] = []
        if not (is_natural(new) or (lowered and _covered(old, new.args[1], a))):
            tests.append(f"({self.writer.name(new)} < 0)")
        if not (lowered or new.value == 0):
            tests.append(f"({self.writer.name(new)} > {self._high(write)})")
        if tests:
            self.writer.put(f"fault = fault | {may} & ({' | '.join(tests)})")

    def _high(self, write: Write) -> str:
        f = write.field
        if not isinstance(f.upto, Field):
            return str(f.upto)
        return self.writer.name(Term("read", (f.upto, write.ref), NUMBER))


def _guards(a: Action) -> list[list[Term]]:
    """The requirements: what ranges over a sort is asked only where the rest holds."""
    terms = [r.term for r in a.requires]
    cheap = [t for t in terms if not is_costly(t)]
    costly = [t for t in terms if is_costly(t)]
    return [part for part in (cheap, costly) if part]


def _is_a_gamble(a: Action) -> bool:
    """Whether an action had better be computed than jumped around: it asks about amounts, which change from state to
    state so that the processor guesses badly, not about phases, and computing it is safe where it may not be taken."""
    asked = {part.op for r in a.requires for part in r.term.walk()}
    parts = [part for w in a.writes for part in w.value.walk()]
    members = [w.ref for w in a.writes] + [part.args[1] for part in parts if part.op in ("read", "derived")]
    plain = all(m.op in ("var", "const") for m in members) and not any(is_costly(part) for part in parts)
    return plain and bool(asked & {"<", "<="}) and "==" not in asked


def _covered(old: Term, taken: Term, a: Action) -> bool:
    """Whether a requirement says that so much can be taken from what the field holds."""
    for r in a.requires:
        if r.term.op in ("<", "<=") and r.term.args[1] is old:
            least = r.term.args[0]
            if least is taken or (r.term.op == "<" and least.value == 0 and taken.value == 1):
                return True
    return False


def _shifted(difference: str, shift: str) -> str:
    if is_literal(difference) and is_literal(shift):
        return f"({int(difference) << int(shift)})"
    return f"({difference} << {shift})" if shift != "0" else difference


def _old(earlier: tuple[Write, ...], write: Write) -> Term:
    """What the field holds just before this write: an earlier one may have met the same member."""
    old = Term("read", (write.field, write.ref), write.field.sort)
    for w in earlier:
        if w.field is write.field:
            old = choose(equal(w.ref, write.ref), w.value, old)
    return old


def _signature(numbered: tuple[int, Action]) -> str:
    """What the loops of an action depend on."""
    return repr([(p.var, p.var.sort, p.range) for p in numbered[1].parameters])


def _canonical(a: Action) -> Action:
    """The action with its parameters named by position, so that actions over the same sorts share their terms."""
    table = {p.var: Term("var", (_stem(p.var.sort, k), 0), p.var.sort) for k, p in enumerate(a.parameters)}

    def swap(t: Term) -> Term:
        return substitute(t, table)

    return replace(
        a,
        parameters=tuple(replace(p, var=table[p.var]) for p in a.parameters),
        requires=tuple(replace(r, term=swap(r.term)) for r in a.requires),
        writes=tuple(Write(w.field, swap(w.ref), swap(w.value)) for w in a.writes),
    )


def _stem(sort: Any, position: int) -> str:
    return f"{sort.__name__.lower() if isinstance(sort, Sort) else 'number'}_{position}"
