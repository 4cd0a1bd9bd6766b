"""Giants, bombs and things that are no files end in one clear problem, quickly and without recursion."""

import os
import sys
from pathlib import Path

import pytest

from holdfast.inputs import yaml_nodes
from holdfast.inputs.load import load_cluster, load_plan
from holdfast.inputs.plan_schema import STEPS_MAX
from holdfast.inputs.problems import BadInput
from holdfast.inputs.yaml_nodes import DEPTH_MAX, FILE_BYTES_MAX

TEN_MIB = 10 << 20
JUST_FITS = FILE_BYTES_MAX - 64
GOOD_CLUSTER = Path(__file__).parent / "good" / "two-hosts.yaml"


def only_problem(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        load_cluster(path)
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_ten_megabytes_of_nesting_are_refused_by_size(tmp_path: Path) -> None:
    rendered = only_problem(tmp_path / "c.yaml", b"[" * TEN_MIB)
    assert "found more than 8 MiB, expected a file of at most 8 MiB" in rendered


@pytest.mark.parametrize("unit", [b"[", b"{a: ", b"- ", b"? ", b"[{a: "])
def test_nesting_is_refused_by_depth(tmp_path: Path, unit: bytes) -> None:
    rendered = only_problem(tmp_path / "c.yaml", unit * (JUST_FITS // len(unit)))
    assert f"expected at most {DEPTH_MAX} levels" in rendered


def test_depth_is_checked_before_python_recurses(tmp_path: Path) -> None:
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(400)
        assert "levels" in only_problem(tmp_path / "c.yaml", b"cluster: " + b"[" * 5000 + b"]" * 5000)
    finally:
        sys.setrecursionlimit(limit)


def test_very_many_values_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "NODES_MAX", 1000)
    assert "at most 1000 values" in only_problem(tmp_path / "c.yaml", b"[" + b"a," * 1001)
    assert "at most" not in only_problem(tmp_path / "d.yaml", b"[" + b"a," * 998 + b"]")


def test_a_billion_laughs_stay_a_short_list_of_problems(tmp_path: Path) -> None:
    lines = ["cluster: 1", "x0: &x0 [lol]"] + [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 50)}]" for i in range(1, 30)]
    path = tmp_path / "c.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_cluster(path)
    assert 60 <= len(caught.value.problems) <= 150


def test_a_very_long_line_is_shown_only_around_the_problem(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"cluster: 1\nhosts: []\nvms: []\nreleases: " + b"x" * 1_000_000 + b"\n")
    with pytest.raises(BadInput) as caught:
        load_cluster(path)
    assert max(len(line) for line in str(caught.value).splitlines()) < 200 + len(str(path))


def test_only_the_first_hundred_of_very_many_problems_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("cluster: 1\nvms: []\nhosts: []\nreleases:\n" + "  - x\n" * 5000, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_cluster(path)
    assert len(caught.value.problems) >= 5000
    assert str(caught.value).endswith(f"… and {len(caught.value.problems) - 100} more problems")


def test_too_many_steps_are_refused_before_they_are_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    head = f"plan: 1\ncluster: {GOOD_CLUSTER}\nhost: alpha\nto: kvm-10.0\n"
    sizes = "host_vm: {size: 40GiB, overhead: 0, guest_footprint: 0, vm_overhead: 0}\n"
    path.write_text(head + sizes + "steps:\n  - consolidate: [" + "web1, " * (STEPS_MAX + 1) + "]\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_plan(path)
    assert [problem.expected for problem in caught.value.problems] == [f"at most {STEPS_MAX} steps"]


@pytest.mark.parametrize("load", [load_cluster, load_plan])
def test_what_is_no_file_is_a_problem_and_not_a_traceback(tmp_path: Path, load: object) -> None:
    assert callable(load)
    for path in (tmp_path, tmp_path / "missing.yaml", tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(BadInput) as caught:
            load(path)
        assert len(caught.value.problems) == 1


def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read every file, so no file is unreadable here")
    path = tmp_path / "c.yaml"
    path.write_text("cluster: 1\n", encoding="utf-8")
    path.chmod(0)
    with pytest.raises(BadInput, match="Permission denied"):
        load_cluster(path)


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD_CLUSTER.read_bytes())
    assert load_cluster(path) == load_cluster(GOOD_CLUSTER)
