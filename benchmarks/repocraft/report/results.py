"""Reads what evaluations and control arms left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from repowright.benchmarks.repocraft.report.errors import ResultUnreadable
from repowright.benchmarks.repocraft.tasks import Task, TaskSet
from repowright.benchmarks.repocraft.verdicts import ArmResult

ARMS = ("real", "renamed", "stubbed", "empty")
"""The control arms, from ceiling to floor."""

_RESULT, _MEANS, _TASKS = "result.json", "means.json", "tasks.json"
_TASK_LIST: TypeAdapter[TaskSet | tuple[Task, ...]] = TypeAdapter(TaskSet | tuple[Task, ...])
_AGAIN = "name the result.json, or the folder, of an evaluation"


class _Tolerant(BaseModel):
    """What other versions add is no reason to refuse a result."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Terms(_Tolerant):
    """How the repository was judged."""

    votes: int = 0
    retries: int = 0
    mends: int = 0
    adapter: str = ""
    environment: str = ""


class Means(_Tolerant):
    """With what an evaluation was made, as far as it tells; empty or ``None`` where it does not."""

    repository: str = ""
    model: str = ""
    judge_model: str = ""
    generator_model: str = ""
    described_by: tuple[str, ...] = ()
    calls: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    usd: float | None = None
    replay: bool = False
    terms: Terms = Terms()

    @property
    def tokens(self) -> int | None:
        """Prompts and completions of the judging model."""
        if self.prompt_tokens is None or self.completion_tokens is None:
            return None
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True)
class Evaluation:
    """The result of one repository.

    Parameters
    ----------
    tasks
        The tasks it was given, by id, where they are known.
    """

    result: ArmResult
    means: Means = field(default_factory=Means)
    tasks: dict[str, Task] = field(default_factory=dict)


def read_evaluation(path: Path) -> Evaluation:
    """Read the folder of an evaluation, its ``result.json``, or any file that holds an `ArmResult`.

    What an evaluation keeps beside it (its means, its tasks) is read too; a missing one is no error.

    Raises
    ------
    ResultUnreadable
        If the file is missing, malformed, or names a task twice.
    """
    file = path / _RESULT if path.is_dir() else path
    try:
        result = ArmResult.model_validate_json(_bytes(file))
    except ValidationError as err:
        raise _malformed(file, "result", err) from err
    _check(result, file)
    if file.name != _RESULT:
        return Evaluation(result)
    tasks = file.with_name(_TASKS)
    return Evaluation(result, _means(file.with_name(_MEANS)), read_task_list(tasks) if tasks.is_file() else {})


def as_ceiling(found: Evaluation) -> Evaluation:
    """Return an evaluation of the real project under the name that says so; it may have been made of a renamed copy."""
    return replace(found, result=found.result.model_copy(update={"arm": ARMS[0]}))


def read_controls(folder: Path, project: str) -> dict[str, ArmResult]:
    """Read the control arms of a project that a folder holds, from ceiling to floor.

    Raises
    ------
    ResultUnreadable
        If there is no such folder, or a file in it is malformed.
    """
    if not folder.is_dir():
        raise ResultUnreadable(f"{folder} is no folder of control arms", "repowright bench repocraft control")
    files = {arm: folder / f"{project}.{arm}.json" for arm in ARMS}
    return {arm: read_evaluation(file).result for arm, file in files.items() if file.is_file()}


def read_task_list(path: Path) -> dict[str, Task]:
    """Read tasks, of a built set or of an evaluation, by id.

    Raises
    ------
    ResultUnreadable
        If the file is missing or holds no tasks.
    """
    try:
        found = _TASK_LIST.validate_json(_bytes(path))
    except ValidationError as err:
        raise _malformed(path, "list of tasks", err) from err
    tasks = (*found.tasks, *found.reserve) if isinstance(found, TaskSet) else found
    return {task.id: task for task in tasks}


def _means(file: Path) -> Means:
    if not file.is_file():
        return Means()
    try:
        return Means.model_validate_json(_bytes(file))
    except ValidationError as err:
        raise _malformed(file, "account of an evaluation", err) from err


def _check(result: ArmResult, file: Path) -> None:
    twice = [task for task, count in Counter(verdict.task for verdict in result.verdicts).items() if count > 1]
    if twice:
        raise ResultUnreadable(f"{file} judges task {twice[0]} twice", "a task counts once; evaluate again")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise ResultUnreadable(f"{path} cannot be read: {err.strerror}", _AGAIN) from err


def _malformed(path: Path, what: str, err: ValidationError) -> ResultUnreadable:
    first = err.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    problem = f"at {where}: {first['msg']}" if where else str(first["msg"])
    return ResultUnreadable(f"{path} is no {what}: {' '.join(problem.split())}", _AGAIN)
