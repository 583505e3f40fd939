"""Asking a model beside a stored graph: every answer is recorded in a folder of its own, and can be replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged, RunNotFound
from repowright.agent.events import Event, EventBus, LlmReply
from repowright.agent.llm import Gateway, Record, Replay
from repowright.agent.model_access import open_gateway
from repowright.agent.settings import RequestShape, Settings

_RECORD = "record"
_SHAPE = "settings.json"


@dataclass(frozen=True)
class CallCost:
    """What calls cost now; what a record or a recording answered costs nothing.

    Parameters
    ----------
    calls
        Calls to the endpoint.
    replayed
        Answers that came from a record or a recording.
    """

    calls: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens


class CallCounts:
    """Adds up what the calls on a bus cost."""

    def __init__(self) -> None:
        self._paid: list[LlmReply] = []
        self._replayed = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, LlmReply):
            if event.source == "endpoint":
                self._paid.append(event)
            else:
                self._replayed += 1

    def cost(self) -> CallCost:
        """Return what it came to so far."""
        return CallCost(
            len(self._paid),
            self._replayed,
            sum(one.prompt_tokens for one in self._paid),
            sum(one.completion_tokens for one in self._paid),
            sum(one.usd for one in self._paid),
        )


def recorded_shape(folder: Path) -> RequestShape:
    """Return the model and settings that a recording was made with; see `agent.settings.load_settings`.

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
        raise RunNotFound(f"there is no recording in {folder}", "name the folder of one") from err
    except ValidationError as err:
        raise RunDamaged(f"{folder / _SHAPE} cannot be read", "replay another recording") from err


@asynccontextmanager
async def recording_gateway(
    settings: Settings, folder: Path, replay: Path | None, bus: EventBus
) -> AsyncIterator[Gateway]:
    """Yield a gateway that records in ``folder``; with ``replay``, a folder like it, no model is asked.

    Raises
    ------
    RunNotFound
        If the recording holds no answers.
    AgentError
        If the model cannot be used at all.
    """
    recording = _recording(replay)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / _SHAPE, settings.shape.model_dump_json(indent=1).encode())
    async with open_gateway(settings, Record(folder / _RECORD), recording, bus, resumed=False) as gateway:
        yield gateway


def _recording(folder: Path | None) -> Replay | None:
    if folder is None:
        return None
    record = Record(folder / _RECORD)
    if not len(record):
        raise RunNotFound(f"the recording {folder} holds no answers", "replay another one")
    return Replay(record)
