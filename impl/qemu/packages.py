"""Packages of a Debian release, unpacked into a folder by apt and dpkg, beside and not among the machine's own.

Where packages come from is what the machine's own apt knows: a release other than its own is looked for at the same
places. No root is needed, and nothing outside the folder changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

UPDATE_TIMEOUT_S = 180
DOWNLOAD_TIMEOUT_S = 600
UNPACK_TIMEOUT_S = 120
SHORT_TIMEOUT_S = 60

KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp")

CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
Acquire::Languages "none";
Acquire::Retries "2";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "{apt}/state";
Dir::State::status "{apt}/status";
Dir::Cache "{apt}/cache";
Dir::Cache::archives "archives";
Dir::Etc::sourcelist "{apt}/sources.list";
Dir::Etc::sourceparts "-";
"""
"""Read after the machine's own settings (a proxy, say), of which it keeps what does not name a place or run a hook."""


class Unavailable(Exception):
    """Packages could not be had; the text says which and why, for a person to act on."""


def unpack(release: str, names: Sequence[str], root: Path) -> None:
    """Have these packages of the release, and all that they depend on, unpacked under `root`.

    `root` is there afterwards with everything in it, or not at all. Raises Unavailable.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise Unavailable(f"there is no {tool} here, and packages come by it")
    partial = root.with_name(f"{root.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _unpack(_download(release, names, partial / "apt"), partial / "root")
        root.parent.mkdir(parents=True, exist_ok=True)
        _moved(partial / "root", root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _moved(unpacked: Path, root: Path) -> None:
    try:
        unpacked.rename(root)
    except OSError:
        if not root.is_dir():  # another process was faster, and what it has unpacked is as good
            raise


def _download(release: str, names: Sequence[str], apt: Path) -> list[Path]:
    archives = apt / "cache" / "archives"
    for folder in (apt / "state" / "lists" / "partial", archives / "partial"):
        folder.mkdir(parents=True)
    (apt / "status").touch()
    (apt / "apt.conf").write_text(CONFIGURATION.format(apt=apt.resolve()))
    (apt / "sources.list").write_text(_sources(release))
    private = ["apt-get", "-c", str(apt / "apt.conf"), "-qq"]
    _run([*private, "update"], f"the index of {release}", UPDATE_TIMEOUT_S)
    wanted = [*private, "install", "--yes", "--download-only", *names]
    _run(wanted, f"packages of {release} ({', '.join(names)})", DOWNLOAD_TIMEOUT_S)
    return sorted(archives.glob("*.deb"))


def _sources(release: str) -> str:
    """Lines for apt: where this machine looks for the main part of its own release, there for this one."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    lines = _run(asked, "where packages come from", SHORT_TIMEOUT_S).splitlines()
    places = sorted({uri for uri, own, part in map(str.split, lines) if part == "main" and "-" not in own})
    if not places:
        raise Unavailable("apt knows no place that has Debian's main packages")
    keyring = next((k for k in KEYRINGS if Path(k).exists()), "")
    signed = f"[signed-by={keyring}] " if keyring else ""
    return "".join(f"deb {signed}{uri} {release} main\n" for uri in places)


def _unpack(archives: Sequence[Path], root: Path) -> None:
    root.mkdir(parents=True)
    for archive in archives:
        _run(["dpkg-deb", "-x", str(archive), str(root)], archive.name, UNPACK_TIMEOUT_S)


def _run(command: list[str], what: str, timeout_s: int) -> str:
    settings = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unavailable(f"{what}: {e}") from e
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
        raise Unavailable(f"{what}: {said[0] if said else f'{command[0]} failed with exit code {done.returncode}'}")
    return done.stdout
