"""What is shipped is whole: wheel and source archive install into a fresh environment, and work from there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from .tree import ROOMS, ROOT

pytestmark = pytest.mark.slow


def said(*command: str | Path, cwd: Path | None = None) -> str:
    """What a command prints; a command that fails fails the test with all that it said.

    The libraries are those of the environment that the tests run in, so nothing is downloaded; Holdfast is not among
    them, since an editable installation is found by its own site only.
    """
    env = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def built(kind: str, source: Path, into: Path) -> Path:
    """The archive of this kind, made from a source tree."""
    said(sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", into, cwd=source)
    (archive,) = into.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the repository."""
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel_of_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that an installer makes from the source archive, in which there are no links."""
    sdist = built("sdist", ROOT, tmp_path_factory.mktemp("sdist"))
    into = tmp_path_factory.mktemp("wheel-of-sdist")
    said(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", into, sdist)
    (archive,) = into.iterdir()
    return archive


def installed(archive: Path, into: Path) -> Path:
    """The programs of a fresh environment with this wheel in it."""
    venv.create(into, with_pip=False, symlinks=True)
    programs = into / "bin"
    said(
        sys.executable,
        "-m",
        "pip",
        "--python",
        programs / "python",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        archive,
    )
    return programs


def shipped(archive: Path) -> set[str]:
    """The files of the package in a wheel."""
    return {name for name in zipfile.ZipFile(archive).namelist() if name.startswith("holdfast/")}


def in_the_tree() -> set[str]:
    """The same files where they are written."""
    listed = {"src/holdfast": "holdfast", **{room: f"holdfast/{room}" for room in ROOMS}}
    return {
        f"{name}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, name in listed.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    assert shipped(wheel) == in_the_tree()


def test_the_source_archive_makes_the_same_package(wheel: Path, wheel_of_sdist: Path) -> None:
    assert shipped(wheel_of_sdist) == shipped(wheel)


@pytest.mark.parametrize("archive", ["wheel", "wheel_of_sdist"])
def test_the_package_works_from_a_fresh_environment(
    archive: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    programs = installed(request.getfixturevalue(archive), tmp_path / "fresh")
    tell = "import holdfast.model.language as heart; print(heart.__file__, len(heart.__all__))"
    where, names = said(programs / "python", "-c", tell, cwd=tmp_path).split()
    example = Path(where).parents[2] / "specs" / "examples" / "safe.yaml"

    assert Path(where).is_relative_to(tmp_path / "fresh")
    assert int(names) > 0
    assert "verify" in said(programs / "holdfast", "--help", cwd=tmp_path)
    assert '"verdict": "Holds"' in said(programs / "holdfast", "verify", example, "--json", cwd=tmp_path)
