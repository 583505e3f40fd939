"""What can go wrong with a benchmark as such; what goes wrong inside a task is a verdict, not an error."""

from __future__ import annotations


class RepoCraftError(Exception):
    """The benchmark cannot go on: what happened, and what to do next."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ProjectUnknown(RepoCraftError):
    """No project of that name, folder or release."""


class SourceUnavailable(RepoCraftError):
    """A release cannot be fetched, or is not the one that was pinned."""


class TasksUnreadable(RepoCraftError):
    """A file of tasks is missing, malformed, or of another version."""


class EnvironmentUnavailable(RepoCraftError):
    """The dependencies of a project cannot be installed for its tests."""
