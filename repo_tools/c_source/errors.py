"""What can be wrong with a C project as a whole; what is wrong with one unit is a `Refusal`."""

from __future__ import annotations

from repowright.repo_tools.errors import RepoToolsError


class CSourceError(RepoToolsError):
    """The folder holds no C that could be read."""


class CParseError(RepoToolsError):
    """A declaration that cannot be read; what follows it can.

    Parameters
    ----------
    path, line
        Where it stands.
    """

    def __init__(self, message: str, path: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class NotConstant(RepoToolsError):
    """An expression whose value cannot be proved from the text alone."""
