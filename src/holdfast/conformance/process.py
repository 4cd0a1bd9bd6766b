"""A program as an adapter: requests and answers over its standard input and output, each within a time-out.

What the program does is not trusted. Every wait ends; a line that is too long is not read to its end; answers that nobody
asked for are found by their `id`; and whatever the program has started ends with it (warden.py).
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from time import monotonic
from typing import Any, TypeVar

from . import protocol, warden
from .adapter import Adapter, Answer, Greeting, Shown

S = TypeVar("S")
T = TypeVar("T")

TIMEOUT_S = 10.0
LINE_BYTES_MAX = 4 << 20
TAIL_BYTES = 2_000
"""Of what the program wrote to its standard error, so much is kept."""

END_S = 5.0
"""How long to wait for a program that was told to end, the warden's own grace included, before it is killed."""


class Failure(Enum):
    """How a program fails as an adapter."""

    ABSENT = "it cannot be started"
    CRASH = "it ended"
    HANG = "it did not answer in time"
    FLOOD = "it wrote a line without an end"
    MALFORMED = "it answered what is not of the protocol"


class Broken(Exception):
    """The adapter can be asked no more: how it failed, and the rest in words."""

    def __init__(self, failure: Failure, why: str) -> None:
        """How and why."""
        super().__init__(f"{failure.value}: {why}")
        self.failure, self.why = failure, why


class ProcessAdapter(Adapter):
    """A program that speaks the protocol. Use it as a context, or close it: until then it runs."""

    def __init__(self, command: Sequence[str], timeout_s: float = TIMEOUT_S) -> None:
        """Start it. Raises Broken where it cannot be started."""
        self.command, self.timeout_s = tuple(command), timeout_s
        self._number = 0
        self._buffer = bytearray()
        self._tail = bytearray()
        if shutil.which(self.command[0]) is None:
            raise Broken(Failure.ABSENT, f"there is no program {self.command[0]}")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", warden.__file__, str(os.getpid()), *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr.fileno(),), daemon=True)
        self._listener.start()

    def __enter__(self) -> ProcessAdapter:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ended, with all that it started."""
        self.close()

    # ---------------------------------------------------------------------------------------------- the adapter
    def hello(self, world: Mapping[str, Any]) -> Greeting:
        """Raises Broken, as all of these do."""
        said = self._ask({"request": "hello", "holdfast": protocol.VERSION, "world": world})
        return _read(protocol.greeting, said)

    def reset(self, state: Shown) -> None:
        """Begin again."""
        _read(_ready, self._ask({"request": "reset", "state": state}))

    def attempt(self, action: str, arguments: Shown) -> Answer:
        """What it says to that."""
        said = self._ask({"request": "attempt", "action": action, "arguments": arguments})
        return _read(protocol.attempted, said)

    def observe(self) -> Shown:
        """What it says that it sees."""
        said = self._ask({"request": "observe"})
        return _read(_state, said)

    def close(self) -> None:
        """Say goodbye, and see to it that nothing is left: told to end where it does not, then killed."""
        if self._process.poll() is None:
            with suppress(Broken):
                self._send(protocol.encoded({"id": self._number + 1, "request": "bye"}), monotonic() + 1)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        self._end()
        self._listener.join(END_S)

    def stop(self) -> None:
        """End it at once, without a goodbye: it has failed."""
        self._process.terminate()
        self.close()

    def _end(self) -> None:
        for wait_s, then in ((1.0, self._process.terminate), (END_S, self._process.kill), (END_S, None)):
            try:
                self._process.wait(wait_s)
                return
            except subprocess.TimeoutExpired:
                if then is None:
                    raise
                then()

    # -------------------------------------------------------------------------------------------- lines, in time
    def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """One request and its answer. Raises Broken."""
        self._number += 1
        deadline = monotonic() + self.timeout_s
        self._send(protocol.encoded({"id": self._number, **message}), deadline)
        said = _read(protocol.decoded, self._line(deadline))
        if said.get("id") != self._number:
            raise Broken(
                Failure.MALFORMED, f'expected "id": {self._number}, that of the request, found {said.get("id")!r}'
            )
        return said

    def _send(self, line: bytes, deadline: float) -> None:
        rest = memoryview(line)
        while rest:
            _, ready, _ = select.select([], [self._in], [], max(0.0, deadline - monotonic()))
            if not ready:
                raise Broken(Failure.HANG, f"it read no request for {self.timeout_s:g} s")
            try:
                rest = rest[os.write(self._in, rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._crash() from None

    def _line(self, deadline: float) -> bytes:
        """The next line that it writes."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > LINE_BYTES_MAX:
                raise Broken(Failure.FLOOD, f"after {searched} bytes there was still no end of the line")
            ready, _, _ = select.select([self._out], [], [], max(0.0, deadline - monotonic()))
            if not ready:
                raise Broken(Failure.HANG, f"there was no answer for {self.timeout_s:g} s")
            chunk = os.read(self._out, 1 << 16)
            if not chunk:
                raise self._crash()
            self._buffer += chunk
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    def _crash(self) -> Broken:
        """It has closed its end: with which exit code, and what it said last."""
        try:
            code = self._process.wait(END_S)
            how = f"its exit code was {code}" if code < 128 else f"signal {code - 128} ended it"
        except subprocess.TimeoutExpired:
            how = "it closed its standard output, and still runs"
        self._listener.join(0.5 if self._process.poll() is None else END_S)
        said = self._tail.decode(errors="replace").strip()
        return Broken(Failure.CRASH, f"{how}; it said last: {said}" if said else how)

    def _listen(self, stream: int) -> None:
        """Keep the end of what it writes to its standard error, and let the rest go."""
        while chunk := os.read(stream, 1 << 16):
            self._tail += chunk
            del self._tail[:-TAIL_BYTES]


def _ready(said: Mapping[str, Any]) -> None:
    protocol.answer_of(said, "ready")


def _state(said: Mapping[str, Any]) -> Shown:
    protocol.answer_of(said, "state")
    return protocol.shown(said, "after")


def _read(parse: Callable[[S], T], said: S) -> T:
    """What a part of the protocol reads in an answer. Raises Broken where that is not of the protocol."""
    try:
        return parse(said)
    except protocol.Malformed as error:
        raise Broken(Failure.MALFORMED, str(error)) from None
