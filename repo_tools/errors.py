"""The errors of the room, one tree; each carries the exit code the command line ends with.

::

    RepoToolsError               2
    ├── SourceError              source text that does not parse, or lacks a definition that was asked for
    ├── ComposeError             parts that do not make one module; ``problems`` names each reason
    ├── EditError                an edit that cannot be applied
    ├── LanguageUnknown          no frontend reads this file
    ├── SnapshotError            a source tree or a file of it that cannot be read
    └── GitError                 git refused
        ├── GitMissing           there is no git program
        └── UnsafePath           a path that leaves the repository or passes a link
"""

from __future__ import annotations


class RepoToolsError(Exception):
    """Something the user should read: what happened, and what to do next.

    Parameters
    ----------
    message
        One line: what happened, on what.
    hint
        One line: what to do next.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SourceError(RepoToolsError):
    """The source text does not parse, or lacks what was asked for."""


class ComposeError(RepoToolsError):
    """The parts do not make one module; ``problems`` holds one sentence for each reason."""

    def __init__(self, message: str, problems: tuple[str, ...], hint: str = "") -> None:
        super().__init__(f"{message}: {'; '.join(problems)}", hint)
        self.problems = problems


class EditError(RepoToolsError):
    """The edit cannot be applied to this source."""


class LanguageUnknown(RepoToolsError):
    """No frontend reads files of this kind."""


class SnapshotError(RepoToolsError):
    """A source tree, or a file of it, cannot be read."""


class GitError(RepoToolsError):
    """Git refused, or the repository is not usable."""


class GitMissing(GitError):
    """There is no git program on this machine."""


class UnsafePath(GitError):
    """A path leaves the repository, enters ``.git`` or passes through a link."""
