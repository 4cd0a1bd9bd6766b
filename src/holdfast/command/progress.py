"""Progress on stderr, on a terminal, once something takes longer than two seconds."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status

PATIENCE_SECONDS = 2.0


class Ticker:
    """A line on stderr that says how far the work has come; nothing where stderr is no terminal."""

    def __init__(self, what: str) -> None:
        """`what` is shown until the work has said something about itself."""
        self.text = what
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE_SECONDS, self._show)
        self._timer.daemon = True
        self._over = False

    def say(self, text: str) -> None:
        """Replace the line."""
        self.text = text
        with self._lock:
            if self._status is not None:
                self._status.update(text)

    def _show(self) -> None:
        from rich.console import Console

        with self._lock:
            if not self._over:
                self._status = Console(stderr=True, highlight=False, markup=False).status(self.text)
                self._status.start()

    def __enter__(self) -> Ticker:
        """Wait for the two seconds to pass."""
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away, however the work ended."""
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._status is not None:
                self._status.stop()
