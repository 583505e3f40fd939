"""One sitting of a run: its means brought together, the workflow driven, its end told truthfully."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from repowright.agent.errors import SpecError
from repowright.agent.events import EventBus, RunEnd, Subscriber
from repowright.agent.llm import Budget
from repowright.agent.manifest import read_manifest
from repowright.agent.out_folder import check_out_folder
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.sitting import Closing, Figures, Sitting, sit
from repowright.agent.spec import Spec
from repowright.agent.workflows.generate.code.evidence import TestBench
from repowright.agent.workflows.generate.delivery import Outcome, outcome_of
from repowright.agent.workflows.generate.from_graph.entering import enter, is_decided
from repowright.agent.workflows.generate.from_graph.seed import Seed, read_seed
from repowright.agent.workflows.generate.plan import Library
from repowright.agent.workflows.generate.plan_files import edited_plan
from repowright.agent.workflows.generate.stages import BEFORE_CODE
from repowright.agent.workflows.generate.state import GenerateState
from repowright.agent.workflows.generate.studio import Studio
from repowright.agent.workflows.generate.workflow import Workflow, build, end_node
from repowright.executors import Limits, PooledSandbox, Sandbox, choose
from repowright.repo_tools.history import History

CONFIG: RunnableConfig = {"configurable": {"thread_id": "generate"}, "recursion_limit": 1_000_000}
SUITE_LIMITS = Limits(memory_mb=512, pids=64, disk_mb=64)


async def start(
    spec: Spec,
    settings: Settings,
    *,
    out: Path,
    runs: Path,
    replay: Path | None,
    stop_after: str | None,
    subscribers: Sequence[Subscriber],
    seed: Seed | None = None,
) -> RunEnd:
    """Generate a repository from a specification and return how it ended.

    Parameters
    ----------
    seed
        What a graph has decided already.

    Raises
    ------
    AgentError, SandboxError
        If nothing could be begun, or the run had to end before its work was done; it can then be resumed.
    """
    if replay is not None and read_manifest(replay).spec_hash != spec.hash:
        raise SpecError(f"the recording {replay} was made for another specification", "replay it with its own")
    origin = seed.origin if seed else None
    if replay is not None and read_manifest(replay).from_graph != origin:
        raise SpecError(f"the recording {replay} was begun from another graph, or none", "replay it with its own")
    sandbox = PooledSandbox(choose(settings.sandbox, unsafe_local=settings.unsafe_local))
    with contextlib.closing(sandbox):
        Budget.parse(settings.budget) if settings.budget else None
        target = check_out_folder(out, runs)
        run = Run.create(runs, spec, settings, target, time.time, replay, from_graph=origin)
        if seed is not None:
            seed.keep_in(run)
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
    def begin(bus: EventBus) -> Sitting:
        return Generation(run, settings, sandbox, bus, stop_after)

    return await sit(run, settings, sandbox, begin, subscribers, resumed=resumed)


class Generation(Sitting):
    """The workflow of one run, driven in this process until it is done or must end."""

    def __init__(
        self, run: Run, settings: Settings, sandbox: Sandbox, bus: EventBus, stop_after: str | None = None
    ) -> None:
        super().__init__(run, settings, sandbox, bus)
        self._stop_after = stop_after

    async def work(self) -> Closing:
        """Generate, and tell how far that came."""
        outcome = await self.drive(self._stop_after)
        if outcome is None:
            return Closing("stopped")
        figures = Figures.model_validate(outcome.model_dump(exclude={"head", "green"}))
        return Closing("done", 0, figures) if outcome.green else Closing("failing", 1, figures)

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
                seed = read_seed(self.run)
                if seed is not None:
                    await enter(workflow, CONFIG, seed, studio)
                    if is_decided(stop_after, seed):
                        return None
                else:
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
        async with self.gateway() as gateway:
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
        return TestBench(self.sandbox, self.record, self.replay, self.bus, slots, self.limits)

    @property
    def limits(self) -> Limits:
        """What one run of generated tests may use."""
        seconds = self.settings.suite_timeout_s
        return replace(SUITE_LIMITS, wall_s=seconds, cpu_s=seconds)


def _epoch(run: Run) -> int:
    """Return the second the commits count from: the recording's where one is replayed."""
    return int(read_manifest(Path(run.manifest.replay)).created if run.manifest.replay else run.manifest.created)
