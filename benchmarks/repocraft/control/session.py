"""Runs the control arms of one project, one after another, each of them once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.control.arms import Arm, Workspace, workspace
from repowright.benchmarks.repocraft.control.batches import Item, Judged
from repowright.benchmarks.repocraft.control.environments import Environment, environment, lock_of
from repowright.benchmarks.repocraft.control.gold import gold_run
from repowright.benchmarks.repocraft.control.results import ArmRecord, ArmRun, digest_of, finished_arm, write_arm
from repowright.benchmarks.repocraft.control.running import Conditions, run_items
from repowright.benchmarks.repocraft.control.sources import ProjectFiles, project_files
from repowright.benchmarks.repocraft.errors import EnvironmentUnavailable, SourceUnavailable, TasksUnreadable
from repowright.benchmarks.repocraft.projects import Project
from repowright.benchmarks.repocraft.tasks import Task, TaskSet, write_task_set
from repowright.benchmarks.repocraft.verdicts import ArmResult, State, TaskVerdict
from repowright.executors import Preference

PLUGINS = {"requests": ("pytest_httpbin.plugin", "pytest_mock")}
"""Plugins of pytest that a project's tests take fixtures from."""


@dataclass
class ControlSession:
    """The arms of one project.

    Parameters
    ----------
    out
        Folder of the results; an arm that lies there for the same tasks is not run again.
    jobs
        Boxes at a time.
    tell
        Called with one line before something that takes long.
    """

    project: Project
    tasks: TaskSet
    out: Path
    preference: Preference = "auto"
    jobs: int = 1
    tell: Callable[[str], None] = lambda line: None
    _environment: Environment | None = field(default=None, init=False)
    _files: ProjectFiles | None = field(default=None, init=False)
    _missing: EnvironmentUnavailable | SourceUnavailable | None = field(default=None, init=False)
    """What keeps the project from being installed; it is not tried again for the next arm."""

    def run(self, arms: Sequence[Arm]) -> Iterator[ArmRun]:
        """Run arms and yield each as it is finished; the real project first, since the others run what it kept.

        What it kept before counts as well, where the real project is not among the arms.

        A project that cannot be fetched or installed has failed every task.

        Raises
        ------
        TasksUnreadable
            If the tasks are of another release.
        SandboxError
            If no sandbox can be had.
        """
        self._check_release()
        before = finished_arm(self.out, self.project.name, Arm.REAL, self._asked(Arm.REAL, ()))
        tasks = self._kept(before) if before is not None else list(self.tasks.tasks)
        with self._closing():
            for arm in sorted(arms, key=list(Arm).index):
                found = self._arm(arm, tasks)
                yield found
                if arm is Arm.REAL:
                    tasks = self._kept(found)

    def _arm(self, arm: Arm, tasks: Sequence[Task]) -> ArmRun:
        asked = self._asked(arm, tasks)
        found = finished_arm(self.out, self.project.name, arm, asked)
        if found is not None:
            return found
        if self._missing is None:
            self.tell(f"{self.project.name}: {len(tasks)} tasks on the {arm} arm")
        try:
            made = self._real(asked) if arm is Arm.REAL else self._copy(arm, tasks, asked)
        except (EnvironmentUnavailable, SourceUnavailable) as err:
            if self._missing is None:
                self.tell(f"{self.project.name}: {err}")
            self._missing = err
            return self._not_installed(arm, tasks, err.message)
        write_arm(made, self.out)
        return made

    def _asked(self, arm: Arm, tasks: Sequence[Task]) -> str:
        """Digest of what an arm runs: the real project all that was sampled, the others what it kept."""
        return digest_of([*self.tasks.tasks, *self.tasks.reserve] if arm is Arm.REAL else tasks)

    def _real(self, asked: str) -> ArmRun:
        started = time.monotonic()
        place = self._workspace(Arm.REAL)
        found = gold_run(lambda items: self._run(place, items), self.tasks)
        kept = self.tasks.model_copy(
            update={"tasks": found.kept, "reserve": (), "dropped": (*self.tasks.dropped, *found.dropped)}
        )
        write_task_set(kept, self.out / f"{self.project.name}.kept.json")
        record = self._record(asked, found.cpu_s, started).model_copy(update={"dropped": found.dropped})
        return ArmRun(self._result(Arm.REAL, Judged(found.verdicts)), record)

    def _copy(self, arm: Arm, tasks: Sequence[Task], asked: str) -> ArmRun:
        started = time.monotonic()
        place = self._workspace(arm)
        judged = self._run(place, [Item(task.id, place.tests_of(task)) for task in tasks])
        return ArmRun(self._result(arm, judged), self._record(asked, judged.cpu_s, started))

    def _not_installed(self, arm: Arm, tasks: Sequence[Task], why: str) -> ArmRun:
        """Every task failed, and nothing is kept on disk: the index may be there next time."""
        lines = why.splitlines()
        detail = " ".join(dict.fromkeys((lines[0], lines[-1])))
        verdicts = tuple(TaskVerdict(task=task.id, state=State.ERROR, detail=detail) for task in tasks)
        result = ArmResult(arm=arm, project=self.project.name, sandbox=self.preference, verdicts=verdicts)
        return ArmRun(result, ArmRecord(asked="", layer="", python="", cpu_s=0.0, wall_s=0.0))

    def _run(self, place: Workspace, items: Sequence[Item]) -> Judged:
        django = place.package if self.project.name == "django" else ""
        conditions = Conditions(plugins=PLUGINS.get(self.project.name, ()), django=django)
        return run_items(self._prepared().sandbox, place.files, items, place.owned, conditions, self.jobs)

    def _workspace(self, arm: Arm) -> Workspace:
        if self._files is None:
            root = release_of(self.project.name).root
            extra = {path for task in (*self.tasks.tasks, *self.tasks.reserve) for path in task.requires_files}
            lock, python = lock_of(self.project), self._prepared().python
            self._files = project_files(self.project, root, lock, python, sorted(extra))
        return workspace(arm, self.project, self._files)

    def _prepared(self) -> Environment:
        if self._missing is not None:
            raise self._missing
        if self._environment is None:
            self.tell(f"{self.project.name}: its dependencies")
            self._environment = environment(lock_of(self.project), self.project.name, self.preference)
        return self._environment

    def _result(self, arm: Arm, judged: Judged) -> ArmResult:
        name = self._prepared().sandbox.name
        return ArmResult(arm=arm, project=self.project.name, sandbox=name, verdicts=judged.verdicts)

    def _record(self, asked: str, cpu_s: float, started: float) -> ArmRecord:
        used = self._prepared()
        version = ".".join(map(str, used.python))
        wall_s = round(time.monotonic() - started, 1)
        return ArmRecord(asked=asked, layer=used.layer, python=version, cpu_s=cpu_s, wall_s=wall_s)

    def _kept(self, found: ArmRun) -> list[Task]:
        known = {task.id: task for task in (*self.tasks.tasks, *self.tasks.reserve)}
        return [known[verdict.task] for verdict in found.result.verdicts]

    def _check_release(self) -> None:
        if (self.tasks.project, self.tasks.version) != (self.project.name, self.project.version):
            raise TasksUnreadable(
                f"the tasks are of {self.tasks.project} {self.tasks.version}, not of "
                f"{self.project.name} {self.project.version}",
                "build them again",
            )

    @contextlib.contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._environment is not None:
                self._environment.sandbox.close()
