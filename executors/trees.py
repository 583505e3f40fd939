"""Trees of files as they go into and out of a box."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

Mark = str
"""What a regular file is known by: the SHA-256 of its bytes, and ``x`` behind it for an executable one."""


@dataclass(frozen=True)
class File:
    """A regular file."""

    data: bytes
    executable: bool = False

    @cached_property
    def mark(self) -> Mark:
        """Digest of bytes and mode."""
        return hashlib.sha256(self.data).hexdigest() + ("x" if self.executable else "")


Tree = Mapping[str, bytes | File]
"""Files by relative POSIX path; bare bytes are a file that is not executable."""


@dataclass(frozen=True)
class TransferBounds:
    """What one look at a workspace may cost; what lies there is not trusted to be small."""

    bytes: int = 64_000_000
    """Of the files that are read back, together."""
    files: int = 20_000
    seconds: float = 30.0


TRANSFER = TransferBounds()


@dataclass(frozen=True)
class Synced:
    """What a transfer into a box did."""

    sent: tuple[str, ...]
    removed: tuple[str, ...]
    kept: int
    """Files that were there already, with the same bytes and mode."""
    sent_bytes: int


@dataclass(frozen=True)
class Changes:
    """What commands did to the files of a workspace since the last transfer into it."""

    changed: Mapping[str, File]
    """Files that are new or differ, the latter in bytes or mode."""
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """All regular files of a workspace at one time; may be put into a box of any sandbox."""

    files: Mapping[str, File]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over paths, bytes and modes."""
        lines = (f"{path}\0{self.files[path].mark}\n" for path in sorted(self.files))
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def as_files(tree: Tree) -> dict[str, File]:
    """Return a tree with every file typed, in the order of the paths."""
    return {path: _as_file(tree[path]) for path in sorted(tree)}


def frozen(files: Mapping[str, File]) -> Mapping[str, File]:
    """Return a copy that cannot be changed."""
    return MappingProxyType(dict(files))


def _as_file(value: bytes | File) -> File:
    return value if isinstance(value, File) else File(value)
