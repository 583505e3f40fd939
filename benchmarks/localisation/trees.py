"""The files of a repository at a commit, as a system that localises may see them: no history, no binaries."""

from __future__ import annotations

from pathlib import Path

from repowright.repo_tools.errors import SnapshotError
from repowright.repo_tools.git_objects import BlobReader, GitObjects, decoded

MOST_BYTES = 1_000_000
"""Larger files are data, not source."""


def tree_files(repository: Path, commit: str) -> dict[str, bytes]:
    """Return the content of all files of a commit by path, those too large or not stored left out."""
    objects = GitObjects.find(repository)
    files, _ = objects.tree(commit)
    found: dict[str, bytes] = {}
    reader = objects.blobs()
    try:
        for path, file in zip(decoded([file.path for file in files]), files, strict=True):
            content = _read(reader, file.blob)
            if content is not None and b"\0" not in content[:8000]:
                found[path] = content
    finally:
        reader.close()
    return found


def _read(reader: BlobReader, blob: str) -> bytes | None:
    try:
        return reader.read(blob, MOST_BYTES)
    except SnapshotError:
        return None
