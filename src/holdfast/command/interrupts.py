"""Ctrl-C while an engine works: the process ends at once, and says so.

z3 takes Ctrl-C for itself while it solves, and answers "unknown" to whoever asked; compiled code does not look at all.
So the signal is kept from every thread, and one thread waits for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

INTERRUPTED_EXIT = 130
_SHOW_CURSOR = "\r\x1b[2K\x1b[?25h"


@contextmanager
def interruptible() -> Generator[None]:
    """While this is open, Ctrl-C ends the process with 130. Nothing is written by halves: files are written after it.

    Where signals cannot be waited for (Windows, or not in the main thread), Ctrl-C stays what it is.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    waiter = threading.Thread(target=_wait, args=(over,), daemon=True)
    waiter.start()
    try:
        yield
    finally:
        over.set()
        signal.pthread_kill(waiter.ident or 0, signal.SIGINT)
        waiter.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(over: threading.Event) -> None:
    signal.sigwait({signal.SIGINT})
    if not over.is_set():
        if sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR.encode())
        os.write(2, b"interrupted: no verdict\n")
        os._exit(INTERRUPTED_EXIT)
