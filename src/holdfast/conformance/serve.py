"""Lets a Python class speak the protocol: `python -m holdfast.conformance.serve MODULE:CLASS`.

So a class that hangs, or ends the interpreter, is judged like any other program.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from . import protocol
from .adapter import Adapter, Answer, Did, Done, Refused, Unsupported

CLASS_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class NoAdapter(Exception):
    """What a path names is no adapter."""


def loaded(path: str) -> type[Adapter]:
    """The adapter class that `module:Class` names. Raises NoAdapter."""
    module, _, name = path.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise NoAdapter(f"{module} cannot be imported: {error}") from None
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise NoAdapter(f"{path} is no subclass of holdfast.conformance.adapter.Adapter")
    return found


def serve(adapter: Adapter, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are none, or one says bye."""
    for line in requests:
        asked = protocol.decoded(line)
        answers.write(protocol.encoded({"id": asked.get("id"), **_answer(adapter, asked)}))
        answers.flush()
        if asked["request"] == "bye":
            return


def _answer(adapter: Adapter, asked: Mapping[str, Any]) -> dict[str, Any]:
    match asked["request"]:
        case "hello":
            said = adapter.hello(asked["world"])
            names = {"unsupported": sorted(said.unsupported), "hidden": sorted(said.hidden)}
            return {"answer": "hello", "holdfast": protocol.VERSION, "name": said.name, **names}
        case "reset":
            adapter.reset(asked["state"])
            return {"answer": "ready"}
        case "attempt":
            return _attempted(adapter.attempt(asked["action"], asked["arguments"]))
        case "observe":
            return {"answer": "state", "after": dict(adapter.observe())}
        case _:
            adapter.close()
            return {"answer": "bye"}


def _attempted(answer: Answer) -> dict[str, Any]:
    match answer:
        case Done(after):
            return {"answer": "done", "after": dict(after)}
        case Refused(reason):
            return {"answer": "refused", "reason": reason}
        case Did(events):
            shown = [{"action": e.action, "arguments": dict(e.arguments), "after": dict(e.after)} for e in events]
            return {"answer": "did", "events": shown}
        case Unsupported():
            return {"answer": "unsupported"}


def main() -> None:
    """Serve the class that the command line names; what it prints goes to standard error."""
    try:
        adapter = loaded(sys.argv[1])()
    except NoAdapter as error:
        sys.exit(str(error))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(adapter, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
