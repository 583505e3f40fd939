"""The adapter without a model: the real tests as they are, with the package's name replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.control.environments import lock_of
from repowright.benchmarks.repocraft.control.judging import is_canary, judge
from repowright.benchmarks.repocraft.control.overlay import overlaid
from repowright.benchmarks.repocraft.control.renaming import renamed_files, renamed_text
from repowright.benchmarks.repocraft.control.sources import project_files
from repowright.benchmarks.repocraft.evaluate.bench import EvaluationBench, pinned_project
from repowright.benchmarks.repocraft.evaluate.tree import RepositoryTree
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict

NO_TESTS = "only the tests of the six pinned projects can be renamed; a model is needed to adapt these"


@dataclass(frozen=True)
class RenamedTests:
    """The test files of a real project, speaking of another package.

    Parameters
    ----------
    files
        By path; empty where the project is none of the six.
    """

    files: Mapping[str, bytes]
    old: str = ""
    new: str = ""

    def ids(self, task: Task) -> list[str]:
        """Return the node ids of a task's tests under the new name."""
        return [renamed_text(test, self.old, self.new) for test in task.test_ids]


def renamed_tests(project: str, package: str, python: tuple[int, int]) -> RenamedTests:
    """Return a project's tests, written for ``package``.

    Parameters
    ----------
    python
        Version of the interpreter that runs them.

    Raises
    ------
    SourceUnavailable, EnvironmentUnavailable
        If the release or its lock cannot be had.
    """
    pinned = pinned_project(project)
    if pinned is None:
        return RenamedTests({})
    found = project_files(pinned, release_of(pinned.name).root, lock_of(pinned), python)
    return RenamedTests(renamed_files(found.tests, pinned.package, package), pinned.package, package)


async def judge_renamed(task: Task, tests: RenamedTests, tree: RepositoryTree, bench: EvaluationBench) -> TaskVerdict:
    """Return the verdict on a task whose tests run under another name; what stubs pass as well is vacuous."""
    if not tests.files:
        return TaskVerdict(task=task.id, state=State.NEEDS_MODEL, detail=NO_TESTS)
    expected = tests.ids(task)
    verdicts = []
    for purpose, repository in (("adapted test", tree.workspace), ("stub gate", tree.stubbed)):
        files = overlaid(repository, {**tests.files, **_settings(tree)})
        report = await bench.run(files, expected, purpose=purpose, subject=task.id, untold=is_canary)
        verdicts.append(judge(task.id, report, expected))
        if verdicts[0].state is not State.PASSED:
            return verdicts[0]
    if verdicts[1].state is State.PASSED:
        return verdicts[0].model_copy(update={"state": State.VACUOUS, "detail": "it passes on a stubbed copy too"})
    return verdicts[0]


def _settings(tree: RepositoryTree) -> dict[str, bytes]:
    """Where packages lie in a folder of their own, pytest is told; else the real project's settings hold."""
    return {"pytest.ini": f"[pytest]\npythonpath = {tree.root}\n".encode()} if tree.root else {}
