"""The files an evaluation leaves: all verdicts, and with what they were found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from repowright.agent.atomic import write_atomically
from repowright.benchmarks.repocraft.evaluate.terms import Terms, write_tasks
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import ArmResult

RESULT = "result.json"
MEANS = "means.json"


class EvaluationMeans(BaseModel):
    """With what a repository was judged, and what that cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str
    tree: str
    """Address of the listing of its files: the same for the same content."""
    files: int
    graph_features: int
    """Units whose feature comes from the repository's own graph."""
    tasks_sha256: str
    described_by: tuple[str, ...]
    """Who wrote the tasks' descriptions."""
    model: str
    """Who localised and adapted."""
    judge_model: str
    """Who voted."""
    generator_model: str
    """Who wrote the repository, where a run of this machine tells; else empty."""
    terms: Terms
    sandbox: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    """Paid in all sittings; 0 for models without a price."""
    replay: bool


def write_result(folders: Sequence[Path], result: ArmResult, means: EvaluationMeans, tasks: Sequence[Task]) -> None:
    """Write verdicts, means and tasks into each folder, each file atomically."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        write_tasks(folder, tasks)
        write_atomically(folder / RESULT, result.model_dump_json(indent=1).encode() + b"\n")
        write_atomically(folder / MEANS, means.model_dump_json(indent=1).encode() + b"\n")
