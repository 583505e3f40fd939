"""Reading the log of a run, also while it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from pydantic import ValidationError

from repowright.agent.errors import RunDamaged
from repowright.agent.events import Event, parse_event

Sleep = Callable[[float], Awaitable[None]]


class EventFile:
    """Reads what was added to a log since the last look; a line still being written waits for the next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._lines = 0

    def read(self) -> list[Event]:
        """Return the new events.

        Raises
        ------
        RunDamaged
            If a complete line is not an event.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._offset += len(whole) + len(newline)
        return [self._event(line) for line in whole.split(b"\n") if line]

    def _event(self, line: bytes) -> Event:
        self._lines += 1
        try:
            return parse_event(line)
        except ValidationError as err:
            where = f"line {self._lines} of {self.path} is not an event"
            raise RunDamaged(where, "the file was altered, or a newer version wrote it") from err


async def followed(
    path: Path, at_work: Callable[[], bool], every: float = 0.25, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[list[Event]]:
    """Yield the events of a log as they come, until nobody works on it any more.

    Parameters
    ----------
    at_work
        Tells whether a process holds the run; one that died leaves no ``run.end``.
    every
        Seconds between two looks.
    """
    file = EventFile(path)
    while True:
        working = at_work()  # asked before the look, so that nothing written meanwhile is missed
        events = file.read()
        if events:
            yield events
        if not working and not events:
            return
        await sleep(every)
