"""Where answers take code from: a work tree, a revision, memory, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.snapshot import Snapshot


class Sources(Protocol):
    """The text of files by path."""

    def text(self, path: str) -> str | None:
        """Return a file's text; `None` if it cannot be had."""


class NoSources:
    """Has no code; answers then say so."""

    def text(self, path: str) -> str | None:
        """Return `None`."""
        return None


class SnapshotSources:
    """Reads from a snapshot: a work tree, a git revision or memory. What is not UTF-8 is shown as Latin-1."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._kept: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """Return a file's text; `None` if it cannot be read."""
        if path not in self._kept:
            self._kept[path] = self._read(path)
        return self._kept[path]

    def _read(self, path: str) -> str | None:
        try:
            content = self.snapshot.read(path)
        except RepoToolsError:
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("latin-1")


class TextSources:
    """Files held in memory as text."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def text(self, path: str) -> str | None:
        """Return a file's text; `None` if there is no such file."""
        return self._files.get(path)


def lines_of(text: str) -> list[str]:
    """Return the lines as parsers count them: only line feeds end one."""
    found = text.split("\n")
    return found[:-1] if found and not found[-1] else found


def numbered(lines: list[str], first: int) -> str:
    """Return lines with their numbers, from ``first`` on.

    Examples
    --------
    >>> print(numbered(["def f():", "    pass"], 9))
     9 | def f():
    10 |     pass
    """
    width = len(str(first + len(lines) - 1))
    return "\n".join(f"{first + at:>{width}} | {_bounded(line)}" for at, line in enumerate(lines))


def _bounded(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= 300 else f"{line[:300]} ... ({len(line) - 300} more characters)"
