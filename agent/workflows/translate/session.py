"""One sitting of a translation: its means brought together, the workflow driven, its end told truthfully."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from repowright.agent.errors import SpecError, UserError
from repowright.agent.events import EventBus, RunEnd, Subscriber
from repowright.agent.llm import Budget
from repowright.agent.manifest import read_manifest
from repowright.agent.out_folder import check_out_folder
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.sitting import Closing, Figures, Sitting, sit
from repowright.agent.workflows.translate.checks.bench import CHECK_LIMITS, Bench
from repowright.agent.workflows.translate.languages import known_pairs
from repowright.agent.workflows.translate.originals import Originals, keep_originals, kept_originals, read_originals
from repowright.agent.workflows.translate.place import place_of
from repowright.agent.workflows.translate.records import Translation
from repowright.agent.workflows.translate.state import TranslateState
from repowright.agent.workflows.translate.studio import Studio
from repowright.agent.workflows.translate.subject import SOURCE, TARGET, Subject, specification
from repowright.agent.workflows.translate.target import Judging
from repowright.agent.workflows.translate.workflow import build
from repowright.executors import Sandbox

_CONFIG: RunnableConfig = {"configurable": {"thread_id": "translate"}, "recursion_limit": 100_000}


@dataclass(frozen=True)
class Asked:
    """What shall be translated.

    Parameters
    ----------
    interface
        Files of the target language whose functions are stubs; a skeleton is made without them.
    tests
        Tests of the target language that the result must pass.
    out
        Folder that gets what is written.
    idiomatic
        Whether the model designs safe types and signatures first, where no interface is given.
    """

    folder: Path
    out: Path
    target: str = TARGET
    interface: Path | None = None
    tests: Path | None = None
    idiomatic: bool = False


async def start(
    asked: Asked, settings: Settings, *, runs: Path, replay: Path | None, subscribers: Sequence[Subscriber]
) -> RunEnd:
    """Translate a project and return how that ended; the report lies in the run's folder and in the crate.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        If nothing could be begun, or the run had to end before its work was done; it can then be resumed.
    """
    Budget.parse(settings.budget) if settings.budget else None
    target = known_pairs().pair(SOURCE, asked.target).filling
    if asked.idiomatic and not target.designs:
        raise UserError(f"nothing is designed for {target.name}", "leave --stage idiomatic out")
    originals = read_originals(asked.folder, asked.interface, asked.tests, target.suffix, target.name.capitalize())
    if originals.interface is not None:
        target.check_interface(originals.interface)
    spec = specification(originals, target.name, str(asked.folder), idiomatic=asked.idiomatic)
    if replay is not None and read_manifest(replay).spec_hash != spec.hash:
        raise SpecError(f"the recording {replay} was made of other files", "replay it with its own")
    out = check_out_folder(asked.out, runs)
    with place_of(settings, target.toolchains) as sandbox:
        run = Run.create(runs, spec, settings, out, time.time, replay, "translate")
        keep_originals(originals, run.folder)
        return await _sit(run, settings, sandbox, originals, subscribers, resumed=False)


async def resume(run: Run, settings: Settings, *, subscribers: Sequence[Subscriber]) -> RunEnd:
    """Go on with a translation; nothing that was answered is asked again.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        As ``start``.
    """
    subject = Subject.of(run.spec())
    originals = kept_originals(run.folder, subject.source, subject.interface, subject.tests)
    with place_of(settings, known_pairs().pair(SOURCE, subject.target).filling.toolchains) as sandbox:
        return await _sit(run, settings, sandbox, originals, subscribers, resumed=True)


async def _sit(
    run: Run,
    settings: Settings,
    sandbox: Sandbox,
    originals: Originals,
    subscribers: Sequence[Subscriber],
    *,
    resumed: bool,
) -> RunEnd:
    def begin(bus: EventBus) -> Sitting:
        return Translating(run, settings, sandbox, bus, originals)

    return await sit(run, settings, sandbox, begin, subscribers, resumed=resumed)


class Translating(Sitting):
    """The work on one project in this process."""

    def __init__(self, run: Run, settings: Settings, sandbox: Sandbox, bus: EventBus, originals: Originals) -> None:
        super().__init__(run, settings, sandbox, bus)
        self._originals = originals
        self._target = known_pairs().pair(SOURCE, Subject.of(run.spec()).target).filling

    async def work(self) -> Closing:
        """Translate unit by unit, deliver, and tell how far that came."""
        async with self._studio() as studio, AsyncSqliteSaver.from_conn_string(str(self.run.checkpoints)) as saver:
            workflow = build(saver)
            state = await workflow.aget_state(_CONFIG)
            # After a kill, ``next`` can be empty although work is left; only ``created_at`` tells.
            given = TranslateState(at=0) if state.created_at is None else None
            if state.values.get("compiled"):
                values = state.values
                await asyncio.to_thread(studio.layout, values["compiled"], values.get("designed", ""))
            final: Any = await workflow.ainvoke(given, _CONFIG, context=studio, durability="sync")
            found = final if final is not None else state.values
            translation = studio.kept(found["translation"], Translation)
        return _closing(translation)

    @asynccontextmanager
    async def _studio(self) -> AsyncIterator[Studio]:
        async with self.gateway() as gateway:
            yield Studio(
                run=self.run,
                originals=self._originals,
                settings=self.settings,
                gateway=gateway,
                events=self.bus,
                store=self.run.artifacts,
                record=self.record,
                sandbox=self.sandbox,
                judge=self._judge(),
                target=self._target,
                clock=time.monotonic,
                idiomatic=Subject.of(self.run.spec()).idiomatic,
            )

    def _judge(self) -> Judging:
        slots = min(self.settings.parallel, os.cpu_count() or 1)
        wall_s = self.settings.suite_timeout_s
        limits = replace(CHECK_LIMITS, wall_s=max(CHECK_LIMITS.wall_s, 2 * wall_s))
        bench = Bench(self.sandbox, limits, at_once=slots)
        return self._target.judge(bench, self.record, self.replay, self.bus, max(wall_s, CHECK_LIMITS.wall_s / 2))


def _closing(translation: Translation) -> Closing:
    figures = Figures(
        units_verified=sum(unit.state == "verified" for unit in translation.units),
        units_total=translation.metrics.units,
        tests_passed=translation.metrics.tests_passed,
        tests_failed=translation.metrics.tests_failed,
    )
    return Closing("done", 0, figures) if translation.is_complete else Closing("failing", 1, figures)
