"""Runs a program and lets nothing that it starts outlive it: not when it ends, not when it is told to end, not when whoever
asked for it is gone. Run as a script, by a Python that loads nothing else: `python -I -S warden.py PARENT PROGRAM ...`.

On Linux orphans of the program become children of the warden (it is their subreaper), so that even one that left its
session is found. Elsewhere the program's own session is all that is ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

GRACE_S = 2
"""How long a program that is told to end may take to do so by itself."""

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36
"""Linux: numbers of prctl."""


class _Told(Exception):
    """SIGTERM came."""


def _tell(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Told


def keep(parent: int, command: list[str]) -> int:
    """Run the program until it ends, or the warden is told to end it; its exit code, as a shell has it."""
    signal.signal(signal.SIGTERM, _tell)
    try:
        _bind(parent)
        child = subprocess.Popen(command, start_new_session=True)
        try:
            code = child.wait()
        except _Told:
            code = _ended(child)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _end_all(child.pid)
    except _Told:
        code = -signal.SIGTERM
    return code if code >= 0 else 128 - code


def _ended(child: subprocess.Popen[bytes]) -> int:
    child.terminate()
    try:
        return child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _bind(parent: int) -> None:
    """Take in orphans, and end with the parent."""
    if sys.platform != "linux":
        return
    import ctypes

    libc = ctypes.CDLL(None)
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before it could be bound to
        raise _Told


def _end_all(session: int) -> None:
    """Kill whatever is left, until there is nothing left to wait for."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)
    while True:
        for pid in _descendants(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _descendants(ancestor: int) -> list[int]:
    """Every process below this one, by what the system says of parents."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = entry.read_text(errors="replace").rpartition(") ")[2].split()[1]  # a name may hold brackets
            children.setdefault(int(parent), []).append(int(entry.parent.name))
    found = list(children.get(ancestor, ()))
    for pid in found:  # the list grows while it is read
        found += children.get(pid, ())
    return found


if __name__ == "__main__":
    try:
        sys.exit(keep(int(sys.argv[1]), sys.argv[2:]))
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]} cannot be started: {error.strerror}\n")
        sys.exit(127)
