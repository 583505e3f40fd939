"""Localising with a model beside a stored graph: recorded, budgeted, replayable."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.events import EventBus
from repowright.agent.settings import Settings
from repowright.agent.side_record import CallCost, CallCounts, recording_gateway
from repowright.agent.workflows.locate.workflow import Judged, Task, judge


@dataclass(frozen=True)
class Localisation:
    """What a model made of an issue, and what that cost now."""

    judged: Judged
    cost: CallCost


def locate_folder(store: Path) -> Path:
    """Return where the model's answers about a stored graph's issues are recorded: beside it."""
    return store.with_name(f"{store.stem}.locate")


async def locate_with_model(task: Task, settings: Settings, folder: Path, replay: Path | None = None) -> Localisation:
    """Let a model judge the candidates; what it was asked once in this folder it is not asked again.

    Parameters
    ----------
    folder
        Where answers are recorded.
    replay
        A folder like it that answers in the model's place.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent; what was answered before is kept.
    """
    bus = EventBus(f"locate {task.repository}", time.time)
    counts = CallCounts()
    bus.subscribe(counts)
    async with recording_gateway(settings, folder, replay, bus) as gateway:
        judged = await judge(task, gateway)
    return Localisation(judged, counts.cost())
