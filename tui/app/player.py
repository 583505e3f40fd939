"""Playing recorded events again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repowright.agent.events import Event

LONGEST_PAUSE = 2.0
"""Seconds at normal speed; a replay does not wait for a model that thought for minutes."""
TOGETHER = 0.02
"""Seconds below which events are shown at once."""

Sleep = Callable[[float], Awaitable[None]]


class Player:
    """Plays recorded events with the pauses they came with, shortened, at a speed that may change.

    Parameters
    ----------
    speed
        Times the recorded pace; 0 gives everything at once.
    """

    def __init__(self, events: Sequence[Event], speed: float = 1.0) -> None:
        self.events = events
        self.speed = speed
        self.place = 0
        self._going = asyncio.Event()
        self._going.set()

    @property
    def paused(self) -> bool:
        """Whether it waits for ``toggle``."""
        return not self._going.is_set()

    def toggle(self) -> None:
        """Pause, or go on."""
        if self.paused:
            self._going.set()
        else:
            self._going.clear()

    async def play(self, sleep: Sleep = asyncio.sleep) -> AsyncIterator[list[Event]]:
        """Yield the events, several at once where no time lies between them."""
        if self.speed == 0:
            self.place = len(self.events)
            yield list(self.events)
            return
        while self.place < len(self.events):
            await self._going.wait()
            start, self.place = self.place, self._group_end()
            yield list(self.events[start : self.place])
            if self.place < len(self.events):
                await sleep(self._pause())

    def _group_end(self) -> int:
        end = self.place + 1
        while end < len(self.events) and self.events[end].ts - self.events[end - 1].ts < TOGETHER:
            end += 1
        return end

    def _pause(self) -> float:
        gap = self.events[self.place].ts - self.events[self.place - 1].ts
        return min(max(gap, 0.0), LONGEST_PAUSE) / max(self.speed, 0.01)
