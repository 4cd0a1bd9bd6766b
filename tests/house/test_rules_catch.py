"""Each house rule catches what it is for, and lets its neighbour pass."""

from __future__ import annotations

import pytest

from . import honesty, imports, shape, words
from .tree import Source


def found(rule: object, path: str, text: str) -> bool:
    """Whether a rule, given this one file, finds anything."""
    assert callable(rule)
    return bool(rule([Source(path, text)]))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("model/language/terms.py", "from ..inventory import Vm"),
        ("model/memory.py", "from ..checkers.verdict import Holds"),
        ("model/memory.py", "from ..specs import properties"),
        ("checkers/graph.py", "from ..model.inventory import Vm"),
        ("checkers/graph.py", "from ..model import inventory"),
        ("checkers/plans/solve.py", "from ...specs.properties import one_authority"),
        ("checkers/graph.py", "def f():\n    from holdfast.inputs import load"),
        ("checkers/graph.py", "import_module('holdfast.model.inventory')"),
        ("specs/worlds.py", "from ..checkers.interpret import Run"),
        ("specs/worlds.py", "from ..inputs.load import load_plan"),
        ("impl/planner.py", "from ..model.language import Term"),
        ("impl/planner.py", "import holdfast.checkers.verdict"),
        ("tests/test_x.py", "from model.language import Term"),
        ("src/holdfast/command.py", "import specs.properties"),
    ],
)
def test_an_import_across_a_wall_is_found(path: str, line: str) -> None:
    assert found(imports.kept_apart, path, line)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("model/language/terms.py", "from .errors import ModelError"),
        ("model/memory.py", "from .language import Term"),
        ("checkers/plans/solve.py", "from ...model.language.terms import Term"),
        ("specs/worlds.py", "from ..model.inventory import Vm"),
        ("src/holdfast/command.py", "from .checkers.verdict import Holds"),
        ("tests/test_x.py", "from holdfast.model.language import Term"),
    ],
)
def test_an_import_within_the_walls_passes(path: str, line: str) -> None:
    assert not found(imports.kept_apart, path, line)


@pytest.mark.parametrize(
    ("path", "line"), [("model/memory.py", "import time"), ("model/language/terms.py", "import numpy as np")]
)
def test_a_model_that_is_not_pure_is_found(path: str, line: str) -> None:
    assert found(imports.standard_only, path, line)
    assert not found(imports.standard_only, path, "from dataclasses import dataclass")


def test_a_dead_module_is_found_and_one_in_use_is_not() -> None:
    user = Source("checkers/user.py", "from .used import f")
    tree = [user, Source("checkers/used.py", ""), Source("checkers/dead.py", "from . import dead")]

    assert imports.dead_modules(tree, ["holdfast.checkers.user"]) == ["checkers/dead.py:1: nobody imports it"]
    assert imports.dead_modules([user], []) == ["checkers/user.py:1: nobody imports it"]


@pytest.mark.parametrize(
    "line", ["host_vm = 1", "class HostVm: ...", "x = 1  # the VM", '"""Of guests."""', "PAGES = 1"]
)
def test_a_word_of_the_domain_is_found(line: str) -> None:
    assert words.domain_words([Source("checkers/graph.py", line)], [])


def test_an_excuse_counts_in_its_file_only_and_must_be_needed() -> None:
    excuse = words.Excused("checkers/a.py", "machine", "machine words")

    assert not words.domain_words([Source("checkers/a.py", "a machine word")], [excuse])
    assert words.domain_words([Source("checkers/a.py", "machine"), Source("checkers/b.py", "machine")], [excuse])
    assert words.domain_words([Source("checkers/a.py", "a word")], [excuse])


def test_words_that_only_contain_one_of_the_domain_pass() -> None:
    assert not words.domain_words([Source("checkers/a.py", "ghost paged_in swap imaged 'm'")], [])


@pytest.mark.parametrize(
    "line",
    [
        "open('/" + "home/me/file')",
        "see /" + "tmp/x",
        "--find-" + "links",
        "https://" + "pypi.org/simple",
        "Co-" + "Authored-By: x",
        "a sk" + "etch",
        "TO" + "DO",
    ],
)
def test_a_trace_of_how_a_file_was_made_is_found(line: str) -> None:
    assert words.traces_of_making([Source("docs/page.md", line)])


def test_paths_that_every_machine_has_are_no_trace() -> None:
    lines = "/proc/meminfo\nhttps://docs.python.org/3/\n../work/x\n/usr/bin/env\nthe network/home split\n"

    assert not words.traces_of_making([Source("docs/page.md", lines)])


