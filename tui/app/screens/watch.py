"""A run that somebody else works on, or that is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from repowright.tui.app.player import Player
from repowright.tui.app.screens.run import RunScreen, Shown
from repowright.tui.app.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from repowright.agent.events import Event

SPEEDS = (1.0, 2.0, 5.0, 10.0, 50.0, 0.0)
"""Times the recorded pace; 0 is all at once."""


class WatchScreen(RunScreen):
    """Follows the log of a run until nobody works on it any more.

    Parameters
    ----------
    events
        The run's log.
    at_work
        Tells whether a process holds the run.
    """

    def __init__(
        self, shown: Shown, events: Path, at_work: Callable[[], bool], now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(shown, now)
        self._path = events
        self._at_work = at_work
        self._opened = 0.0

    def begin(self) -> None:
        """Begin to follow."""
        self._opened = self.now()
        self._follow()

    def told(self, event: Event) -> None:
        """Ring when the run ends, or needs somebody, while it is watched."""
        if event.ts < self._opened:
            return
        if event.type == "run.end":
            self.alerts.done(f"the run is over: {event.status}", event.seconds)
        elif event.type == "approval.ask":
            self.alerts.needs_you(event.title)

    @work
    async def _follow(self) -> None:
        from repowright.agent.errors import RunDamaged
        from repowright.tui.app.feed import followed

        try:
            async for events in followed(self._path, self._at_work):
                for event in events:
                    self.take(event)
        except RunDamaged as err:
            self.notify(str(err), severity="error", timeout=60, markup=False)
        if self.story is not None and not self.story.ended and not self._events:
            self.query_one("#status", StatusBar).change(graph="nobody works on it any more")


class ReplayScreen(RunScreen):
    """Plays a finished run from its log."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause"),
        Binding("full_stop", "faster", "Faster"),
        Binding("comma", "slower", "Slower"),
        Binding("e", "end", "To the end"),
    ]

    def __init__(self, shown: Shown, events: Path, speed: float = 1.0, now: Callable[[], float] | None = None) -> None:
        super().__init__(shown, now or self._time_of_run)
        self._path = events
        self._player = Player((), speed)

    def begin(self) -> None:
        """Begin to play."""
        self._play()

    def _time_of_run(self) -> float:
        return self.story.view.now if self.story is not None else 0.0

    @work
    async def _play(self) -> None:
        from repowright.agent.errors import RunDamaged
        from repowright.tui.app.feed import EventFile

        try:
            self._player.events = await asyncio.to_thread(EventFile(self._path).read)
        except RunDamaged as err:
            self.notify(str(err), severity="error", timeout=60, markup=False)
        async for events in self._player.play():
            for event in events:
                self.take(event)
            self._say()

    def action_pause(self) -> None:
        """Pause, or go on."""
        self._player.toggle()
        self._say()

    def action_faster(self) -> None:
        """Play at the next higher speed."""
        self._change_speed(1)

    def action_slower(self) -> None:
        """Play at the next lower speed."""
        self._change_speed(-1)

    def action_end(self) -> None:
        """Show all that is left at once."""
        self._player.speed = 1e9
        if self._player.paused:
            self._player.toggle()

    def _change_speed(self, step: int) -> None:
        known = [speed for speed in SPEEDS if speed]
        near = min(range(len(known)), key=lambda place: abs(known[place] - self._player.speed))
        self._player.speed = known[max(0, min(len(known) - 1, near + step))]
        self._say()

    def _say(self) -> None:
        player = self._player
        over = player.place >= len(player.events)
        how = "over" if over else "paused" if player.paused else f"{player.speed:g}x"
        far = f"replay {how}, event {player.place:,} of {len(player.events):,}"
        self.query_one("#status", StatusBar).change(graph=far)
