"""The rules held against the tree. That each rule catches what it is for is shown in test_rules_catch.py."""

from __future__ import annotations

import tomllib
from typing import Any

from . import honesty, imports, shape, words
from .tree import FACE, ROOMS, ROOT, Source, everything, sources

HOUSE = sources(*ROOMS, FACE)
TESTS = sources("tests", "benches")
PURE_ROOMS = sources("model", "specs")
QUIET_ROOMS = sources("model", "specs", "checkers")


def held(findings: list[str], about: str = "") -> None:
    """Fail with every finding on a line of its own."""
    assert not findings, "\n".join([f"{len(findings)} findings {about}".rstrip(), *findings])


def test_there_is_a_tree_to_look_at() -> None:
    assert {s.room for s in HOUSE} == {*ROOMS, FACE}
    assert {s.room for s in TESTS} >= {"tests"}
    assert "README.md" in {s.path for s in everything()}


def test_rooms_import_only_what_they_may() -> None:
    held(imports.kept_apart([*HOUSE, *TESTS]))


def test_the_model_imports_nothing_but_its_language_and_the_language_nothing_but_python() -> None:
    held(imports.standard_only(sources("model")))


def test_the_four_links_lead_to_the_rooms() -> None:
    links = {room: str((ROOT / FACE / room).readlink()) for room in ROOMS}

    assert links == {room: f"../../{room}" for room in ROOMS}


def test_no_module_is_dead() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tables = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
    entries = [target.partition(":")[0] for table in tables for target in table.values()]

    held(imports.dead_modules([*HOUSE, *TESTS], entries))


def test_checkers_never_heard_of_a_hypervisor() -> None:
    held(words.domain_words(sources("checkers"), words.EXCUSED))


def test_nothing_tells_where_or_how_it_was_made() -> None:
    held(words.traces_of_making(everything()))


def test_files_can_be_read_in_one_go() -> None:
    held(shape.long_files([*HOUSE, *TESTS]), shape.sizes([*HOUSE, *TESTS]))


def test_functions_fit_on_a_screen() -> None:
    held(shape.long_functions([*HOUSE, *TESTS]), shape.sizes([*HOUSE, *TESTS]))


def test_everything_is_annotated() -> None:
    held(shape.unannotated([*HOUSE, *TESTS]))


def test_everything_public_is_documented() -> None:
    held(shape.undocumented(HOUSE) + shape.undocumented_modules(TESTS))


def test_nothing_is_printed_but_by_the_face() -> None:
    held(shape.prints(QUIET_ROOMS))


def test_model_and_specs_count_in_whole_numbers() -> None:
    held(shape.floats(PURE_ROOMS))


def test_names_of_modules_say_something() -> None:
    held(shape.badly_named([*HOUSE, *TESTS]))


def test_every_skipped_test_says_why() -> None:
    held(honesty.unreasoned(TESTS))


def test_every_test_could_fail() -> None:
    tests = {f.name for s in TESTS for f in s.functions()}

    held(honesty.unable_to_fail(TESTS, honesty.BY_RAISING))
    assert set(honesty.BY_RAISING) <= tests


def test_no_error_is_swallowed() -> None:
    held(honesty.swallowed([*HOUSE, *TESTS]))


def test_a_finding_names_its_file_and_line() -> None:
    source = Source("model/thing.py", "x = 1\nprint(x)\n")

    assert shape.prints([source]) == ["model/thing.py:2: prints"]
