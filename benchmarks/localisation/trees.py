"""The files of a repository at a commit, as a system that localises may see them: no history, no binaries."""

from __future__ import annotations

from pathlib import Path

from repowright.repo_tools.errors import SnapshotError
from repowright.repo_tools.git_objects import BlobReader, GitObjects, decoded

MOST_BYTES = 1_000_000
"""Larger files are data, not source."""


def repository_of(repos: Path, name: str) -> Path:
    """Return the git directory of ``owner/name`` below a folder of bare repositories; a fork of that name will do.

    Raises
    ------
    SystemExit
        If there is none.
    """
    owner, _, project = name.partition("/")
    exact = repos / f"{owner}+{project}" / "repo"
    found = [exact] if exact.exists() else sorted(repos.glob(f"*+{project}/repo"))
    if not found:
        raise SystemExit(f"{repos} holds no repository {name}; put a bare clone into {owner}+{project}/repo")
    return found[0]


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
