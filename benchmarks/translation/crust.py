"""CRUST-bench: C projects, interfaces in safe Rust and tests, read from a folder or an archive that somebody obtained.

The data is under GPL-3 and its projects' own licences: nothing of it is part of this project. It lies on GitHub in
the forks ``qsdrqs/CRUST-bench`` (a folder) and ``anirudhkhatry/CRUST-bench`` (an archive). (CRUST-bench, 2504.15254)
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from repowright.agent.workflows.translate.checks import CProgram, Crate, c_program
from repowright.benchmarks.translation.errors import CasesUnavailable, CaseUnknown

C_FOLDER, RUST_FOLDER = "CBench", "RBench"
INTERFACES = "src/interfaces/"
LARGEST_FILE = 2_000_000
"""Bytes; larger ones are data that no build needs."""
_LEFT_OUT = frozenset({"target", ".git", "__MACOSX", "metadata"})


@dataclass(frozen=True)
class CrustCase:
    """One project."""

    name: str
    program: CProgram
    """The C project."""
    crate: Mapping[str, bytes]
    """The Rust crate with its interfaces in place: every function a stub."""

    @property
    def tests(self) -> Mapping[str, bytes]:
        """The files that hold the tests, which an answer must leave alone."""
        return {path: data for path, data in self.crate.items() if is_test_file(path)}

    @property
    def stub_crate(self) -> Crate:
        """The crate as it is before anything was translated."""
        return Crate(self.crate, self.program)


class _Store(Protocol):
    def paths(self) -> tuple[str, ...]: ...

    def read(self, path: str) -> bytes: ...


class CrustData:
    """All projects of one copy of the data."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._paths = store.paths()
        self._roots = {kind: _root(self._paths, kind) for kind in (C_FOLDER, RUST_FOLDER)}
        self._c = {_plain(name): name for name in self._names(C_FOLDER)}

    @classmethod
    def open(cls, place: Path) -> CrustData:
        """Open a folder, or a ``.zip``, that holds ``CBench`` and ``RBench`` at any depth.

        Raises
        ------
        CasesUnavailable
            If it does not.
        """
        if place.is_dir():
            return cls(_Folder(place))
        if place.is_file() and zipfile.is_zipfile(place):
            return cls(_Archive(place))
        hint = "git clone --depth 1 https://github.com/qsdrqs/CRUST-bench, then name that folder"
        raise CasesUnavailable(f"there is no CRUST-bench at {place}", hint)

    def names(self) -> tuple[str, ...]:
        """Names of the projects that have both sides, as the Rust side spells them."""
        return tuple(name for name in self._names(RUST_FOLDER) if _plain(name) in self._c)

    def case(self, name: str) -> CrustCase:
        """Read one project.

        Raises
        ------
        CaseUnknown
            If there is none of that name.
        """
        if name not in self.names():
            raise CaseUnknown(f"CRUST-bench has no project {name!r} here", f"it has {len(self.names())} others")
        c_files = self._files(C_FOLDER, self._c[_plain(name)])
        return CrustCase(name, c_program(c_files), interface_crate(self._files(RUST_FOLDER, name)))

    def _names(self, kind: str) -> tuple[str, ...]:
        depth = len(PurePosixPath(self._roots[kind]).parts)
        return tuple(sorted({PurePosixPath(path).parts[depth] for path in self._below(kind)}))

    def _below(self, kind: str) -> tuple[str, ...]:
        root = f"{self._roots[kind]}/"
        return tuple(path for path in self._paths if path.startswith(root) and path.count("/") > root.count("/"))

    def _files(self, kind: str, name: str) -> dict[str, bytes]:
        root = f"{self._roots[kind]}/{name}/"
        kept = [path for path in self._below(kind) if path.startswith(root)]
        read = {path.removeprefix(root): self._store.read(path) for path in kept}
        return {path: data for path, data in read.items() if len(data) <= LARGEST_FILE}


def interface_crate(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The crate with the interfaces moved to where its library looks for them."""
    moved = {path.replace(INTERFACES, "src/", 1): data for path, data in files.items() if path.startswith(INTERFACES)}
    others = {path: data for path, data in files.items() if not path.startswith(INTERFACES) and path != "Cargo.lock"}
    return {**moved, **others}


def is_test_file(path: str) -> bool:
    """Tell whether a file of a crate belongs to its tests."""
    return path.startswith(("src/bin/", "tests/"))


def _root(paths: tuple[str, ...], kind: str) -> str:
    for path in paths:
        parts = PurePosixPath(path).parts
        if kind in parts[:-1]:
            return "/".join(parts[: parts.index(kind) + 1])
    raise CasesUnavailable(f"the data has no folder {kind}", "name a folder that holds CBench and RBench")


def _plain(name: str) -> str:
    """A name as both sides have it: Rust's has no dashes, and a word before a digit."""
    return name.lower().replace("-", "_").removeprefix("proj_")


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def paths(self) -> tuple[str, ...]:
        found = (path for path in self._root.rglob("*") if path.is_file() and not path.is_symlink())
        names = (path.relative_to(self._root) for path in found)
        return tuple(sorted(name.as_posix() for name in names if not _LEFT_OUT & set(name.parts)))

    def read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()


class _Archive:
    def __init__(self, place: Path) -> None:
        self._archive = zipfile.ZipFile(place)

    def paths(self) -> tuple[str, ...]:
        names = (PurePosixPath(info.filename) for info in self._archive.infolist() if not info.is_dir())
        kept = (name for name in names if not _LEFT_OUT & set(name.parts) and ".." not in name.parts)
        return tuple(sorted(str(name) for name in kept))

    def read(self, path: str) -> bytes:
        return self._archive.read(path)
