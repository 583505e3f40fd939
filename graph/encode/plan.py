"""What an update has to do: the stored files beside those of a snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from repowright.graph.encode.file_work import FileJob
from repowright.graph.store import FileRow
from repowright.repo_tools.snapshot import FileEntry, KnownFile, Listing, Stamp

UNREADABLE = "!"
"""What the content of a file that cannot be read begins with, the reason after it."""


@dataclass(frozen=True)
class Plan:
    """The work of one update.

    Parameters
    ----------
    jobs
        Files that are new or different, or that another version of the program read.
    removed
        Files that are gone.
    touched
        Files that are the same but for their stamp.
    renamed
        Number of new files with the content of one that is gone.
    """

    jobs: tuple[FileJob, ...]
    removed: tuple[FileRow, ...]
    touched: tuple[FileRow, ...]
    renamed: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing has changed."""
        return not self.jobs and not self.removed


def known_files(held: Mapping[str, FileRow]) -> dict[str, KnownFile]:
    """Return what the last update knows of files whose stamps can be relied on."""
    return {
        row.path: KnownFile(row.content, Stamp(row.size or 0, row.mtime_ns, row.inode or 0))
        for row in held.values()
        if row.mtime_ns is not None and not row.content.startswith(UNREADABLE)
    }


def planned(held: Mapping[str, FileRow], listing: Listing, reader: Callable[[str], str], afresh: bool) -> Plan:
    """Compare stored files with a listing.

    Parameters
    ----------
    reader
        Names what reads a file.
    afresh
        Whether files that are the same are worked on too.
    """
    jobs, touched, seen = [], [], set()
    for entry in listing.files:
        seen.add(entry.path)
        row, content = held.get(entry.path), content_of(entry)
        if afresh or row is None or row.content != content or row.reader != reader(entry.path):
            size = entry.stamp.size if entry.stamp else 0
            jobs.append(FileJob(entry.path, content, problem=entry.problem, size=size))
        elif (row.size, row.mtime_ns, row.inode) != (entry.stamp or (None, None, None)):
            touched.append(stamped(row, entry.stamp))
    removed = tuple(row for path, row in held.items() if path not in seen)
    gone = Counter(row.content for row in removed)
    new = Counter(job.content for job in jobs if job.path not in held)
    return Plan(tuple(jobs), removed, tuple(touched), (gone & new).total())


def content_of(entry: FileEntry) -> str:
    """Return what stands for a file's content in the store; nothing as long as nobody has read it."""
    return f"{UNREADABLE}{entry.problem}" if entry.problem else entry.content


def stamped(row: FileRow, stamp: Stamp | None) -> FileRow:
    """Return the row with another stamp."""
    size, mtime_ns, inode = stamp or (None, None, None)
    return row._replace(size=size, mtime_ns=mtime_ns, inode=inode)
