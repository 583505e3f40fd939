"""Builds the tasks of one project: harvest, filter, group, sample, describe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from repowright.benchmarks.repocraft.construction.describing import Description, described
from repowright.benchmarks.repocraft.construction.grouping import Group, grouped
from repowright.benchmarks.repocraft.construction.harvest import Harvest, harvest
from repowright.benchmarks.repocraft.construction.records import FoundTest
from repowright.benchmarks.repocraft.construction.release import Release
from repowright.benchmarks.repocraft.construction.sampling import Sample, sampled
from repowright.benchmarks.repocraft.construction.sources import TestSources
from repowright.benchmarks.repocraft.errors import RepoCraftError, TasksUnreadable
from repowright.benchmarks.repocraft.projects import FOLDER
from repowright.benchmarks.repocraft.tasks import FORMAT, Dropped, Task, TaskSet

DEFAULT_COUNT = 50
"""Tasks of a project that the paper does not have."""


@dataclass(frozen=True)
class Wanted:
    """What to build.

    Parameters
    ----------
    count
        The paper's count, or `DEFAULT_COUNT`, if it is `None`.
    """

    release: Release
    seed: int = 0
    count: int | None = None

    @property
    def tasks(self) -> int:
        """How many tasks to draw."""
        if self.count is not None:
            return self.count
        return self.release.pinned.count if self.release.pinned else DEFAULT_COUNT


@dataclass(frozen=True)
class Gathered:
    """A project's groups before any are drawn, and what was left out.

    Parameters
    ----------
    groups
        Of all tests that syntax lets pass, so that what was measured since moves no test to another group.
    dropped
        What syntax and earlier runs leave out.
    measured
        What of it comes from earlier runs.
    """

    release: Release
    found: Harvest
    groups: tuple[Group, ...]
    dropped: tuple[Dropped, ...]
    measured: frozenset[Dropped] = frozenset()


def gather(release: Release, known_bad: Sequence[Dropped] = ()) -> Gathered:
    """Harvest, filter and group.

    Parameters
    ----------
    known_bad
        What earlier runs on the real project dropped; see `measured_drops`.

    Raises
    ------
    RepoCraftError
        If no test is left.
    """
    found = harvest(release)
    kept = [test for test in found.tests if test.reason is None]
    if not kept:
        raise RepoCraftError(
            f"{release.name} {release.version} has no tests that can become tasks ({len(found.tests)} found, in "
            f"{len(found.files)} files)",
            "name a release that ships its tests, or a folder with them",
        )
    dropped = [
        Dropped(test=file.file, reason=file.problem.word, detail=file.problem.detail)
        for file in found.files
        if file.problem
    ]
    dropped += [
        Dropped(test=test.label, reason=test.reason.word, detail=test.reason.detail)
        for test in found.tests
        if test.reason is not None
    ]
    measured = _measured(kept, known_bad)
    return Gathered(release, found, tuple(grouped(kept, release.package)), (*dropped, *measured), frozenset(measured))


def _measured(kept: Sequence[FoundTest], known_bad: Sequence[Dropped]) -> list[Dropped]:
    """Return what is known to be bad of the tests that syntax lets pass; a file's name stands for all its tests."""
    bad = {drop.test: drop for drop in known_bad}
    found = ((test.label, bad.get(test.label) or bad.get(test.file)) for test in kept)
    return [drop.model_copy(update={"test": label}) for label, drop in found if drop is not None]


def draw(gathered: Gathered, wanted: Wanted) -> Sample:
    """Draw the groups that become tasks."""
    without = {drop.test for drop in gathered.measured}
    return sampled(gathered.groups, wanted.release.name, wanted.seed, wanted.tasks, without)


def task_set(
    gathered: Gathered, wanted: Wanted, sample: Sample, words: Callable[[Group], Description] | None = None
) -> TaskSet:
    """Write the tasks down.

    Parameters
    ----------
    words
        Describes a group; the template if it is `None`.
    """
    release = wanted.release
    sources = TestSources(release.root)
    hidden = hidden_names(release)

    def tasks(groups: Iterable[Group]) -> tuple[Task, ...]:
        return tuple(
            _task(each, release, sources, words(each) if words else described(each, hidden)) for each in groups
        )

    return TaskSet(
        schema=FORMAT,
        project=release.name,
        alias=release.alias,
        version=release.version,
        seed=wanted.seed,
        wanted=wanted.tasks,
        harvested=len(gathered.found.tests),
        tasks=tasks(sample.chosen),
        reserve=tasks(sample.reserve),
        dropped=gathered.dropped,
    )


def hidden_names(release: Release) -> tuple[str, ...]:
    """Return the names by which a project would be recognised."""
    spoken = release.name.replace("-", " ")
    return tuple(sorted({release.name, release.package, spoken, release.name.replace("-", "_")}))


def measured_drops(release: Release) -> list[Dropped]:
    """Return what runs of the tests on the real project dropped; nothing for other projects.

    Raises
    ------
    TasksUnreadable
        If the file of them does not fit.
    """
    path = FOLDER / "data" / f"{release.pinned.name if release.pinned else ''}.dropped.json"
    if not path.is_file():
        return []
    try:
        return TypeAdapter(list[Dropped]).validate_json(path.read_bytes())
    except ValidationError as err:
        raise TasksUnreadable(f"{path} is no list of dropped tests", "measure them again") from err


def _task(group: Group, release: Release, sources: TestSources, words: Description) -> Task:
    code = sources.of(group)
    functions = tuple(test.name for test in group.tests)
    identity = json.dumps([release.name, group.file, group.module, functions])
    return Task(
        category=group.category,
        file=group.file,
        module=group.module,
        cap=group.cap,
        functions=functions,
        query_code=code,
        alg_description=words.alg_description,
        task_query=words.task_query,
        id=f"{release.name}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}",
        project=release.name,
        version=release.version,
        sdist_sha256=release.sdist_sha256,
        source_sha256=hashlib.sha256(code.encode()).hexdigest(),
        described_by=words.described_by,
        grouped_by=group.grouped_by,
        requires_files=tuple(sorted({path for test in group.tests for path in test.reads})),
    )
