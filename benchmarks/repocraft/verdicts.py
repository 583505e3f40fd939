"""What became of one task, in a control arm or in an evaluation."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class State(StrEnum):
    """How a task ended; ``PASSED`` alone counts as passed, and nothing leaves the denominator."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    NOT_COLLECTED = "not-collected"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    KILLED = "killed"
    NOT_LOCATED = "not-located"
    VOTED_DOWN = "voted-down"
    NOT_ADAPTED = "not-adapted"
    VACUOUS = "vacuous"
    """The adapted test also passes on a stubbed copy, asserts nothing, or never runs the repository's code."""
    NOT_IMPORTABLE = "not-importable"
    NEEDS_MODEL = "needs-model"


class TaskVerdict(BaseModel):
    """The result of one task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    state: State
    detail: str = ""
    """One line: why, in the words of the tool that found it."""
    tests_passed: int = 0
    tests_failed: int = 0
    seconds: float = 0.0
    voted: bool | None = None
    """Whether the majority found the task implemented; ``None`` where nobody voted."""
    ballots: tuple[bool, ...] = ()
    located: tuple[str, ...] = ()
    """``path:Qualified.name`` of what was found to implement the task."""
    attempts: int = 0
    """Rounds of localisation."""
    adaptations: int = 0
    """Versions of the adapted test that were run."""


class ArmResult(BaseModel):
    """All verdicts on one repository."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    """``real``, ``renamed``, ``stubbed``, ``empty``, or the name of the repository under evaluation."""
    project: str
    sandbox: str
    verdicts: tuple[TaskVerdict, ...]

    @property
    def passed(self) -> int:
        """Tasks that passed."""
        return sum(verdict.state is State.PASSED for verdict in self.verdicts)

    @property
    def voted(self) -> int:
        """Tasks the majority found implemented."""
        return sum(verdict.voted is True for verdict in self.verdicts)
