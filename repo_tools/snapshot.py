"""The state of a source tree: which files it has, what each holds, and how to read them.

A file's content is named as git names it, by the SHA-1 of its blob, so that a work tree and a revision with the
same file agree on its name and nothing need be read twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from repowright.repo_tools.errors import SnapshotError

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes above which a file is listed with a problem instead of being read."""


class Stamp(NamedTuple):
    """What a file system says of a file without reading it: as long as it is the same, so is the content."""

    size: int
    mtime_ns: int
    inode: int


class FileEntry(NamedTuple):
    """One file of a snapshot.

    Parameters
    ----------
    content
        SHA-1 of the git blob, in hex; empty where the file cannot be read, or has not been.
    stamp
        `None` where there is none, or where it cannot be relied on yet.
    problem
        Why the file cannot be read; empty if it can.
    """

    path: str
    content: str
    stamp: Stamp | None = None
    problem: str = ""


class KnownFile(NamedTuple):
    """What an earlier listing found: with the same stamp, the content need not be read."""

    content: str
    stamp: Stamp


class Listing(NamedTuple):
    """All files of a snapshot.

    Parameters
    ----------
    files
        The wanted files, sorted by path.
    others
        Number of files that were not wanted, links and special files among them.
    unfit
        Wanted files whose names no graph can hold, as printable text, each with the reason.
    """

    files: tuple[FileEntry, ...]
    others: int = 0
    unfit: tuple[tuple[str, str], ...] = ()


class Snapshot(Protocol):
    """One state of a source tree. Can be sent to another process."""

    @property
    def name(self) -> str:
        """What the tree is called: the name of its folder."""

    @property
    def revision(self) -> str:
        """Id of the commit; empty where the snapshot is none."""

    def listing(
        self, wanted: Callable[[str], bool], known: Mapping[str, KnownFile], *, unread: bool = False
    ) -> Listing:
        """List the files whose path is wanted.

        Parameters
        ----------
        known
            What an earlier listing found.
        unread
            Whether files that would have to be read for their content's name may stay without it; for those who
            are going to read all of them anyway.

        Raises
        ------
        RepoToolsError
            If the tree cannot be listed at all.
        """

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        SnapshotError
            If it cannot be read.
        """


class MemorySnapshot:
    """Files held in memory."""

    revision = ""

    def __init__(self, files: Mapping[str, bytes], name: str = "memory") -> None:
        self.name = name
        self._files = dict(files)

    def listing(
        self, wanted: Callable[[str], bool], known: Mapping[str, KnownFile], *, unread: bool = False
    ) -> Listing:
        """List the files whose path is wanted."""
        found, unfit = fitting(sorted(path for path in self._files if wanted(path)))
        entries = tuple(FileEntry(path, blob_id(self._files[path])) for path in found)
        return Listing(entries, len(self._files) - len(found) - len(unfit), unfit)

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        SnapshotError
            If there is no such file.
        """
        try:
            return self._files[path]
        except KeyError as err:
            raise SnapshotError(f"there is no file {path!r}") from err


def blob_id(content: bytes) -> str:
    """Return the id that git gives to this content.

    Examples
    --------
    >>> blob_id(b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def read_file(path: str) -> bytes:
    """Return the content of a regular file.

    Raises
    ------
    SnapshotError
        If it cannot be read or is larger than `LARGEST_FILE`.
    """
    try:
        # Read whole and unbuffered: a bound to `read` would be room made for the largest, file after file.
        with open(path, "rb", buffering=0) as stream:
            fits = os.fstat(stream.fileno()).st_size <= LARGEST_FILE
            content = stream.read() if fits else b""
    except OSError as err:
        raise SnapshotError(f"cannot be read: {err.strerror or err}") from err
    if not fits:
        raise SnapshotError(f"is larger than {LARGEST_FILE // 2**20} MiB")
    return content


def fitting(paths: list[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Split paths into those that a graph can hold and those it cannot, printable, with the reason."""
    if all(map(_is_plain, paths)):
        return paths, ()
    unfit = tuple((ascii(path)[1:-1], "its name cannot be in a graph") for path in paths if not _is_plain(path))
    return [path for path in paths if _is_plain(path)], unfit


def _is_plain(path: str) -> bool:
    return path.isprintable() and "\\" not in path and path == path.strip()
