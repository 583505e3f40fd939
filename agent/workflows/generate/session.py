"""One sitting of a run: its means brought together, the workflow driven, its end told truthfully."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from repowright.agent.errors import AgentError, BudgetSpent, ReplyInvalid, RunDamaged, RunNotFound, SpecError
from repowright.agent.events import EventBus, Failure, RunEnd, RunStart, Subscriber
from repowright.agent.llm import Budget, Gateway, Record, Replay
from repowright.agent.manifest import read_manifest
from repowright.agent.model_access import open_gateway
from repowright.agent.out_folder import check_out_folder
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import Spec
from repowright.agent.workflows.generate.code.evidence import TestBench
from repowright.agent.workflows.generate.delivery import Outcome, outcome_of
from repowright.agent.workflows.generate.plan import Library
from repowright.agent.workflows.generate.plan_files import edited_plan
from repowright.agent.workflows.generate.stages import BEFORE_CODE
from repowright.agent.workflows.generate.state import GenerateState
from repowright.agent.workflows.generate.studio import Studio
from repowright.agent.workflows.generate.workflow import Workflow, build, end_node
from repowright.executors import Limits, PooledSandbox, Sandbox, SandboxError, choose
from repowright.graph.errors import GraphError
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.history import History

CONFIG: RunnableConfig = {"configurable": {"thread_id": "generate"}, "recursion_limit": 1_000_000}
SUITE_LIMITS = Limits(memory_mb=512, pids=64, disk_mb=64)
TYPED_ERRORS = (AgentError, SandboxError, GraphError, RepoToolsError)


async def start(
    spec: Spec,
    settings: Settings,
    *,
    out: Path,
    runs: Path,
    replay: Path | None,
    stop_after: str | None,
    subscribers: Sequence[Subscriber],
) -> RunEnd:
    """Generate a repository from a specification and return how it ended.

    Raises
    ------
    AgentError, SandboxError
        If nothing could be begun, or the run had to end before its work was done; it can then be resumed.
    """
    if replay is not None and read_manifest(replay).spec_hash != spec.hash:
        raise SpecError(f"the recording {replay} was made for another specification", "replay it with its own")
    sandbox = PooledSandbox(choose(settings.sandbox, unsafe_local=settings.unsafe_local))
    with contextlib.closing(sandbox):
        Budget.parse(settings.budget) if settings.budget else None
        target = check_out_folder(out, runs)
        run = Run.create(runs, spec, settings, target, time.time, replay)
        return await _sit(run, settings, sandbox, stop_after, subscribers, resumed=False)


async def resume(run: Run, settings: Settings, *, stop_after: str | None, subscribers: Sequence[Subscriber]) -> RunEnd:
    """Go on with a run from its last finished step; nothing that was answered is asked again.

    Raises
    ------
    AgentError, SandboxError
        As ``start``.
    """
    sandbox = PooledSandbox(choose(settings.sandbox, unsafe_local=settings.unsafe_local))
    with contextlib.closing(sandbox):
        return await _sit(run, settings, sandbox, stop_after, subscribers, resumed=True)


async def _sit(
    run: Run,
    settings: Settings,
    sandbox: Sandbox,
    stop_after: str | None,
    subscribers: Sequence[Subscriber],
    *,
    resumed: bool,
) -> RunEnd:
    bus = EventBus(run.id, time.time)
    log = run.log()
    with run.lock(), contextlib.closing(log):
        bus.subscribe(log)
        for subscriber in subscribers:
            bus.subscribe(subscriber)
        run.update_status("running")
        _announce(run, settings, sandbox, bus, resumed=resumed)
        sitting = Sitting(run, settings, sandbox, bus)
        try:
            return sitting.end(await sitting.drive(stop_after))
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
            out=str(run.out),
            budget=settings.budget,
            source="replay" if run.manifest.replay else "live",
            resumed=resumed,
        )
    )


class Sitting:
    """The workflow of one run, driven in this process until it is done or must end."""

    def __init__(self, run: Run, settings: Settings, sandbox: Sandbox, bus: EventBus) -> None:
        self.run = run
        self.settings = settings
        self.bus = bus
        self._sandbox = sandbox
        self._record = Record(run.record)
        self._replay = _replay_of(run)
        self._gateway: Gateway | None = None
        self._began = time.monotonic()

    async def drive(self, stop_after: str | None) -> Outcome | None:
        """Work until the delivery, or until the stage to stop after; ``None`` for the latter."""
        async with (
            self._studio() as studio,
            AsyncSqliteSaver.from_conn_string(str(self.run.checkpoints)) as saver,
        ):
            workflow = build(saver)
            state = await workflow.aget_state(CONFIG)
            given: GenerateState | None = None
            # After a kill, ``next`` can be empty although work is left; only ``created_at`` tells.
            if state.created_at is None:
                given = {"epoch": studio.epoch}
            else:
                studio.epoch = state.values.get("epoch", studio.epoch)
                await self._take_edits(workflow, dict(state.values), state.next, studio)
            stops = [end_node(stop_after)] if stop_after else []
            final: Any = await workflow.ainvoke(given, CONFIG, context=studio, durability="sync", interrupt_after=stops)
            return outcome_of(final if final is not None else GenerateState(), studio)

    async def _take_edits(
        self, workflow: Workflow, values: dict[str, Any], following: tuple[str, ...], studio: Studio
    ) -> None:
        """Take over a plan that a person edited while the run stood between two stages."""
        before = following[0].removeprefix("begin_") if following and following[0].startswith("begin_") else ""
        done = next(
            (stage for stage, then in zip(BEFORE_CODE, [*BEFORE_CODE[1:], "code"], strict=True) if then == before),
            "",
        )
        if not done or not values.get("exported"):
            return
        plan = studio.load(values["plan"])
        edited = edited_plan(plan, values["exported"], self.run, done, studio.library)
        if edited is not None:
            await workflow.aupdate_state(CONFIG, {"plan": studio.save(edited)}, as_node=end_node(done))

    @asynccontextmanager
    async def _studio(self) -> AsyncIterator[Studio]:
        async with open_gateway(self.settings, self._record, self._replay, self.bus) as gateway:
            self._gateway = gateway
            yield Studio(
                run=self.run,
                spec=self.run.spec().text,
                out=self.run.out,
                settings=self.settings,
                gateway=gateway,
                events=self.bus,
                store=self.run.artifacts,
                library=Library(self.run.artifacts),
                bench=self.bench(),
                history=History.init(self.run.folder / "repository"),
                epoch=_epoch(self.run),
                clock=time.monotonic,
            )

    def bench(self) -> TestBench:
        """Return where this sitting's tests run."""
        slots = min(self.settings.parallel, os.cpu_count() or 1)
        return TestBench(self._sandbox, self._record, self._replay, self.bus, slots, self.limits)

    @property
    def limits(self) -> Limits:
        """What one run of generated tests may use."""
        seconds = self.settings.suite_timeout_s
        return replace(SUITE_LIMITS, wall_s=seconds, cpu_s=seconds)

    def learn(self, error: Exception) -> None:
        """Keep what the next sitting must do otherwise, so as not to end the same way."""
        if isinstance(error, ReplyInvalid) and error.key and self._gateway is not None:
            self._gateway.ask_anew(error.key)

    def end(self, outcome: Outcome | None) -> RunEnd:
        """Tell how a sitting that met no error ended."""
        if outcome is None:
            return self.ended("stopped", 0)
        return self.ended("done" if outcome.green else "failing", 0 if outcome.green else 1, outcome)

    def ended(
        self,
        status: Literal["done", "failing", "stopped", "interrupted", "error", "budget"],
        exit_code: int,
        outcome: Outcome | None = None,
    ) -> RunEnd:
        """Emit the closing event and write the run's status."""
        usage = [reply.usage for reply in self._record.replies()]
        unfinished = status not in ("done", "failing")
        event = RunEnd(
            status=status,
            exit_code=exit_code,
            out=str(self.run.out) if outcome else "",
            prompt_tokens=sum(one.prompt_tokens for one in usage),
            completion_tokens=sum(one.completion_tokens for one in usage),
            seconds=time.monotonic() - self._began,
            resume=f"repowright runs resume {self.run.id}" if unfinished else "",
            **({} if outcome is None else outcome.model_dump(exclude={"head", "green"})),
        )
        self.run.update_status(status)
        self.bus.emit(event)
        return event


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


def _epoch(run: Run) -> int:
    """Return the second the commits count from: the recording's where one is replayed."""
    return int(read_manifest(Path(run.manifest.replay)).created if run.manifest.replay else run.manifest.created)
