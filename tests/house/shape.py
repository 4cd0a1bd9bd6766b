"""How big, how named, how typed and how documented: what can be read off a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from statistics import median, quantiles
from typing import TypeAlias

from .tree import Source

FILE_LINES_MOST = 400
FUNCTION_LINES_MOST = 50
BANNED = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "handler", "misc"})

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"


def long_files(sources: Iterable[Source]) -> list[str]:
    """Files that nobody reads in one go."""
    sizes = [(s, s.text.count("\n")) for s in sources]
    return [s.at(1, f"{n} lines, at most {FILE_LINES_MOST}") for s, n in sizes if n > FILE_LINES_MOST]


def length(f: Function) -> int:
    """The lines of a function, its docstring included and its decorators not."""
    return (f.end_lineno or f.lineno) - f.lineno + 1


def long_functions(sources: Iterable[Source]) -> list[str]:
    """Functions that do not fit on a screen."""
    return [
        s.at(f, f"{f.name} has {length(f)} lines, at most {FUNCTION_LINES_MOST}")
        for s in sources
        for f in s.functions()
        if length(f) > FUNCTION_LINES_MOST
    ]


def sizes(sources: Iterable[Source]) -> str:
    """How long functions and files are: median, ninth decile and longest."""
    read = list(sources)
    functions = [length(f) for s in read for f in s.functions()]
    lines = [s.text.count("\n") for s in read]
    return f"functions {_spread(functions)}; files {_spread(lines)}"


def _spread(numbers: list[int]) -> str:
    return f"median {median(numbers):.0f}, p90 {quantiles(numbers, n=10)[-1]:.0f}, most {max(numbers)}"


def unannotated(sources: Iterable[Source]) -> list[str]:
    """Parameters and results without a type."""
    return [s.at(f, f"{f.name}: {what}") for s in sources for f in s.functions() for what in _untyped(f)]


def _untyped(f: Function) -> Iterator[str]:
    a = f.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]
    for i, argument in enumerate(every):
        if argument.annotation is None and not (i == 0 and argument.arg in ("self", "cls")):
            yield f"parameter {argument.arg} has no type"
    if f.returns is None:
        yield "its result has no type"


def undocumented(sources: Iterable[Source]) -> list[str]:
    """Modules, public classes and public functions without a docstring."""
    found: list[str] = []
    for s in sources:
        if not ast.get_docstring(s.tree):
            found.append(s.at(1, "the module has no docstring"))
        found += [s.at(node, f"{node.name} has no docstring") for node in _public(s.tree) if not _documented(node)]
    return found


def _documented(node: Function | ast.ClassDef) -> bool:
    overload = any("overload" in ast.unparse(d) for d in node.decorator_list)
    return overload or bool(ast.get_docstring(node))


def _public(scope: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    for node in scope.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def undocumented_modules(sources: Iterable[Source]) -> list[str]:
    """Modules that do not say what they are for; for tests, whose functions are named for what they show."""
    return [s.at(1, "the module has no docstring") for s in sources if not ast.get_docstring(s.tree)]


def prints(sources: Iterable[Source]) -> list[str]:
    """Calls of print."""
    return [
        s.at(node, "prints")
        for s in sources
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def floats(sources: Iterable[Source]) -> list[str]:
    """Numbers with a fraction, the type that holds them, and the division that makes them.

    A `case float():` is none: it tells such a number from others, to refuse it.
    """
    return [
        s.at(node, what)
        for s in sources
        for told_apart in [{id(n.cls) for n in ast.walk(s.tree) if isinstance(n, ast.MatchClass)}]
        for node in ast.walk(s.tree)
        if id(node) not in told_apart and (what := _fraction(node))
    ]


def _fraction(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        return f"the number {node.value}"
    if isinstance(node, ast.Name) and node.id in ("float", "complex"):
        return f"the type {node.id}"
    divides = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    return "division with a fraction; // is without" if divides else ""


def badly_named(sources: Iterable[Source]) -> list[str]:
    """Modules and folders whose name says nothing."""
    return [
        s.at(1, f"a name that says nothing: {', '.join(said)}")
        for s in sources
        if (said := BANNED & set(s.path.removesuffix(".py").replace("/", "_").split("_")))
    ]
