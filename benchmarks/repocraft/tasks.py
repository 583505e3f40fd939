"""A benchmark task: some test functions of a real project that show one capability, and words for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from repowright.benchmarks.repocraft.errors import TasksUnreadable

FORMAT = "repowright.repocraft/1"


class Task(BaseModel):
    """One capability of a project, and the tests that show it.

    The first eight fields are those of the reference's task files (RPG-ZeroRepo, ``repocraft/README.md``, stage 4).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str
    """The folder the tests lie in, below the project's root and without ``tests``."""
    file: str
    """The test file, relative to the root of the source release, with ``/``."""
    module: str
    """``class TestName``, or ``functions`` for tests outside of classes."""
    cap: str
    """The capability the tests have in common, such as the public name they call most."""
    functions: tuple[str, ...]
    """Names of the test functions, in the order of the file."""
    query_code: str
    """Source of the test functions, with the class line above methods."""
    alg_description: str
    """What the code under test does, without naming the project's API."""
    task_query: str
    """The same as the question that localisation and votes get."""
    id: str
    """``<project>-<12 hex digits>``, of project, file, module and functions: the same for every seed."""

    project: str
    """Name on the package index."""
    version: str
    sdist_sha256: str
    """Of the source release the tests come from; empty for a folder."""
    source_sha256: str
    """Of ``query_code``."""
    described_by: str
    """``template``, or ``model:<name>``."""
    grouped_by: str
    """``syntax``, or ``model:<name>``."""
    requires_files: tuple[str, ...] = ()
    """Other files of the release that the tests read, relative to its root."""

    @property
    def test_ids(self) -> tuple[str, ...]:
        """pytest's node ids in the real project."""
        owner = self.module.removeprefix("class ")
        middle = "" if owner == "functions" else f"{owner}::"
        return tuple(f"{self.file}::{middle}{name}" for name in self.functions)


class Dropped(BaseModel):
    """Tests that became no task, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    test: str
    """``file::Class::function``, or the file alone if all of it was left out."""
    reason: str
    """A short fixed word: ``skipped-mark``, ``needs-network``, ``no-assertion``, ``gold-failed`` and so on."""
    detail: str = ""


class TaskSet(BaseModel):
    """The tasks of one project, with what is needed to build them again byte for byte."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: str = Field(default=FORMAT, alias="schema")
    project: str
    alias: str
    version: str
    seed: int
    wanted: int
    """How many tasks were asked for; the paper's count for the six projects."""
    harvested: int
    """Test functions found in the release."""
    tasks: tuple[Task, ...]
    reserve: tuple[Task, ...] = ()
    """Tasks next in the order of the sample, to fill up what the gold run drops."""
    dropped: tuple[Dropped, ...] = ()


def write_task_set(found: TaskSet, path: Path) -> None:
    """Write canonical JSON: the same tasks give the same bytes."""
    body = found.model_dump(mode="json", by_alias=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_task_set(path: Path) -> TaskSet:
    """Read tasks back.

    Raises
    ------
    TasksUnreadable
        If the file is missing or is no task file.
    """
    try:
        return TaskSet.model_validate_json(path.read_bytes())
    except OSError as err:
        raise TasksUnreadable(f"{path} cannot be read: {err.strerror}", "repowright bench repocraft build") from err
    except ValidationError as err:
        where = ".".join(str(part) for part in err.errors()[0]["loc"])
        raise TasksUnreadable(f"{path} is no task file: {where or 'it'} does not fit", "build it again") from err


def select(tasks: Sequence[Task], wanted: Iterable[str]) -> list[Task]:
    """Return the tasks whose ids, or beginnings of ids, are wanted; all of them if nothing is named."""
    names = tuple(wanted)
    return [task for task in tasks if not names or any(task.id.startswith(name) for name in names)]
