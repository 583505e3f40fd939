"""The files of the project: read, changed with a diff, and set back, never outside the folder or through a link."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.chat.entries import Change
from repowright.agent.chat.events import FileChange
from repowright.repo_tools.errors import RepoToolsError, UnsafePath
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot
from repowright.repo_tools.work_tree import check_room, remove_file, safe_target, write_file

OWN_FOLDER = ".repowright"
"""The program's own folder in a project: no tool of an agent may change what is in it."""

MOST_DIFF = 20_000
"""Characters of a diff that an event holds."""

LARGEST_COPY = 100_000_000
"""Bytes of a project that a sandbox gets a copy of."""


@dataclass(frozen=True)
class Edit:
    """A file as it is and as it shall be; ``None`` for one that is not there, or shall go."""

    path: str
    old: bytes | None
    new: bytes | None

    @property
    def diff(self) -> str:
        """As a unified diff; one line where a side is no text."""
        old, new = _text(self.old), _text(self.new)
        if old is None or new is None:
            return f"binary file {self.path}: {_size(self.old)} -> {_size(self.new)}\n"
        before = f"a/{self.path}" if self.old is not None else "/dev/null"
        after = f"b/{self.path}" if self.new is not None else "/dev/null"
        lines = difflib.unified_diff(_lines(old), _lines(new), before, after, lineterm="\n")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def told(self, call: str = "", by: str = "agent") -> FileChange:
        """Return the edit as an event."""
        diff = self.diff
        body = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
        return FileChange(
            path=self.path,
            diff=diff[:MOST_DIFF],
            added=sum(line.startswith("+") for line in body),
            removed=sum(line.startswith("-") for line in body),
            by="rewind" if by == "rewind" else "agent",
            call=call,
            whole=len(diff) <= MOST_DIFF,
        )


class Workspace:
    """One project's folder and the store that keeps every state an agent's edit left or met."""

    def __init__(self, root: Path, store: ArtifactStore) -> None:
        self.root = root
        self._store = store

    def read(self, path: str) -> bytes | None:
        """Return a file's content; ``None`` if there is none.

        Raises
        ------
        UnsafePath
            If the path leaves the folder.
        RepoToolsError
            If it cannot be read.
        """
        target = self._target(path)
        try:
            return target.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as err:
            raise RepoToolsError(f"{path} cannot be read: {err.strerror}") from err

    def edit(self, path: str, new: bytes | None) -> Edit:
        """Return the edit that makes a file hold something else.

        Raises
        ------
        UnsafePath
            If the path leaves the folder, or is the program's own.
        """
        target = self._target(path)
        if PurePosixPath(path).parts[0] == OWN_FOLDER:
            raise UnsafePath(f"{path!r} belongs to the program itself", "leave it to the user")
        if new is not None:
            check_room(self.root, target, ())
        return Edit(path, self.read(path), new)

    def keep(self, edits: Sequence[Edit]) -> tuple[Change, ...]:
        """Keep both sides of edits, so that they can be made, made again after a crash, and undone."""
        return tuple(Change(path=each.path, before=self._kept(each.old), after=self._kept(each.new)) for each in edits)

    def make(self, change: Change) -> bool:
        """Write what a change leads to; tell whether the file held what the change begins with, or ends with.

        Raises
        ------
        RepoToolsError
            If it cannot be written.
        """
        now = self._kept(self.read(change.path))
        if now == change.after:
            return True
        if now != change.before:
            return False
        target = self._target(change.path)
        try:
            if change.after:
                write_file(target, self._store.get(change.after))
            else:
                remove_file(self.root, target)
        except OSError as err:
            raise RepoToolsError(f"{change.path} cannot be written: {err.strerror}") from err
        return True

    def holds(self, path: str, address: str) -> bool:
        """Tell whether a file is what an artifact holds; an empty address stands for no file."""
        return self._kept(self.read(path)) == address

    def content(self, address: str) -> bytes | None:
        """Return what an artifact of a change holds."""
        return self._store.get(address) if address else None

    def files(self) -> Mapping[str, bytes]:
        """Return the project's own files, as git sees them, for a copy in a sandbox.

        Raises
        ------
        RepoToolsError
            If they are too many to be copied.
        """
        snapshot = WorkTreeSnapshot(self.root)
        found: dict[str, bytes] = {}
        left = LARGEST_COPY
        for entry in snapshot.listing(lambda path: True, {}, unread=True).files:
            if PurePosixPath(entry.path).parts[0] == OWN_FOLDER or entry.problem:
                continue
            try:
                found[entry.path] = snapshot.read(entry.path)
            except RepoToolsError:
                continue
            left -= len(found[entry.path])
            if left < 0:
                raise RepoToolsError(f"{self.root} holds over {LARGEST_COPY // 10**6} MB", "ignore what is no source")
        return found

    def paths(self) -> list[str]:
        """Return the paths of the project's own files, sorted."""
        listing = WorkTreeSnapshot(self.root).listing(lambda path: True, {}, unread=True)
        return [each.path for each in listing.files if PurePosixPath(each.path).parts[0] != OWN_FOLDER]

    def _target(self, path: str) -> Path:
        return safe_target(self.root, path)

    def _kept(self, content: bytes | None) -> str:
        return "" if content is None else self._store.put(content)


def _text(content: bytes | None) -> str | None:
    try:
        return (content or b"").decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """Lines as git counts them: only line feeds end one."""
    found = [f"{line}\n" for line in text.split("\n")]
    return [*found[:-1], *([found[-1][:-1]] if found[-1] != "\n" else [])]


def _size(content: bytes | None) -> str:
    return "none" if content is None else f"{len(content)} bytes"
