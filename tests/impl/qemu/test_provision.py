"""Where programs come from: what is there is taken as it is, and what cannot be had is said. Needs no QEMU."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from holdfast.impl.qemu import packages
from holdfast.impl.qemu.packages import Unavailable, unpack
from holdfast.impl.qemu.provision import Build, Supply, folder, provision


def program(path: Path, text: str) -> None:
    """An executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def tree(cache: Path, release: str, version: str) -> None:
    """What an unpacked release looks like, with a loader that only knows one answer."""
    program(
        cache / f"{release}-qemu-system-x86/lib64/ld-linux-x86-64.so.2", f"#!/bin/sh\necho 'QEMU version {version}'\n"
    )


def test_where_there_is_no_apt_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unavailable, match="there is no apt-get here"):
        unpack("bookworm", ["qemu-system-x86"], tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_where_apt_fails_its_own_words_are_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = "echo http://archive.example/debian bookworm main"
    program(
        tmp_path / "bin/apt-get",
        f'#!/bin/sh\n[ "$1" = indextargets ] && {lists} && exit\necho "E: no route" >&2; exit 100\n',
    )
    program(tmp_path / "bin/dpkg-deb", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(Unavailable, match="the index of trixie: E: no route"):
        unpack("trixie", ["qemu-system-x86"], tmp_path / "cache/root")
    assert list((tmp_path / "cache").glob("*")) == []


def test_what_another_process_has_unpacked_meanwhile_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "cache/root/theirs"

    def meanwhile(_: object, root: Path) -> None:
        root.mkdir(parents=True)
        theirs.parent.mkdir(parents=True)
        theirs.touch()

    program(
        tmp_path / "bin/apt-get", '#!/bin/sh\n[ "$1" != indextargets ] || echo http://archive.example bookworm main\n'
    )
    program(tmp_path / "bin/dpkg-deb", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(packages, "_unpack", meanwhile)

    unpack("bookworm", ["qemu-system-x86"], theirs.parent)

    assert theirs.exists()
    assert list((tmp_path / "cache").glob("*")) == [theirs.parent]


def test_another_kind_of_machine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(Unavailable, match="this is Linux on riscv64"):
        provision(tmp_path)


def test_what_is_there_is_taken_and_one_version_plays_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", str(tmp_path))
    tree(tmp_path, "bookworm", "7.2.22")
    (tmp_path / "bookworm-linux-image-cloud-amd64/boot").mkdir(parents=True)
    (tmp_path / "bookworm-linux-image-cloud-amd64/boot/vmlinuz-6.1").touch()

    found = provision(tmp_path, ["bookworm", "trixie"])

    assert found.old.version == found.new.version == "7.2.22"
    assert str(found).splitlines()[0] == "QEMU 7.2.22 (old), QEMU 7.2.22 (new), Linux 6.1"
    assert "missing: a second version of QEMU" in str(found)


def test_two_versions_play_old_and_new(tmp_path: Path) -> None:
    tree(tmp_path, "bookworm", "7.2.22")
    tree(tmp_path, "trixie", "10.0.13")
    old, new = (Build(r, tmp_path / f"{r}-qemu-system-x86") for r in ("bookworm", "trixie"))

    assert (Supply(old, new, old, ()).old.version, Supply(old, new, old, ()).new.version) == ("7.2.22", "10.0.13")


def test_the_folder_is_configurable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_QEMU", str(tmp_path / "elsewhere"))
    assert folder() == tmp_path / "elsewhere"
    monkeypatch.delenv("HOLDFAST_QEMU")
    monkeypatch.chdir(tmp_path)
    assert folder() == tmp_path / ".qemu"
