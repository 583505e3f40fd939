"""Events as JSON lines on standard output."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import Literal, TextIO

from repowright.agent.events import Event, Failure, RunEnd
from repowright.tui.exit_codes import ExitCode
from repowright.tui.failures import Shown


class JsonLines:
    """A subscriber that writes each event as one JSON line and flushes it.

    Parameters
    ----------
    on_broken
        Called once when nobody reads the stream any more.
    """

    def __init__(self, stream: TextIO, on_broken: Callable[[], None] | None = None) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._broken = False

    def __call__(self, event: Event) -> None:
        if self._broken:
            return
        try:
            self._stream.write(event.model_dump_json() + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # the reader is gone, the disk is full, or the stream was closed
            self._broken = True
            _let_go(self._stream)
            if self._on_broken:
                self._on_broken()

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *error: object) -> None:
        return None


def _let_go(stream: TextIO) -> None:
    """Let nobody read what is left in the stream: flushing it at the end of the process would fail once more."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)


def closing_events(failure: Shown, run: str = "") -> tuple[Event, Event]:
    """Return the events that end a stream whose run could not tell of its own end."""
    now = time.time()
    status = _status(failure.exit_code)
    resume = f"repowright runs resume {run}" if run else ""
    return (
        Failure(ts=now, run=run, error=failure.error, message=failure.message, hint=failure.hint),
        RunEnd(ts=now, run=run, status=status, exit_code=failure.exit_code, resume=resume),
    )


def _status(exit_code: int) -> Literal["interrupted", "budget", "error"]:
    if exit_code == ExitCode.INTERRUPTED:
        return "interrupted"
    return "budget" if exit_code == ExitCode.BUDGET_SPENT else "error"
