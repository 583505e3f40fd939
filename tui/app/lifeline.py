"""The terminal the app lives in: when it goes away, or somebody asks the process to end, the app ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable

from repowright.tui.exit_codes import ExitCode

LOOK_S = 1.0
"""Seconds between two looks at whether the parent still lives; a terminal that closes is known at once."""
PATIENCE_S = 10.0
"""Seconds the app gets to store and close; after that the process ends where it stands, as after a kill."""

_SIGNALS = (signal.SIGHUP, signal.SIGTERM)


class Lifeline:
    """Watches the terminal, the parent process and two signals from a thread of its own.

    Textual does neither: without this, a closed terminal leaves a process that reads its end over and over.

    Parameters
    ----------
    end
        Called once in the loop of the app, with the exit code.
    terminal
        File descriptor of the terminal.
    """

    def __init__(self, end: Callable[[int], None], terminal: int = 0) -> None:
        self._end = end
        self._terminal = terminal
        self._parent = os.getppid()
        self._over = threading.Event()
        self._told = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hold(self) -> None:
        """Begin to watch; called in the loop of the app."""
        self._loop = asyncio.get_running_loop()
        for each in _SIGNALS:
            self._loop.add_signal_handler(each, self._tell)
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def release(self) -> None:
        """Stop watching: the app is over, and its loop gave the signals back."""
        self._over.set()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._terminal, 0)  # asks for nothing, so that it tells of a hang-up alone
        while not self._over.is_set() and not self._told.is_set():
            if poll.poll(LOOK_S * 1000):
                _write_nowhere()
                break
            if os.getppid() != self._parent:
                break
        if self._over.is_set():
            return
        if self._loop is not None and not self._told.is_set():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)
        if not self._over.wait(PATIENCE_S):
            os._exit(ExitCode.INTERRUPTED)

    def _tell(self) -> None:
        if not self._told.is_set():
            self._told.set()
            self._end(int(ExitCode.INTERRUPTED))


def _write_nowhere() -> None:
    """Let what is still drawn go nowhere: a write to a closed terminal would stop the thread that writes."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nowhere, each)
    os.close(nowhere)
