"""The control arms: repositories of which it is known beforehand how they must score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from repowright.benchmarks.repocraft.control.overlay import overlaid
from repowright.benchmarks.repocraft.control.renaming import renamed_files, renamed_text
from repowright.benchmarks.repocraft.control.sources import ProjectFiles
from repowright.benchmarks.repocraft.control.stubbing import stubbed
from repowright.benchmarks.repocraft.projects import Project
from repowright.benchmarks.repocraft.tasks import Task


class Arm(StrEnum):
    """A repository whose score is known: all, all, nothing, nothing."""

    REAL = "real"
    RENAMED = "renamed"
    STUBBED = "stubbed"
    EMPTY = "empty"


@dataclass(frozen=True)
class Workspace:
    """An arm as files, and how its tests and package are called there."""

    files: Mapping[str, bytes]
    package: str
    owned: tuple[str, ...]
    """Top-level packages that must come from the files."""
    renamed_from: str = ""

    def tests_of(self, task: Task) -> tuple[str, ...]:
        """Node ids of a task's tests in this arm."""
        if not self.renamed_from:
            return task.test_ids
        return tuple(renamed_text(test, self.renamed_from, self.package) for test in task.test_ids)


def workspace(arm: Arm, project: Project, files: ProjectFiles) -> Workspace:
    """Make the files of one arm; the tests are the same in all of them but for the name of the package."""
    tests, package = files.tests, project.package
    match arm:
        case Arm.REAL:
            return Workspace({**files.code, **tests}, package, (package,))
        case Arm.STUBBED:
            return Workspace(overlaid(stubbed(files.code, [""]), tests), package, (package,))
        case Arm.EMPTY:
            return Workspace(dict(tests), package, (package,))
        case Arm.RENAMED:
            new = project.renamed
            both = renamed_files({**files.code, **tests}, package, new)
            return Workspace(both, new, (new, package), renamed_from=package)
