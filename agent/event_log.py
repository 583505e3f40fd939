"""The events of a run, one JSON line each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from repowright.agent.chat.events import PASSING
from repowright.agent.errors import RunDamaged
from repowright.agent.events import Event, parse_event


class EventLog:
    """A subscriber that appends each event to a file, whole or not at all; passing ones are left out.

    A last line that a crash cut short is dropped before the first event is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, PASSING):
            return
        if self._handle is None:
            self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            _drop_torn_line(self._handle)
        os.write(self._handle, event.model_dump_json().encode() + b"\n")

    def close(self) -> None:
        """Close the file; harmless when called twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a log in order; a missing log has none, and a torn last line is left out.

    Raises
    ------
    RunDamaged
        If a line that is complete is not an event.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return
    for number, line in enumerate(lines, 1):
        try:
            event = parse_event(line)
        except ValidationError as err:
            raise RunDamaged(
                f"line {number} of {path} is not an event",
                "the file was altered, or a newer version wrote it",
            ) from err
        yield event


def _drop_torn_line(handle: int) -> None:
    size = os.fstat(handle).st_size
    end = size
    while end > 0:
        start = max(0, end - 65_536)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(handle, end)
