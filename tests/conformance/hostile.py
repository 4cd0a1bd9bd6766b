"""Programs that misbehave as adapters, each in one way; run as a script, with the name of the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

FOREVER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"


def say(**answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def hang() -> None:
    time.sleep(3600)


def crash() -> None:
    sys.stderr.write("the disk is on fire\n")
    sys.exit(7)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def endless_line() -> None:
    while True:
        os.write(1, b"x" * 65536)


def many_lines() -> None:
    for number in count(1_000_000):
        say(id=number, answer="done")


def noisy() -> None:
    while True:
        os.write(2, b"noise\n" * 10_000)


def no_json() -> None:
    sys.stdout.write("ready when you are\n")
    sys.stdout.flush()
    hang()


def deep_json() -> None:
    sys.stdout.write("[" * 200_000 + "\n")
    sys.stdout.flush()
    hang()


def no_object() -> None:
    sys.stdout.write("[1, 2]\n")
    sys.stdout.flush()


def halfway() -> None:
    sys.stdout.write('{"id": 3, "ans')
    sys.stdout.flush()
    sys.exit(0)


def leave_child(*, session: bool) -> None:
    """Start something that holds the pipe open and ignores being told to end; say where it is; and leave."""
    child = subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=session)
    Path(os.environ["CHILD_PID"]).write_text(str(child.pid), encoding="ascii")
    os._exit(0)


def stubborn() -> None:
    """Ignore everything that can be ignored."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(os.environ["CHILD_PID"]).write_text(str(os.getpid()), encoding="ascii")
    hang()


WAYS: Mapping[str, Callable[[], None]] = {
    "hang": hang,
    "crash": crash,
    "killed": killed,
    "endless-line": endless_line,
    "many-lines": many_lines,
    "noisy": noisy,
    "no-json": no_json,
    "deep-json": deep_json,
    "no-object": no_object,
    "halfway": halfway,
    "leaves-child": lambda: leave_child(session=False),
    "leaves-child-of-its-own-session": lambda: leave_child(session=True),
    "stubborn": stubborn,
}


def main(way: str, *, after_hello: bool) -> None:
    """Misbehave at once; or say hello, get ready, and misbehave at the first attempt."""
    if not after_hello:
        WAYS[way]()
    for line in sys.stdin:
        asked = json.loads(line)
        match asked["request"]:
            case "hello":
                say(id=asked["id"], answer="hello", holdfast=1, name=way)
            case "reset":
                say(id=asked["id"], answer="ready")
            case "observe":
                say(id=asked["id"], answer="state")
            case _:
                WAYS[way]()


if __name__ == "__main__":
    main(sys.argv[1], after_hello="late" in sys.argv[2:])
