"""Terms as lines of restricted Python: integers, loops and a few primitives, which CPython runs and Numba compiles.

Two arrays hold what terms read. `V` is the state taken apart: one integer per slot, then every derived definition, one
integer per member. `K` holds the constants of the world, so that one compilation serves other sizes.

Truths are integers or comparisons, joined by `&` and `|`: an action costs one branch, not one per requirement. A term
is computed once, in the outermost loop that binds all its variables, but never outside the `if` that asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...model.language import Field, Instance, Sort, Term, derived
from ...model.language.terms import ARITHMETIC, QUANTIFIERS


class Constants:
    """The array `K`: values that code looks up, each run of them once."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.values: list[int] = []
        self._at: dict[Any, int] = {}

    def at(self, key: Any, values: tuple[int, ...]) -> int:
        """Where these values begin; `key` says what they are, apart from their sizes."""
        if key not in self._at:
            self._at[key] = len(self.values)
            self.values.extend(values)
        return self._at[key]


@dataclass
class Block:
    """Lines under one head. `conditional` blocks keep what is computed for them to themselves."""

    binds: frozenset[Term] = frozenset()
    conditional: bool = False
    lines: list[str] = field(default_factory=list[str])
    names: dict[tuple[Term, bool], str] = field(default_factory=dict[tuple[Term, bool], str])


