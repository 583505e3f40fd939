"""Where the files of a set lie: a folder, or an archive."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Protocol

from repowright.benchmarks.translation.errors import CasesUnavailable

_LEFT_OUT = frozenset({"target", ".git", "__MACOSX", "metadata"})
_BUILT = frozenset({".o", ".a", ".gcda", ".gcno", ".gcov", ".so", ".exe", ".pdf", ".png"})


class Store(Protocol):
    """Files by path."""

    def paths(self) -> tuple[str, ...]:
        """Every file's POSIX path, sorted; what builds and version control leave is none."""

    def read(self, path: str) -> bytes:
        """The content of a file."""


class Folder:
    """A folder on this machine; links are left alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def paths(self) -> tuple[str, ...]:
        """As ``Store``."""
        found = (path for path in self._root.rglob("*") if path.is_file() and not path.is_symlink())
        names = (path.relative_to(self._root) for path in found)
        return tuple(sorted(name.as_posix() for name in names if _is_kept(PurePosixPath(name))))

    def read(self, path: str) -> bytes:
        """As ``Store``."""
        return (self._root / path).read_bytes()


class Archive:
    """A ``.zip``.

    Raises
    ------
    CasesUnavailable
        If it is none.
    """

    def __init__(self, place: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(place.read_bytes()))
        except zipfile.BadZipFile as err:
            raise CasesUnavailable(f"{place} is no archive: {err}", "get it again; it may lie in Git LFS") from err

    def paths(self) -> tuple[str, ...]:
        """As ``Store``."""
        names = (PurePosixPath(info.filename) for info in self._archive.infolist() if not info.is_dir())
        return tuple(sorted(str(name) for name in names if _is_kept(name) and ".." not in name.parts))

    def read(self, path: str) -> bytes:
        """As ``Store``."""
        return self._archive.read(path)


def store_at(place: Path) -> Store:
    """Open a folder or a ``.zip``; a folder with one ``.zip`` in place of the data, as some forks keep it, is that.

    Raises
    ------
    CasesUnavailable
        If it is neither, or the archive is none.
    """
    if place.is_file():
        return Archive(place)
    if not place.is_dir():
        hint = "give a folder, a .zip, or one of the sets that --data can fetch"
        raise CasesUnavailable(f"there is no set of projects at {place}", hint)
    for folder in (place, place / "datasets"):
        packed = sorted(folder.glob("*.zip"))
        unpacked = any(each.suffix == ".c" or (each.is_dir() and each.name[0] not in "._") for each in folder.glob("*"))
        if packed and not unpacked:
            return Archive(packed[0])
    return Folder(place)


def _is_kept(path: PurePosixPath) -> bool:
    return not _LEFT_OUT & set(path.parts) and path.suffix not in _BUILT
