"""Tests that could fail, and errors that are seen: what keeps a green run worth something."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator

from .shape import Function
from .tree import Source


def unreasoned(sources: Iterable[Source]) -> list[str]:
    """Tests that are skipped, or expected to fail, without a reason."""
    return [s.at(node, what) for s in sources for node in ast.walk(s.tree) if (what := _without_reason(node))]


MARKS = frozenset({"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"})
CALLS = frozenset({"pytest.skip", "pytest.xfail", "pytest.importorskip", "unittest.skip"})


def _without_reason(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name not in MARKS | CALLS:
            return ""
        said = [k.value for k in node.keywords if k.arg in ("reason", "msg")]
        if name in ("pytest.skip", "pytest.xfail", "unittest.skip", "pytest.mark.skip"):
            said += node.args[:1]
        return "" if any(map(_says_something, said)) else f"{name} without a reason"
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        bare = [ast.unparse(d) for d in node.decorator_list if ast.unparse(d) in MARKS]
        return f"{bare[0]} without a reason" if bare else ""
    return ""


def _says_something(value: ast.expr) -> bool:
    return not isinstance(value, ast.Constant) or (isinstance(value.value, str) and bool(value.value.strip()))


BY_RAISING = {
    "test_good_files_fit_the_published_schema": "jsonschema.validate raises where a file does not fit",
    "test_random_bytes_in_a_file": "any error but BadInput is the traceback that it looks for",
}
"""Tests that assert nothing in so many words, and how they fail."""


def unable_to_fail(sources: Iterable[Source], by_raising: Container[str] = ()) -> list[str]:
    """Tests that assert nothing, neither themselves nor by a function of the tests that they call."""
    read = list(sources)
    calls = {f.name: set(_called(f)) for s in read for f in s.functions()}
    able = {f.name for s in read for f in s.functions() if f.name in by_raising or any(map(_asserts, ast.walk(f)))}
    while more := {name for name, called in calls.items() if name not in able and called & able}:
        able |= more
    return [s.at(f, f"{f.name} cannot fail") for s in read for f in s.functions() if _is_test(f) and f.name not in able]


def _is_test(f: Function) -> bool:
    return f.name.startswith("test_")


def _asserts(node: ast.AST) -> bool:
    """Whether it is an assertion, or a call that fails like one; a function taken from a table is trusted to be one."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Assert)
    checked = any(k.arg == "check" and ast.unparse(k.value) == "True" for k in node.keywords)
    named = ast.unparse(node.func) in ("pytest.raises", "pytest.fail", "pytest.warns")
    return checked or named or isinstance(node.func, ast.Subscript)


def _called(f: Function) -> Iterator[str]:
    for node in ast.walk(f):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2]


def swallowed(sources: Iterable[Source]) -> list[str]:
    """Handlers that catch every error there is and neither raise it again nor show where it came from."""
    return [
        s.at(node, "catches every error, and neither raises nor shows it")
        for s in sources
        for node in ast.walk(s.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    ]


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = ast.unparse(handler.type) if handler.type else "BaseException"
    every = {"Exception", "BaseException"} & set(caught.strip("()").split(", "))
    shown = any(isinstance(n, ast.Raise) or ast.unparse(n) == "traceback.print_exc()" for n in ast.walk(handler))
    return bool(every) and not shown
