"""One sitting of a run, whatever its workflow: locked, told as events, recorded, its end said truthfully."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from repowright.agent.errors import AgentError, BudgetSpent, ReplyInvalid, RunDamaged, RunNotFound
from repowright.agent.events import EventBus, Failure, RunEnd, RunStart, Subscriber
from repowright.agent.llm import Gateway, Record, Replay
from repowright.agent.model_access import open_gateway
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.executors import Sandbox, SandboxError
from repowright.graph.errors import GraphError
from repowright.repo_tools.errors import RepoToolsError

TYPED_ERRORS = (AgentError, SandboxError, GraphError, RepoToolsError)


class Figures(BaseModel):
    """What a run's last event says of its result; a workflow fills in what it has."""

    model_config = ConfigDict(frozen=True)

    units_verified: int = 0
    units_total: int = 0
    tasks_passed: int = 0
    tasks_voted: int = 0
    tasks_total: int = 0
    tests_passed: int = 0
    tests_failed: int = 0
    line_coverage: float | None = None


@dataclass(frozen=True)
class Closing:
    """How work that met no error ended.

    Parameters
    ----------
    figures
        Of the result; ``None`` where there is none yet.
    """

    status: Literal["done", "failing", "stopped", "interrupted", "error", "budget"]
    exit_code: int = 0
    figures: Figures | None = None


class Sitting(ABC):
    """The work on one run in this process, until it is done or must end; each workflow has its own."""

    def __init__(self, run: Run, settings: Settings, sandbox: Sandbox, bus: EventBus) -> None:
        self.run = run
        self.settings = settings
        self.sandbox = sandbox
        self.bus = bus
        self.record = Record(run.record)
        self.replay = _replay_of(run)
        self._gateway: Gateway | None = None
        self._began = time.monotonic()

    @abstractmethod
    async def work(self) -> Closing:
        """Go on from the last checkpoint and return how the work ended.

        Raises
        ------
        AgentError, SandboxError, GraphError, RepoToolsError
            If it had to end before it was done.
        """

    @asynccontextmanager
    async def gateway(self, also: str = "") -> AsyncIterator[Gateway]:
        """Yield the way to the model, and to another beside it, for the time of a ``with`` block."""
        async with open_gateway(self.settings, self.record, self.replay, self.bus, also=also) as gateway:
            self._gateway = gateway
            yield gateway

    def learn(self, error: Exception) -> None:
        """Keep what the next sitting must do otherwise, so as not to end the same way."""
        if isinstance(error, ReplyInvalid) and error.key and self._gateway is not None:
            self._gateway.ask_anew(error.key)

    def ended(
        self,
        status: Literal["done", "failing", "stopped", "interrupted", "error", "budget"],
        exit_code: int,
        figures: Figures | None = None,
    ) -> RunEnd:
        """Write the run's status and emit the closing event."""
        usage = [reply.usage for reply in self.record.replies()]
        unfinished = status not in ("done", "failing")
        facts: dict[str, Any] = {} if figures is None else figures.model_dump()
        event = RunEnd(
            status=status,
            exit_code=exit_code,
            out=self.run.manifest.out if figures else "",
            prompt_tokens=sum(one.prompt_tokens for one in usage),
            completion_tokens=sum(one.completion_tokens for one in usage),
            seconds=time.monotonic() - self._began,
            resume=f"repowright runs resume {self.run.id}" if unfinished else "",
            **facts,
        )
        self.run.update_status(status)
        self.bus.emit(event)
        return event


async def sit(
    run: Run,
    settings: Settings,
    sandbox: Sandbox,
    begin: Callable[[EventBus], Sitting],
    subscribers: Sequence[Subscriber],
    *,
    resumed: bool,
) -> RunEnd:
    """Hold the run, do its work, and return how that ended.

    Parameters
    ----------
    begin
        Makes the sitting whose work it is, once the run is held and announced.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        If the work had to end before it was done; the run can then be resumed.
    """
    bus = EventBus(run.id, time.time)
    log = run.log()
    with run.lock(), contextlib.closing(log):
        bus.subscribe(log)
        for subscriber in subscribers:
            bus.subscribe(subscriber)
        run.update_status("running")
        _announce(run, settings, sandbox, bus, resumed=resumed)
        sitting = begin(bus)
        try:
            closing = await sitting.work()
            return sitting.ended(closing.status, closing.exit_code, closing.figures)
        except asyncio.CancelledError:
            sitting.ended("interrupted", 130)
            raise
        except TYPED_ERRORS as error:
            sitting.learn(error)
            hint = getattr(error, "hint", "")
            bus.emit(Failure(error=type(error).__name__, message=getattr(error, "message", str(error)), hint=hint))
            sitting.ended("budget" if isinstance(error, BudgetSpent) else "error", error.exit_code)
            raise


def _announce(run: Run, settings: Settings, sandbox: Sandbox, bus: EventBus, *, resumed: bool) -> None:
    bus.emit(
        RunStart(
            title=run.manifest.title,
            model=settings.model,
            endpoint="" if run.manifest.replay else settings.endpoint,
            sandbox=sandbox.name,
            out=run.manifest.out,
            budget=settings.budget,
            source="replay" if run.manifest.replay else "live",
            resumed=resumed,
        )
    )


def _replay_of(run: Run) -> Replay | None:
    if not run.manifest.replay:
        return None
    folder = Path(run.manifest.replay)
    if not folder.is_dir():
        raise RunNotFound(f"the recording {folder} is gone", "put it back and resume")
    record = Record(folder / "record")
    if not len(record):
        raise RunDamaged(f"the recording {folder} holds no answers", "replay another one")
    return Replay(record)
