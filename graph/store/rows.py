"""What is stored of one file."""

from __future__ import annotations

from typing import NamedTuple


class FileRow(NamedTuple):
    """What an update needs to know of every file before it looks into any.

    Parameters
    ----------
    number
        What other tables know the file by; 0 for one that is not stored yet.
    content
        Blob id; for a file that could not be read ``!`` and why.
    reader
        What read it: language, version and form of its facts.
    size, mtime_ns, inode
        Stamp of the file when it was listed; `None` where it cannot be relied on.
    imports
        Packed paths of the files it imports.
    """

    number: int
    path: str
    content: str
    reader: str
    size: int | None
    mtime_ns: int | None
    inode: int | None
    is_test: bool
    error: str
    imports: bytes


class GroupRow(NamedTuple):
    """Files that hang below one area, or one category of it."""

    area: str
    category: str
    paths: tuple[str, ...]


class LiftRow(NamedTuple):
    """A feature that a model wrote for source of this content."""

    content: str
    feature: str
    model: str
