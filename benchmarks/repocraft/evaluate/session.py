"""One sitting of an evaluation: its means brought together, the workflow driven, the result written."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import SpecError
from repowright.agent.events import EventBus, RunEnd, Subscriber, Warning
from repowright.agent.llm import Budget
from repowright.agent.manifest import read_manifest
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.sitting import Closing, Figures, Sitting, sit
from repowright.benchmarks.repocraft.evaluate.atlas import OWN_GRAPH, survey_repository
from repowright.benchmarks.repocraft.evaluate.bench import EvaluationBench, Place, place_of, plan_of, plugins_of
from repowright.benchmarks.repocraft.evaluate.context import contexts_of, read_contexts, write_contexts
from repowright.benchmarks.repocraft.evaluate.renaming import RenamedTests, renamed_tests
from repowright.benchmarks.repocraft.evaluate.result import EvaluationMeans, write_result
from repowright.benchmarks.repocraft.evaluate.specification import Subject, address_in, specification, tasks_of
from repowright.benchmarks.repocraft.evaluate.state import EvaluationState
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.evaluate.terms import Terms, hash_of_tasks, read_terms, write_terms
from repowright.benchmarks.repocraft.evaluate.tree import RepositoryTree, keep_tree, kept_tree, read_tree
from repowright.benchmarks.repocraft.evaluate.workflow import build
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import ArmResult, State, TaskVerdict
from repowright.executors import Limits
from repowright.graph.serial import to_json

SUITE_LIMITS = Limits(memory_mb=2048, pids=128, disk_mb=512)
_STORE = "encoded.rpg"


@dataclass(frozen=True)
class Asked:
    """What shall be evaluated.

    Parameters
    ----------
    repository
        Folder of the repository.
    out
        Folder that gets a copy of the result; ``None`` for none.
    jobs
        Sandboxes at a time; ``None`` for one a processor.
    """

    repository: Path
    tasks: tuple[Task, ...]
    terms: Terms
    out: Path | None = None
    jobs: int | None = None


async def start(
    asked: Asked, settings: Settings, *, runs: Path, replay: Path | None, subscribers: Sequence[Subscriber]
) -> RunEnd:
    """Evaluate a repository and return how that ended; the result lies in the run's folder.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        If nothing could be begun, or the run had to end before its work was done; it can then be resumed.
    """
    Budget.parse(settings.budget) if settings.budget else None
    tree = read_tree(asked.repository)
    subject = Subject(tree.name, address_in(tree), len(tree.files))
    spec = specification(subject, asked.tasks, asked.terms)
    if replay is not None and read_manifest(replay).spec_hash != spec.hash:
        raise SpecError(
            f"the recording {replay} was made of another repository, other tasks or other terms",
            "replay it with its own",
        )
    contexts = contexts_of(asked.tasks)
    with place_of(asked.tasks[0].project, asked.terms, settings) as place:
        out = asked.out.resolve() if asked.out else None
        run = Run.create(runs, spec, settings, out, time.time, replay, "evaluate")
        write_terms(run.folder, asked.terms, asked.tasks)
        write_contexts(run.folder, contexts)
        keep_tree(tree, run.artifacts)
        return await _sit(run, settings, place, subscribers, asked.jobs, resumed=False)


async def resume(run: Run, settings: Settings, *, subscribers: Sequence[Subscriber], jobs: int | None = None) -> RunEnd:
    """Go on with an evaluation; nothing that was answered is asked again.

    Raises
    ------
    AgentError, SandboxError, GraphError, RepoToolsError
        As ``start``.
    """
    project = tasks_of(run)[0].project
    with place_of(project, read_terms(run.folder), settings) as place:
        return await _sit(run, settings, place, subscribers, jobs, resumed=True)


async def _sit(
    run: Run,
    settings: Settings,
    place: Place,
    subscribers: Sequence[Subscriber],
    jobs: int | None,
    *,
    resumed: bool,
) -> RunEnd:
    def begin(bus: EventBus) -> Sitting:
        return Evaluation(run, settings, place, bus, jobs)

    return await sit(run, settings, place.sandbox, begin, subscribers, resumed=resumed)


class Evaluation(Sitting):
    """The work on one evaluation in this process."""

    def __init__(self, run: Run, settings: Settings, place: Place, bus: EventBus, jobs: int | None) -> None:
        super().__init__(run, settings, place.sandbox, bus)
        self._python = place.python
        self._jobs = jobs or os.cpu_count() or 1
        self._terms = read_terms(run.folder)
        self._tasks = tasks_of(run)
        self._subject = Subject.of(run.spec())
        self._generator = ""

    async def work(self) -> Closing:
        """Judge every task, write the result, and tell how many passed."""
        async with self._studio() as studio, AsyncSqliteSaver.from_conn_string(str(self.run.checkpoints)) as saver:
            self._warn()
            workflow = build(saver)
            state = await workflow.aget_state(self._config)
            given = EvaluationState(verdicts={}) if state.created_at is None else None
            final: Any = await workflow.ainvoke(given, self._config, context=studio, durability="sync")
            found = final if final is not None else state.values
            verdicts = [_verdict(found["verdicts"][task.id], studio) for task in self._tasks]
            return self._closing(verdicts, studio)

    @property
    def _config(self) -> RunnableConfig:
        most = max(self.settings.parallel, self._jobs)
        return {"configurable": {"thread_id": "evaluate"}, "recursion_limit": 1_000_000, "max_concurrency": most}

    @asynccontextmanager
    async def _studio(self) -> AsyncIterator[Studio]:
        tree = kept_tree(self._subject.tree, self.run.artifacts)
        atlas = survey_repository(tree, self.run.folder / _STORE)
        write_atomically(self.run.graph, to_json(atlas.rpg).encode())
        async with self.gateway(self.judge_model) as gateway:
            yield Studio(
                settings=self.settings,
                terms=self._terms,
                tasks={task.id: task for task in self._tasks},
                contexts=read_contexts(self.run.folder),
                plugins=plugins_of(self._tasks[0].project, self._terms),
                atlas=atlas,
                gateway=gateway,
                judge=gateway.of_model(self.judge_model),
                events=self.bus,
                store=self.run.artifacts,
                bench=self._bench(tree),
                renamed=self._renamed(),
                clock=time.monotonic,
            )

    def _bench(self, tree: RepositoryTree) -> EvaluationBench:
        seconds = self.settings.suite_timeout_s
        limits = replace(SUITE_LIMITS, wall_s=seconds, cpu_s=seconds)
        plan = plan_of(self._tasks[0].project, self._terms, tree.packages)
        return EvaluationBench(self.sandbox, self.record, self.replay, self.bus, self._jobs, limits, plan)

    def _renamed(self) -> RenamedTests:
        if self._terms.adapter != "rename":
            return RenamedTests({})
        return renamed_tests(self._tasks[0].project, self._terms.package, self._python)

    @property
    def judge_model(self) -> str:
        """Who votes."""
        return self._terms.judge_model or self.settings.model

    def _warn(self) -> None:
        """Say where a model would judge what it has written itself."""
        self._generator = _generator_of(self._subject, self.run)
        if self._generator and self._generator in {self.judge_model, self.settings.model}:
            text = f"the repository was written by {self._generator}, which now judges it: give another --judge-model"
            self.bus.emit(Warning(message=text))

    def _closing(self, verdicts: Sequence[TaskVerdict], studio: Studio) -> Closing:
        project = self._tasks[0].project
        result = ArmResult(arm=self._subject.name, project=project, sandbox=self.sandbox.name, verdicts=tuple(verdicts))
        replies = list(self.record.replies())
        means = EvaluationMeans(
            repository=self._subject.name,
            tree=self._subject.tree,
            files=self._subject.files,
            graph_features=studio.atlas.features,
            tasks_sha256=hash_of_tasks(self._tasks),
            described_by=tuple(sorted({task.described_by for task in self._tasks})),
            model=self.settings.model,
            judge_model=self.judge_model,
            generator_model=self._generator,
            terms=self._terms,
            sandbox=self.sandbox.name,
            calls=len(replies),
            prompt_tokens=sum(reply.usage.prompt_tokens for reply in replies),
            completion_tokens=sum(reply.usage.completion_tokens for reply in replies),
            usd=studio.gateway.ledger.spent.usd,
            replay=bool(self.run.manifest.replay),
        )
        copies = [Path(self.run.manifest.out)] if self.run.manifest.out else []
        write_result([self.run.folder, *copies], result, means, self._tasks)
        return Closing("done", 0, _figures(result))


def _figures(result: ArmResult) -> Figures:
    return Figures(
        tasks_passed=result.passed,
        tasks_voted=result.voted,
        tasks_total=len(result.verdicts),
        tests_passed=sum(verdict.tests_passed for verdict in result.verdicts if verdict.state is State.PASSED),
        tests_failed=sum(verdict.tests_failed for verdict in result.verdicts),
    )


def _verdict(address: str, studio: Studio) -> TaskVerdict:
    return TaskVerdict.model_validate_json(studio.store.get_text(address))


def _generator_of(subject: Subject, run: Run) -> str:
    """Return the model of the run beside this one that delivered the same files; empty if there is none."""
    for other in list_runs(run.folder.parent):
        out = Path(other.out)
        delivered = bool(other.out) and out.name == subject.name and (out / OWN_GRAPH).is_file()
        if delivered and address_in(read_tree(out)) == subject.tree:
            return other.model
    return ""
