"""The repository as it stood when a run began: all files in memory, kept in the run's folder as one file."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import ormsgpack

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged, UserError
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

MOST_BYTES = 300_000_000
"""Of all files together: a bigger work tree is refused, since it would lack files in every sandbox."""

_FILE = "repository.bin"
_FAST = 1


@dataclass(frozen=True)
class SourceTree:
    """All files of a repository, by relative POSIX path."""

    name: str
    files: Mapping[str, bytes]

    @cached_property
    def address(self) -> str:
        """SHA-256 over the paths and what each file holds, 64 hex digits."""
        listing = {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}
        return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()

    @cached_property
    def root(self) -> str:
        """Folder that is put on Python's path: ``src`` where there is Python code below it, else the tree itself."""
        return "src" if any(path.startswith("src/") and path.endswith(".py") for path in self.files) else ""

    def text(self, path: str) -> str | None:
        """Return a file's text; ``None`` if there is no such file or it is not UTF-8."""
        try:
            return self.files[path].decode()
        except (KeyError, UnicodeDecodeError):
            return None


def read_tree(folder: Path) -> SourceTree:
    """Read a work tree: what git tracks or would track, changes that are not committed included.

    Raises
    ------
    UserError
        If there is nothing in it, or more than `MOST_BYTES`.
    RepoToolsError
        If there is no such folder.
    """
    snapshot = WorkTreeSnapshot(folder)
    files: dict[str, bytes] = {}
    for entry in snapshot.listing(lambda path: True, {}, unread=True).files:
        try:
            files[entry.path] = snapshot.read(entry.path)
        except RepoToolsError:
            continue
    if not files:
        raise UserError(f"{folder} holds no files that can be read", "give the folder of a repository")
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        hint = "let git ignore what is not source, or give the folder of one package"
        raise UserError(f"{folder} holds {size:,} bytes, more than {MOST_BYTES:,}", hint)
    return SourceTree(snapshot.name, files)


def keep_tree(tree: SourceTree, folder: Path) -> None:
    """Keep a repository in a run's folder."""
    packed = ormsgpack.packb({"name": tree.name, "files": dict(sorted(tree.files.items()))})
    write_atomically(folder / _FILE, zlib.compress(packed, _FAST))


def kept_tree(address: str, folder: Path) -> SourceTree:
    """Return the repository that was kept.

    Raises
    ------
    RunDamaged
        If it is missing, or no longer the one with that address.
    """
    try:
        body = ormsgpack.unpackb(zlib.decompress((folder / _FILE).read_bytes()))
        tree = SourceTree(body["name"], body["files"])
    except (OSError, zlib.error, ValueError, KeyError, TypeError) as err:
        raise RunDamaged(f"{folder / _FILE} cannot be read", "start a new run") from err
    if tree.address != address:
        raise RunDamaged(f"{folder / _FILE} was changed", "start a new run")
    return tree
