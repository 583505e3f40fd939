"""What an evaluation is asked for, and the files that keep it beside the run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from repowright.agent.atomic import write_atomically
from repowright.agent.recording import TERMS
from repowright.benchmarks.repocraft.evaluate.kept import read_kept
from repowright.benchmarks.repocraft.tasks import Task

TASKS = "tasks.json"
_TASKS: TypeAdapter[tuple[Task, ...]] = TypeAdapter(tuple[Task, ...])


class Terms(BaseModel):
    """How a repository is judged; a recording answers only under the same terms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    votes: int = Field(default=5, ge=1, le=25)
    """Independent ballots on whether the located units implement a task."""
    retries: int = Field(default=1, ge=0, le=5)
    """Further rounds of localisation after a task was voted down."""
    mends: int = Field(default=2, ge=0, le=10)
    """Further versions of a test that used the repository's API wrongly."""
    adapter: Literal["model", "rename"] = "model"
    """Who rewrites the tests: a model, or nothing but the package's name."""
    environment: Literal["locked", "bare"] = "locked"
    """What tests can import beside the repository: the locked dependencies of the real project, or pytest alone."""
    package: str = ""
    """What the repository is imported as, for ``rename``."""
    judge_model: str = ""
    """Who votes; the model that localises and adapts where it is empty."""


_TERMS: TypeAdapter[Terms] = TypeAdapter(Terms)


def write_terms(folder: Path, terms: Terms, tasks: Sequence[Task]) -> None:
    """Keep terms and tasks in a run's folder."""
    write_atomically(folder / TERMS, terms.model_dump_json(indent=1).encode() + b"\n")
    write_tasks(folder, tasks)


def write_tasks(folder: Path, tasks: Sequence[Task]) -> None:
    """Write tasks alone, in the order they were asked for."""
    write_atomically(folder / TASKS, _TASKS.dump_json(tuple(tasks), indent=1) + b"\n")


def read_terms(folder: Path) -> Terms:
    """Read the terms of a run or a recording.

    Raises
    ------
    RunDamaged
        If they are missing or cannot be read.
    """
    return read_kept(folder / TERMS, _TERMS)


def read_tasks(folder: Path) -> tuple[Task, ...]:
    """Read the tasks of a run.

    Raises
    ------
    RunDamaged
        If they are missing or cannot be read.
    """
    return read_kept(folder / TASKS, _TASKS)


def hash_of_tasks(tasks: Sequence[Task]) -> str:
    """Return SHA-256 over the tasks in their order, 64 hex digits."""
    return hashlib.sha256(_TASKS.dump_json(tuple(tasks))).hexdigest()
