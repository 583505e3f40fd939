"""CRUST-bench: C projects, interfaces in safe Rust and tests, read from a folder or an archive that somebody obtained.

The data is under GPL-3 and its projects' own licences: nothing of it is part of this project. It lies on GitHub in
the forks ``qsdrqs/CRUST-bench`` (a folder) and ``benedikt-schesch/CRUST-bench`` (an archive in a folder; tests and
interfaces as of 2026, and the answers of models). (CRUST-bench, 2504.15254)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from repowright.agent.workflows.translate.checks import c_program
from repowright.benchmarks.translation.cases import LARGEST_FILE, Case
from repowright.benchmarks.translation.errors import CasesUnavailable, CaseUnknown
from repowright.benchmarks.translation.stores import Store, store_at

C_FOLDER, RUST_FOLDER = "CBench", "RBench"
INTERFACES = "src/interfaces/"


class CrustData:
    """All projects of one copy of the data.

    Raises
    ------
    CasesUnavailable
        If there are no folders ``CBench`` and ``RBench``, at whatever depth.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._paths = store.paths()
        self._roots = {kind: _root(self._paths, kind) for kind in (C_FOLDER, RUST_FOLDER)}
        self._c = {plain_name(name): name for name in self._names(C_FOLDER)}

    @classmethod
    def open(cls, place: Path) -> CrustData:
        """Open a folder, or a ``.zip``."""
        return cls(store_at(place))

    def names(self) -> tuple[str, ...]:
        """Names of the projects that have both sides, as the Rust side spells them."""
        return tuple(name for name in self._names(RUST_FOLDER) if plain_name(name) in self._c)

    def case(self, name: str) -> Case:
        """Read one project.

        Raises
        ------
        CaseUnknown
            If there is none of that name.
        """
        if name not in self.names():
            raise CaseUnknown(f"CRUST-bench has no project {name!r} here", f"it has {len(self.names())} others")
        c_files = self._files(C_FOLDER, self._c[plain_name(name)])
        return Case(name, c_program(c_files), interface_crate(self._files(RUST_FOLDER, name)))

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


def _root(paths: tuple[str, ...], kind: str) -> str:
    for path in paths:
        parts = PurePosixPath(path).parts
        if kind in parts[:-1]:
            return "/".join(parts[: parts.index(kind) + 1])
    raise CasesUnavailable(
        f"the data has no folder {kind}",
        "git clone --depth 1 https://github.com/qsdrqs/CRUST-bench, then name that folder",
    )


def plain_name(name: str) -> str:
    """A name as both sides have it: Rust's has no dashes, and a word before a digit."""
    return name.lower().replace("-", "_").removeprefix("proj_")
