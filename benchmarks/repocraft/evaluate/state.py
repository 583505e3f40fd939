"""What the checkpoints of an evaluation hold: ids, labels, addresses; everything long lies in the artifact store."""

from __future__ import annotations

from typing import Annotated, TypedDict

from repowright.agent.workflows.generate.state import merge


class EvaluationState(TypedDict, total=False):
    """State of a whole evaluation."""

    unusable: str
    """Address of the verdict that all tasks share because nothing of the repository can be run; empty if it can."""
    verdicts: Annotated[dict[str, str], merge]
    """Task to the address of its verdict."""


class TaskInput(TypedDict):
    """What the branch of one task is given."""

    task: str


class TaskState(TypedDict, total=False):
    """State of one task's branch."""

    task: str
    round: int
    """Rounds of localisation so far."""
    located: list[str]
    objections: list[str]
    ballots: list[bool]
    version: int
    """Versions of the adapted test so far."""
    code: str
    """Address of the adapted test."""
    failure: str
    """Address of how the last version used the API wrongly; empty where there is none."""
    verdicts: dict[str, str]


class TaskOutput(TypedDict, total=False):
    """What the branch of one task gives back."""

    verdicts: dict[str, str]