class Writer:
    """Writes one function at a time. `slots` and `definitions` say where V holds fields and definitions."""

    def __init__(self, instance: Instance, constants: Constants, definitions: dict[derived[Any], int]) -> None:
        """A writer for one system in one world."""
        self.instance, self.constants, self.definitions = instance, constants, definitions
        self.functions: dict[str, str] = {}
        self.stack: list[Block] = []
        self.later = False
        self._counter = 0

    # ------------------------------------------------------------------------------------------------ functions
    @contextmanager
    def function(self, head: str) -> Generator[None]:
        """The lines written inside become the function with this head."""
        self.stack, self._counter = [Block()], 0
        yield
        (block,) = self.stack
        self.functions[head.partition("(")[0]] = "\n".join([f"def {head}:", *(f"    {x}" for x in block.lines), ""])

    def put(self, line: str) -> None:
        """A line in the current block."""
        self.stack[-1].lines.append(line)

    @contextmanager
    def block(self, head: str, *, binds: dict[Term, str] | None = None, conditional: bool = False) -> Generator[None]:
        """Lines under a head: a loop that binds variables, or a condition."""
        block = Block(frozenset(binds or ()), conditional)
        for var, name in (binds or {}).items():
            block.names[var, False] = block.names[var, True] = name
        self.stack.append(block)
        yield
        self.stack.pop()
        if head:
            self.put(head)
        indent = "    " if head else ""
        self.stack[-1].lines.extend(indent + line for line in block.lines or ["pass"] * bool(head))

    @contextmanager
    def loop(self, var: Term, low: str, end: str) -> Generator[None]:
        """The block once for each value of a variable from `low` to before `end`."""
        name = self.fresh(str(var.args[0]))
        self.put(f"{name} = {low}")
        with self.block(f"while {name} < {end}:", binds={var: name}):
            yield
            self.put(f"{name} = {name} + 1")

    @contextmanager
    def over(self, var: Term) -> Generator[None]:
        """The block once for each member of the variable's sort, which has some."""
        count = self.instance.count(var.sort)
        if count == 1:
            with self.block("", binds={var: "0"}):
                yield
        else:
            with self.loop(var, "0", str(count)):
                yield

    def fresh(self, stem: str) -> str:
        """A name not used yet in this function."""
        self._counter += 1
        return f"{stem}_{self._counter}"

    # ---------------------------------------------------------------------------------------------------- terms
    def name(self, t: Term) -> str:
        """The name or literal that holds the term here."""
        if t.op == "const":
            return str(t.value)
        if t.op == "after":
            return self._after(t)
        key = t, self.later
        for block in reversed(self.stack):
            if key in block.names:
                return block.names[key]
        home = self._home(t)
        inner = self.stack[home + 1 :]
        del self.stack[home + 1 :]
        text = self._text(t)
        if not is_literal(text) and not text.isidentifier():
            name = self.fresh(t.args[0].name if t.op in ("read", "derived") else "t")
            self.put(f"{name} = {text}")
            text = name
        self.stack[home].names[key] = text
        self.stack += inner
        return text

    def _home(self, t: Term) -> int:
        """The outermost block in which all variables of the term are bound, not beyond a condition."""
        at = len(self.stack) - 1
        while at and not self.stack[at].conditional and not (self.stack[at].binds & t.free):
            at -= 1
        return at

    def _after(self, t: Term) -> str:
        self.later = True
        name = self.name(t.args[0])
        self.later = False
        return name

    def _text(self, t: Term) -> str:
        match t.op, t.args:
            case "read", (f, ref):
                return self.read(f, self.name(ref))
            case "derived", (d, ref):
                return f"load({self._state}, {add(self.definitions[d], self.name(ref))})"
            case "not", (a,):
                return f"({self.name(a)} == 0)"
            case "and", parts:
                return "(" + " & ".join(self.name(p) for p in parts) + ")"
            case "or", parts:
                return "(" + " | ".join(self.name(p) for p in parts) + ")"
            case "ite", (condition, then, otherwise):
                return f"choose({self.name(condition)}, {self.name(then)}, {self.name(otherwise)})"
            case (("forall" | "exists" | "sum"), _):
                return self._quantifier(t)
            case op, (a, b):
                return self._binary(op, self.name(a), self.name(b))
            case _:
                raise AssertionError(f"{t} has no meaning")

    def _binary(self, op: str, a: str, b: str) -> str:
        if is_literal(a) and is_literal(b):
            return str(int(a == b) if op == "==" else int(ARITHMETIC[op](int(a), int(b))))
        return f"({a} {op} {b})"

    @property
    def _state(self) -> str:
        return "W" if self.later else "V"

    def _quantifier(self, t: Term) -> str:
        var, keep, body = t.args
        result = self.fresh(QUANTIFIERS[t.op])
        self.put(f"{result} = {'1' if t.op == 'forall' else '0'}")
        if self.instance.count(var.sort):
            with self.over(var):
                self.put(f"{result} = {self._gather(t.op, result, keep, self.name(body))}")
        return result

    def _gather(self, op: str, result: str, keep: Term, value: str) -> str:
        name = self.name(keep)
        kept = None if name == "1" else name
        if op == "sum":
            return f"{result} + {value if kept is None else f'choose({kept}, {value}, 0)'}"
        if op == "forall":
            return f"{result} & {value if kept is None else f'(({kept} == 0) | {value})'}"
        return f"{result} | {value if kept is None else f'({kept} & {value})'}"

    def read(self, f: Field[Any, Any], member: str) -> str:
        """The field of a member."""
        if isinstance(f.sort, Sort) and self.instance.count(f.sort) == 1:
            return "0"
        if f in self.instance.base:
            return f"load({self._state}, {add(self.instance.base[f], member)})"
        return f"load(K, {add(self.constants.at(f, self.instance.fixed[f]), member)})"


def is_literal(text: str) -> bool:
    """Whether the text is a number."""
    return text.lstrip("-").isdigit()


def add(base: int, offset: str) -> str:
    """`base + offset`, added up where both are known."""
    if is_literal(offset):
        return str(base + int(offset))
    return f"{base} + {offset}" if base else offset


def is_costly(t: Term) -> bool:
    """Whether the term ranges over a sort when it is asked for (definitions are looked up)."""
    return any(part.op in QUANTIFIERS for part in t.walk())


def is_natural(t: Term) -> bool:
    """Whether the term is known never to be negative, in a state whose fields are in range."""
    match t.op, t.args:
        case "const", _:
            return (t.value or 0) >= 0
        case "read", (f, _):
            return not f.rigid
        case "derived", (d, _):
            return is_natural(d.definition)
        case (("+" | "*"), (a, b)):
            return is_natural(a) and is_natural(b)
        case "ite", (_, a, b):
            return is_natural(a) and is_natural(b)
        case "sum", (_, _, body):
            return is_natural(body)
        case _:
            return False
