"""A commit as a snapshot, read from git's objects; the work tree does not matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from repowright.repo_tools.errors import SnapshotError
from repowright.repo_tools.git_objects import BlobReader, GitObjects, decoded
from repowright.repo_tools.snapshot import LARGEST_FILE, FileEntry, KnownFile, Listing, fitting


class RevisionSnapshot:
    """The regular files of one commit, below the folder that `GitObjects` stands for.

    Raises
    ------
    GitError
        If the repository has no such revision.
    """

    def __init__(self, objects: GitObjects, revision: str, name: str = "") -> None:
        self.revision = objects.commit(revision)
        self.name = name or _name(objects)
        self._objects = objects
        self._blobs: dict[str, str] = {}
        self._reader: BlobReader | None = None

    def listing(
        self, wanted: Callable[[str], bool], known: Mapping[str, KnownFile], *, unread: bool = False
    ) -> Listing:
        """List the files whose path is wanted; nothing is read, for git knows the ids.

        Raises
        ------
        GitError
            If git refuses.
        """
        files, others = self._objects.tree(self.revision)
        paths = list(decoded([file.path for file in files]))
        blobs = {path: file.blob for path, file in zip(paths, files, strict=True) if wanted(path)}
        found, unfit = fitting(sorted(blobs))
        self._blobs = blobs
        entries = tuple(FileEntry(path, blobs[path]) for path in found)
        return Listing(entries, others + len(files) - len(blobs), unfit)

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        SnapshotError
            If the commit or the repository lacks it.
        """
        if path not in self._blobs:
            self.listing(lambda each: True, {})
        if path not in self._blobs:
            raise SnapshotError(f"commit {self.revision[:12]} has no file {path!r}")
        if self._reader is None:
            self._reader = self._objects.blobs()
        return self._reader.read(self._blobs[path], LARGEST_FILE)

    def close(self) -> None:
        """End the process that reads."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_reader": None}


def _name(objects: GitObjects) -> str:
    return objects.folder.name.removesuffix(".git") or objects.folder.parent.name
