"""One sitting of a resolution: its means brought together, the workflow driven, its end told truthfully."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from repowright.agent.errors import OutFolderError, SpecError
from repowright.agent.events import EventBus, RunEnd, Subscriber, Warning
from repowright.agent.llm import Budget
from repowright.agent.manifest import read_manifest, write_manifest
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.sitting import Closing, Figures, Sitting, sit
from repowright.agent.workflows.resolve.atlas import survey_repository
from repowright.agent.workflows.resolve.bench import RepositoryPytest, ResolveBench, why_untestable
from repowright.agent.workflows.resolve.delivering import PATCH
from repowright.agent.workflows.resolve.place import place_of
from repowright.agent.workflows.resolve.records import PASSES, Resolution
from repowright.agent.workflows.resolve.source_tree import SourceTree, keep_tree, kept_tree, read_tree
from repowright.agent.workflows.resolve.specification import Subject, keep_lock, kept_lock, specification
from repowright.agent.workflows.resolve.state import ResolveState
from repowright.agent.workflows.resolve.studio import Studio
from repowright.agent.workflows.resolve.workflow import build
from repowright.executors import Limits, Sandbox

SUITE_LIMITS = Limits(memory_mb=2048, pids=128)
"""Bounds of one run of tests, but for time and disk."""

_CONFIG: RunnableConfig = {"configurable": {"thread_id": "resolve"}, "recursion_limit": 1_000}
_STORE = "encoded.rpg"
_DISK_MB = 512


@dataclass(frozen=True)
class Asked:
    """What shall be resolved.

    Parameters
    ----------
    origin
        Where the issue comes from, for people.
    lock
        Text of a lock of the repository's dependencies; empty for the standard library alone.
    out
        File that gets the patch; ``None`` for the run's folder alone.
    """

    issue: str
    origin: str
    repository: Path
    lock: str = ""
    out: Path | None = None


async def start(
    asked: Asked, settings: Settings, *, runs: Path, replay: Path | None, subscribers: Sequence[Subscriber]
) -> RunEnd:
    """Resolve an issue and return how that ended; patch and report lie in the run's folder.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        If nothing could be begun, or the run had to end before its work was done; it can then be resumed.
    """
    Budget.parse(settings.budget) if settings.budget else None
    tree = read_tree(asked.repository)
    spec = specification(asked.issue, asked.origin, tree, asked.lock)
    if replay is not None and read_manifest(replay).spec_hash != spec.hash:
        raise SpecError(
            f"the recording {replay} was made of another issue, repository or lock", "replay it with its own"
        )
    out = _checked_out(asked.out)
    with place_of(settings, asked.lock) as sandbox:
        run = Run.create(runs, spec, settings, out, time.time, replay, "resolve")
        if out is None:
            run.manifest = run.manifest.model_copy(update={"out": str(run.folder / PATCH)})
            write_manifest(run.folder, run.manifest)
        keep_tree(tree, run.folder)
        keep_lock(run, asked.lock)
        return await _sit(run, settings, sandbox, subscribers, resumed=False)


async def resume(run: Run, settings: Settings, *, subscribers: Sequence[Subscriber]) -> RunEnd:
    """Go on with a resolution; nothing that was answered is asked again.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        As ``start``.
    """
    with place_of(settings, kept_lock(run, Subject.of(run.spec()))) as sandbox:
        return await _sit(run, settings, sandbox, subscribers, resumed=True)


async def _sit(
    run: Run, settings: Settings, sandbox: Sandbox, subscribers: Sequence[Subscriber], *, resumed: bool
) -> RunEnd:
    def begin(bus: EventBus) -> Sitting:
        return Resolving(run, settings, sandbox, bus)

    return await sit(run, settings, sandbox, begin, subscribers, resumed=resumed)


class Resolving(Sitting):
    """The work on one issue in this process."""

    async def work(self) -> Closing:
        """Find a patch, deliver it, and tell what its tests say."""
        async with self._studio() as studio, AsyncSqliteSaver.from_conn_string(str(self.run.checkpoints)) as saver:
            self._warn(studio)
            workflow = build(saver)
            state = await workflow.aget_state(_CONFIG)
            # After a kill, ``next`` can be empty although work is left; only ``created_at`` tells.
            given = ResolveState(round=0) if state.created_at is None else None
            final: Any = await workflow.ainvoke(given, _CONFIG, context=studio, durability="sync")
            found = final if final is not None else state.values
            resolution = Resolution.model_validate_json(studio.store.get_text(found["resolution"]))
        return _closing(resolution)

    @asynccontextmanager
    async def _studio(self) -> AsyncIterator[Studio]:
        subject = Subject.of(self.run.spec())
        tree = kept_tree(subject.tree, self.run.folder)
        atlas = survey_repository(tree, self.run.folder / _STORE)
        async with self.gateway() as gateway:
            yield Studio(
                run=self.run,
                subject=subject,
                settings=self.settings,
                atlas=atlas,
                gateway=gateway,
                events=self.bus,
                store=self.run.artifacts,
                bench=self._bench(tree, bool(subject.lock)),
                untestable=why_untestable(tree),
                clock=time.monotonic,
            )

    def _bench(self, tree: SourceTree, locked: bool) -> ResolveBench:
        seconds = self.settings.suite_timeout_s
        disk = _DISK_MB + sum(map(len, tree.files.values())) // 1_000_000
        limits = replace(SUITE_LIMITS, wall_s=seconds, cpu_s=seconds, disk_mb=disk)
        framework = RepositoryPytest(tree.root, locked)
        return ResolveBench(self.sandbox, self.record, self.replay, self.bus, limits, framework)

    def _warn(self, studio: Studio) -> None:
        if studio.untestable:
            self.bus.emit(Warning(message=f"the patch will not be verified: {studio.untestable}"))


def _closing(resolution: Resolution) -> Closing:
    figures = Figures(tests_passed=resolution.tests.passed, tests_failed=resolution.tests.failed)
    if resolution.verdict in PASSES:
        return Closing("done", 0, figures)
    return Closing("failing", 1, figures)


def _checked_out(out: Path | None) -> Path | None:
    if out is None:
        return None
    if out.is_dir():
        raise OutFolderError(f"{out} is a folder", "give the file that gets the patch")
    return out.absolute()
