"""Promela: the same system and world for SPIN, so that somebody else's checker can count it.

One `d_step` for each action with each choice of arguments; every varying field is an array with one entry per member,
constants are written out, and the state after each step is asserted to satisfy every `always`. An assignment whose
reference or value must be computed first goes through a temporary, which is reset to 0 so that it makes no states.

The model begins before the initial states, in a state that picks one of them; `spin` takes that state and those steps
off SPIN's counts.

What SPIN is not asked: `step`, `sometimes`, `leads_to` and `recoverable` properties, and whether assignments keep to
their ranges.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..model.language import Action, Arguments, Field, Instance, Kind, ModelError, State, Term
from ..model.language.terms import QUANTIFIERS, encode
from .interpret import Run

Environment: TypeAlias = "Mapping[Term, int]"

JOIN = {"forall": " && ", "exists": " || ", "sum": " + "}
FORM = {"forall": "(!{keep} || {body})", "exists": "({keep} && {body})", "sum": "({keep} -> {body} : 0)"}
EMPTY = {"forall": "1", "exists": "0", "sum": "0"}
LARGEST = 2**31 - 1
MOST_INITIAL = 10_000


def promela(run: Run) -> str:
    """The system in its world as a Promela model. Raises ModelError where SPIN's integers are too small, or where
    there are too many initial states to write each out."""
    return "\n".join(_Printer(run).lines()) + "\n"


class _Printer:
    """Writes one model."""

    def __init__(self, run: Run) -> None:
        self.run, self.instance = run, run.instance
        self.names = _array_names(self.instance)
        if max(self.instance.highs, default=0) > LARGEST:
            raise ModelError(f"{run.world.name}: SPIN has integers up to {LARGEST}")

    def lines(self) -> Iterator[str]:
        """The whole model."""
        initial = self.run.initial()
        if not 0 < len(initial) <= MOST_INITIAL:
            raise ModelError(
                f"{self.run.world.name} has {len(initial)} initial states; 1 to {MOST_INITIAL} are written"
            )
        always = self.run.system.of_kind(Kind.ALWAYS)
        yield f"#define CHECK assert({' && '.join(self.term(p.term, {}) for p in always) or '1'});"
        for f in self.instance.fields:
            yield f"{self._type(f)} {self.names[f]}[{self.instance.count(f.owner)}];"
        most = max((len(a.writes) for a in self.instance.actions), default=0)
        yield from (f"int new{k}, at{k};" for k in range(most))
        yield "active proctype model() {"
        yield "  if"
        for state in initial:
            yield from self._start(state)
        yield "  fi;"
        yield "  do"
        for action, arguments in self.instance.steps():
            yield from self._step(action, arguments)
        yield "  od"
        yield "}"

    def _start(self, state: State) -> Iterator[str]:
        yield "  :: d_step {"
        for f in self.instance.fields:
            for i in range(self.instance.count(f.owner)):
                yield f"      {self.names[f]}[{i}] = {state[self.instance.slot(f, i)]};"
        yield "      CHECK }"

    def _type(self, f: Field[Any, Any]) -> str:
        base = self.instance.base[f]
        high = max(self.instance.highs[base : base + self.instance.count(f.owner)])
        return "byte" if high < 2**8 else "short" if high < 2**15 else "int"

    def _step(self, a: Action, arguments: Arguments) -> Iterator[str]:
        """The writes are simultaneous: all are computed before any is done, and then the later one stands."""
        env = self.run.environment(a, arguments)
        guard = " && ".join(self.term(r.term, env) for r in a.requires) or "1"
        yield f"  :: d_step {{ /* {a.name}{arguments} */"
        yield f"      {guard} ->"
        for k, w in enumerate(a.writes):
            yield f"      new{k} = {self.term(w.value, env)}; at{k} = {self.term(w.ref, env)};"
        for k, w in enumerate(a.writes):
            yield f"      {self.names[w.field]}[at{k}] = new{k};"
        for k in range(len(a.writes)):
            yield f"      new{k} = 0; at{k} = 0;"
        yield "      CHECK }"

    def term(self, t: Term, env: Environment) -> str:
        """The term as a Promela expression; members are known by now, unless read from a field."""
        match t.op, t.args:
            case "const", (value,):
                return str(encode(value))
            case "var", _:
                return str(env[t])
            case "read", (f, ref):
                return self._read(f, self.term(ref, env))
            case "derived", (d, ref):
                return self._definition(d, self.term(ref, env))
            case "not", (a,):
                return f"(!{self.term(a, env)})"
            case (("and" | "or"), parts):
                return "(" + {"and": " && ", "or": " || "}[t.op].join(self.term(p, env) for p in parts) + ")"
            case "ite", (condition, then, otherwise):
                return f"({self.term(condition, env)} -> {self.term(then, env)} : {self.term(otherwise, env)})"
            case op, _ if op in QUANTIFIERS:
                return self._quantifier(t, env)
            case op, (a, b):
                return f"({self.term(a, env)} {op} {self.term(b, env)})"
            case _:
                raise ModelError(f"{t} cannot be written in Promela")

    def _quantifier(self, t: Term, env: Environment) -> str:
        var, keep, body = t.args
        cases = [{**env, var: i} for i in range(self.instance.count(var.sort))]
        parts = [FORM[t.op].format(keep=self.term(keep, e), body=self.term(body, e)) for e in cases]
        return f"({JOIN[t.op].join(parts) or EMPTY[t.op]})"

    def _read(self, f: Field[Any, Any], member: str) -> str:
        if f in self.instance.base:
            return f"{self.names[f]}[{member}]"
        return _select(member, [str(value) for value in self.instance.fixed[f]])

    def _definition(self, d: Any, member: str) -> str:
        members = range(self.instance.count(d.owner))
        if member.isdigit():
            return self.term(d.definition, {d.variable: int(member)})
        return _select(member, [self.term(d.definition, {d.variable: i}) for i in members])


def _array_names(instance: Instance) -> dict[Field[Any, Any], str]:
    return {f: f"{f.owner.__name__}_{f.name}" for f in instance.fields}


def _select(member: str, values: list[str]) -> str:
    """The value of the member that an expression stands for."""
    if member.isdigit():
        return values[int(member)]
    text = values[-1]
    for i in range(len(values) - 2, -1, -1):
        text = f"(({member}) == {i} -> {values[i]} : {text})"
    return text


# --------------------------------------------------------------------------------------------------- running SPIN
@dataclass(frozen=True)
class Counts:
    """What SPIN counted, without the start-up. `depth` counts levels, as Figures do; with an error, the steps to it."""

    states: int
    transitions: int
    depth: int
    errors: int


def is_installed() -> str:
    """Nothing if SPIN and a C compiler are here; else what is missing."""
    return ", ".join(name for name in ("spin", "gcc") if shutil.which(name) is None)


WHOLE_STATES = ("-o1", "-o2")
"""SPIN would leave out of the state what is dead, or never read; here every field counts."""

PAN = ("-O1", "-DBFS", "-DSAFETY", "-DNOREDUCE", "-DVECTORSZ=4096")


def build(run: Run, folder: Path) -> Path:
    """SPIN's checker for this run, compiled in a folder. Raises RuntimeError with what SPIN or the compiler said."""
    (folder / "model.pml").write_text(promela(run))
    _run(folder, "spin", *WHOLE_STATES, "-a", "model.pml")
    _run(folder, "gcc", *PAN, "-o", "pan", "pan.c")
    return folder / "pan"


def spin(run: Run) -> Counts:
    """Every reachable state, breadth first, without reduction, by SPIN. Raises RuntimeError where it is missing."""
    missing = is_installed()
    if missing:
        raise RuntimeError(f"not installed: {missing}")
    with tempfile.TemporaryDirectory() as folder:
        pan = build(run, Path(folder))
        return parse(_run(Path(folder), str(pan), "-E"), len(run.initial()))


def parse(said: str, initial: int) -> Counts:
    """The counts that SPIN's checker prints, less a state and the steps that lead to so many initial states (SPIN
    counts its own beginning as one more transition). Raises RuntimeError where it prints none."""
    found = [re.search(pattern, said) for pattern in PATTERNS]
    if not all(found):
        raise RuntimeError(f"SPIN's checker printed no counts:\n{said[:2000]}")
    states, transitions, depth, errors = (int(m.group(1)) for m in found if m)
    return Counts(states - 1, transitions - initial - 1, depth, errors)


PATTERNS = (r"(\d+) states, stored", r"(\d+) transitions \(=", r"depth reached (\d+)", r"errors: (\d+)")


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[:2000]}")
    return done.stdout