def test_a_long_file_and_a_long_function_are_found() -> None:
    body = "    x = 1\n" * 49

    assert found(shape.long_files, "a.py", "x = 1\n" * 401)
    assert not found(shape.long_files, "a.py", "x = 1\n" * 400)
    assert found(shape.long_functions, "a.py", f"def f():\n{body}    x = 2\n")
    assert not found(shape.long_functions, "a.py", f"def f():\n{body}")


def test_sizes_are_told_by_median_ninth_decile_and_most() -> None:
    source = Source("a.py", "def f():\n    x = 1\n" * 9 + "def g():\n    x = 1\n    y = 2\n")

    assert shape.sizes([source, source]) == "functions median 2, p90 3, most 3; files median 21, p90 21, most 21"


@pytest.mark.parametrize("line", ["def f(a) -> int: ...", "def f(a: int): ...", "def f(*a, **b: int) -> int: ..."])
def test_a_missing_annotation_is_found(line: str) -> None:
    assert found(shape.unannotated, "a.py", line)
    assert not found(shape.unannotated, "a.py", "class A:\n    def f(self, a: int) -> int: ...")


@pytest.mark.parametrize(
    "text",
    ["x = 1", '"""A."""\ndef f(): ...', '"""A."""\nclass A: ...', '"""A."""\nclass A:\n    "A."\n    def f(): ...'],
)
def test_a_missing_docstring_is_found(text: str) -> None:
    assert found(shape.undocumented, "a.py", text)
    assert not found(shape.undocumented, "a.py", '"""A."""\ndef _f(): ...\n@overload\ndef g(): ...')


def test_a_test_module_that_does_not_say_what_it_is_for_is_found() -> None:
    assert found(shape.undocumented_modules, "tests/test_a.py", "x = 1")
    assert not found(shape.undocumented_modules, "tests/test_a.py", '"""A."""\ndef test_f(): ...')


def test_a_print_is_found_and_its_like_is_not() -> None:
    assert found(shape.prints, "a.py", "def f():\n    print(1)")
    assert not found(shape.prints, "a.py", "console.print(1)")


@pytest.mark.parametrize("line", ["x = 0.5", "x: float", "x = a / b", "x /= 2", "x = 1e3", "x = 2j"])
def test_a_number_with_a_fraction_is_found(line: str) -> None:
    assert found(shape.floats, "a.py", line)
    assert not found(shape.floats, "a.py", "x = a // b\nmatch x:\n    case float(): ...")


@pytest.mark.parametrize("path", ["checkers/utils.py", "checkers/common/x.py", "src/holdfast/plan_manager.py"])
def test_a_name_that_says_nothing_is_found(path: str) -> None:
    assert found(shape.badly_named, path, "")
    assert not found(shape.badly_named, "checkers/commoner.py", "")


@pytest.mark.parametrize(
    "line",
    [
        "pytest.skip()",
        "pytest.skip(' ')",
        "pytest.importorskip('spin')",
        "@pytest.mark.skip\ndef test_a(): ...",
        "@pytest.mark.skipif(True)\ndef test_a(): ...",
        "@pytest.mark.xfail\nclass A: ...",
        "pytestmark = pytest.mark.xfail(strict=True)",
    ],
)
def test_a_skip_without_a_reason_is_found(line: str) -> None:
    assert found(honesty.unreasoned, "a.py", line)


@pytest.mark.parametrize(
    "line", ["pytest.skip('no spin')", "pytest.skip(reason)", "@pytest.mark.skipif(x, reason='why')\ndef test_a(): ..."]
)
def test_a_skip_with_a_reason_passes(line: str) -> None:
    assert not found(honesty.unreasoned, "a.py", line)


def test_a_test_that_asserts_nothing_is_found_and_one_that_has_it_done_is_not() -> None:
    tree = [
        Source("tests/page.py", "def held(x):\n    assert x\ndef more(x):\n    page.held(x)\ndef idle(x):\n    f(x)"),
        Source("tests/test_a.py", "def test_one():\n    more(1)\ndef test_two():\n    idle(1)"),
    ]

    assert honesty.unable_to_fail(tree) == ["tests/test_a.py:3: test_two cannot fail"]
    assert honesty.unable_to_fail(tree, ["test_two"]) == []


@pytest.mark.parametrize("caught", ["", " Exception", " (OSError, Exception)", " BaseException as e"])
def test_an_error_that_is_swallowed_is_found(caught: str) -> None:
    assert found(honesty.swallowed, "a.py", f"try: f()\nexcept{caught}: pass")
    assert not found(honesty.swallowed, "a.py", f"try: f()\nexcept{caught}:\n    g()\n    raise")
    assert not found(honesty.swallowed, "a.py", f"try: f()\nexcept{caught}:\n    traceback.print_exc()")
    assert not found(honesty.swallowed, "a.py", "try: f()\nexcept (OSError, ValueError): pass")
