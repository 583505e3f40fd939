"""What can go wrong with a benchmark as such; what goes wrong inside a task is a verdict, not an error."""

from __future__ import annotations

from repowright.agent.errors import UserError


class RepoCraftError(UserError):
    """The benchmark cannot go on: what happened, and what to do next."""


class ProjectUnknown(RepoCraftError):
    """No project of that name, folder or release."""


class SourceUnavailable(RepoCraftError):
    """A release cannot be fetched, or is not the one that was pinned."""


class TasksUnreadable(RepoCraftError):
    """A file of tasks is missing, malformed, or of another version."""


class EnvironmentUnavailable(RepoCraftError):
    """The dependencies of a project cannot be installed for its tests."""
