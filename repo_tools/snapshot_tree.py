"""The work tree as a snapshot: what is on the disk now."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from repowright.repo_tools.errors import GitError, SnapshotError
from repowright.repo_tools.folder_walk import is_tool_folder, walk
from repowright.repo_tools.git_objects import GitObjects, decoded
from repowright.repo_tools.snapshot import FileEntry, KnownFile, Listing, Stamp, blob_id, fitting, read_file

_RACY_NS = 2_000_000_000
"""A file this young may still be written to within the tick of its time stamp; FAT counts two seconds."""


class WorkTreeSnapshot:
    """The files below a folder that git tracks or would track; without git, those no ``.gitignore`` names.

    Links are never followed; folders of tools and installed packages are entered only for tracked files.

    Raises
    ------
    SnapshotError
        If ``folder`` is not a folder.
    """

    revision = ""

    def __init__(self, folder: Path, clock_ns: Callable[[], int] = time.time_ns) -> None:
        if not folder.is_dir():
            what = "is not a folder" if folder.exists() else "does not exist"
            raise SnapshotError(f"{folder} {what}", "give the folder of a repository")
        self.folder = Path(os.path.realpath(folder))
        self._clock_ns = clock_ns

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name or "root"

    def listing(
        self, wanted: Callable[[str], bool], known: Mapping[str, KnownFile], *, unread: bool = False
    ) -> Listing:
        """List the files whose path is wanted; a file with the stamp that is known is not read.

        Raises
        ------
        SnapshotError
            If the folder is gone.
        """
        now = self._clock_ns()
        everything = self._paths()
        paths, unfit = fitting(sorted(path for path in everything if wanted(path)))
        regular = [(path, stamp) for path in paths if (stamp := self._stamp(path)) is not None]
        entries = [_known(path, stamp, known.get(path)) for path, stamp in regular]
        nameless = [entry for entry in entries if not entry.content]
        if nameless and not unread:
            read = {entry.path: entry for entry in map(self._hash, nameless)}
            entries = [read.get(entry.path, entry) for entry in entries]
        settled = tuple(_settled(entry, now) for entry in entries)
        return Listing(settled, len(everything) - len(settled) - len(unfit), unfit)

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        SnapshotError
            If it cannot be read.
        """
        return read_file(f"{self.folder}/{path}")

    def _paths(self) -> set[str]:
        if not self.folder.is_dir():
            raise SnapshotError(f"the folder {self.folder} is gone")
        return self._git_paths() or set(walk(str(self.folder)))

    def _git_paths(self) -> set[str]:
        """Paths as git lists them; none where git cannot, or where a repository around the folder ignores it."""
        try:
            tracked, untracked = GitObjects.find(self.folder).work_files()
        except GitError:
            return set()
        return {*decoded(tracked), *(path for path in decoded(untracked) if not is_tool_folder(path))}

    def _stamp(self, path: str) -> Stamp | None:
        try:
            found = os.lstat(f"{self.folder}/{path}")
        except OSError:
            return None
        return Stamp(found.st_size, found.st_mtime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None

    def _hash(self, entry: FileEntry) -> FileEntry:
        try:
            return entry._replace(content=blob_id(self.read(entry.path)))
        except SnapshotError as err:
            return entry._replace(problem=err.message)


def _known(path: str, stamp: Stamp, known: KnownFile | None) -> FileEntry:
    return FileEntry(path, known.content if known is not None and known.stamp == stamp else "", stamp)


def _settled(entry: FileEntry, now: int) -> FileEntry:
    if entry.stamp is None or entry.stamp.mtime_ns < now - _RACY_NS:
        return entry
    return entry._replace(stamp=None)
