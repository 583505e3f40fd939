"""Attaching to a run: what its folder says a screen needs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from repowright.tui.app.screens.run import RunScreen, Shown
from repowright.tui.run_stages import stages_of

if TYPE_CHECKING:
    from repowright.agent.events import RunEnd
    from repowright.agent.run import Run


def shown_of(run: Run) -> Shown:
    """Return what the screen of a run is about."""
    folder = Path(run.manifest.out) if run.manifest.out else None
    return Shown(f"{run.manifest.title} · {run.id}", run.graph, folder, stages_of(run))


def watch_screen(run: Run) -> RunScreen:
    """Return the screen that follows a run."""
    from repowright.agent.run_lock import is_locked
    from repowright.tui.app.screens.watch import WatchScreen

    return WatchScreen(shown_of(run), run.event_log, lambda: is_locked(run.folder))


def replay_screen(run: Run, speed: float) -> RunScreen:
    """Return the screen that plays a run."""
    from repowright.tui.app.screens.watch import ReplayScreen

    return ReplayScreen(shown_of(run), run.event_log, speed)


def watch_plainly(run: Run, stream: TextIO) -> RunEnd | None:
    """Write the events of a run as lines until nobody works on it, and return its end, if it told of one."""
    return asyncio.run(_watch_plainly(run, stream))


async def _watch_plainly(run: Run, stream: TextIO) -> RunEnd | None:
    from repowright.agent.events import RunEnd
    from repowright.agent.run_lock import is_locked
    from repowright.tui.app.feed import followed
    from repowright.tui.app.plain import PlainLines

    lines, end = PlainLines(stream), None
    async for events in followed(run.event_log, lambda: is_locked(run.folder)):
        for event in events:
            lines(event)
            end = event if isinstance(event, RunEnd) else end
    return end
