"""Lifting a stored graph with a model: gateway, record, budget and events brought together for the time of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.events import EventBus, Subscriber
from repowright.agent.events import Warning as Warned
from repowright.agent.settings import Settings
from repowright.agent.side_record import CallCost, CallCounts, recording_gateway
from repowright.agent.workflows.lift.asking import Asker
from repowright.agent.workflows.lift.lifter import ModelLifter
from repowright.graph.encode.lift_store import LiftReport, ReadSource, lift_stored
from repowright.graph.store import Store

_MOST_WARNINGS = 20


@dataclass(frozen=True)
class LiftCost:
    """What a lifting did, and what it cost now."""

    report: LiftReport
    cost: CallCost


def lift_folder(store: Path) -> Path:
    """Return where the model's answers about a stored graph are recorded: beside it."""
    return store.with_name(f"{store.stem}.lift")


async def lift_graph(
    store: Store,
    read: ReadSource,
    settings: Settings,
    *,
    name: str,
    folder: Path | None = None,
    replay: Path | None = None,
    subscribers: Sequence[Subscriber] = (),
) -> LiftCost:
    """Give a stored graph the features, areas and places that a model finds; run it after `encode` or `evolve`.

    What was answered once is never asked again: it is kept by content in the store, and by request in the record.
    A spent budget ends the asking, not the lifting: the rest keeps its model-free features and is among the
    problems, and the same call with a larger budget goes on from there.

    Parameters
    ----------
    read
        Gives the content of a file, in the state that the graph stands for.
    name
        The repository's name.
    folder
        Where answers are recorded; beside the store if it is `None`.
    replay
        A recorded lifting that answers in the model's place.

    Raises
    ------
    AgentError
        If the model cannot be used at all; what was answered before is kept.
    StoreError
        If the store cannot be read or written.
    """
    bus = EventBus(f"lift {name}", time.time)
    counts = CallCounts()
    bus.subscribe(counts)
    for subscriber in subscribers:
        bus.subscribe(subscriber)
    async with recording_gateway(settings, folder or lift_folder(store.path), replay, bus) as gateway:
        report = await lift_stored(store, read, ModelLifter(Asker(gateway, bus, settings.temperature), name))
    for subject, why in report.problems[:_MOST_WARNINGS]:
        bus.emit(Warned(message=f"{subject} keeps its model-free feature: {why}"))
    return LiftCost(report, counts.cost())
