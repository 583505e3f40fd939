"""Lifting a stored graph with a model: gateway, record, budget and events brought together for the time of it."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged, RunNotFound
from repowright.agent.events import Event, EventBus, LlmReply, Subscriber
from repowright.agent.events import Warning as Warned
from repowright.agent.llm import Budget, Endpoint, Gateway, Ledger, Price, Prices, Record, Replay, Timeouts
from repowright.agent.settings import RequestShape, Settings
from repowright.agent.workflows.lift.asking import Asker
from repowright.agent.workflows.lift.lifter import ModelLifter
from repowright.graph.encode.lift_store import LiftReport, ReadSource, lift_stored
from repowright.graph.store import Store

_RECORD = "record"
_SHAPE = "settings.json"
_MOST_WARNINGS = 20


@dataclass(frozen=True)
class LiftCost:
    """What a lifting did and what it cost now; what a record or a recording answered costs nothing.

    Parameters
    ----------
    calls
        Calls to the endpoint.
    replayed
        Answers that came from a record or a recording.
    """

    report: LiftReport
    calls: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens


class _Counts:
    """Adds up what the calls of a lifting cost."""

    def __init__(self) -> None:
        self._paid: list[LlmReply] = []
        self._replayed = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, LlmReply):
            if event.source == "endpoint":
                self._paid.append(event)
            else:
                self._replayed += 1

    def cost(self, report: LiftReport) -> LiftCost:
        return LiftCost(
            report,
            len(self._paid),
            self._replayed,
            sum(one.prompt_tokens for one in self._paid),
            sum(one.completion_tokens for one in self._paid),
            sum(one.usd for one in self._paid),
        )


def lift_folder(store: Path) -> Path:
    """Return where the model's answers about a stored graph are recorded: beside it."""
    return store.with_name(f"{store.stem}.lift")


def recorded_shape(folder: Path) -> RequestShape:
    """Return the model and settings that a recorded lifting was made with; see `agent.settings.load_settings`.

    Raises
    ------
    RunNotFound
        If there is no recording.
    RunDamaged
        If it does not say what it was made with.
    """
    try:
        return RequestShape.model_validate_json((folder / _SHAPE).read_bytes())
    except OSError as err:
        raise RunNotFound(f"there is no recorded lifting in {folder}", "name the folder of one") from err
    except ValidationError as err:
        raise RunDamaged(f"{folder / _SHAPE} cannot be read", "replay another recording") from err


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
    counts = _Counts()
    bus.subscribe(counts)
    for subscriber in subscribers:
        bus.subscribe(subscriber)
    async with _gateway(settings, folder or lift_folder(store.path), replay, bus) as gateway:
        report = await lift_stored(store, read, ModelLifter(Asker(gateway, bus, settings.temperature), name))
    for subject, why in report.problems[:_MOST_WARNINGS]:
        bus.emit(Warned(message=f"{subject} keeps its model-free feature: {why}"))
    return counts.cost(report)


@asynccontextmanager
async def _gateway(settings: Settings, folder: Path, replay: Path | None, bus: EventBus) -> AsyncIterator[Gateway]:
    recording = _recording(replay)
    record = Record(folder / _RECORD)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / _SHAPE, settings.shape.model_dump_json(indent=1).encode())
    prices = Prices({name: Price(one.input, one.output, one.cached_input) for name, one in settings.prices.items()})
    ledger = Ledger(Budget.parse(settings.budget) if settings.budget else Budget(), settings.model, prices, bus)
    endpoint = None if recording else _endpoint(settings)
    try:
        yield Gateway(settings.model, endpoint, record, recording, ledger, bus, concurrency=settings.parallel)
    finally:
        if endpoint is not None:
            await endpoint.close()


def _endpoint(settings: Settings) -> Endpoint:
    base_url = settings.base_url or "https://api.openai.com/v1"
    timeouts = Timeouts(idle_s=settings.idle_timeout_s, total_s=settings.timeout_s)
    return Endpoint(base_url, settings.api_key(os.environ), timeouts=timeouts)


def _recording(folder: Path | None) -> Replay | None:
    if folder is None:
        return None
    record = Record(folder / _RECORD)
    if not len(record):
        raise RunNotFound(f"the recording {folder} holds no answers", "replay another one")
    return Replay(record)
