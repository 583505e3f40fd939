"""The repository under evaluation, as files in memory: what is code, what is importable, what its tests run on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from repowright.agent.artifacts import ArtifactStore
from repowright.benchmarks.repocraft.control.stubbing import stubbed
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

MOST_BYTES = 200_000_000
"""Of all files together; what comes after is left out."""

_BESIDE = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "example", "benchmarks", "scripts", "tools"}
)
_NO_MODULES = frozenset({"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py"})
_TEST_SETTINGS = frozenset({"pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "conftest.py", ".coveragerc"})


@dataclass(frozen=True)
class RepositoryTree:
    """All files of a repository, by relative POSIX path."""

    name: str
    files: Mapping[str, bytes]

    @cached_property
    def root(self) -> str:
        """Folder that is put on Python's path: ``src`` where packages lie there, else the repository itself."""
        inner = [path.removeprefix("src/") for path in self.files if path.startswith("src/")]
        return "src" if any(_is_code(path) for path in inner) else ""

    @cached_property
    def code(self) -> tuple[str, ...]:
        """Paths of the importable Python files, sorted."""
        head = f"{self.root}/" if self.root else ""
        return tuple(sorted(path for path in self.files if path.startswith(head) and _is_code(path.removeprefix(head))))

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """Top-level names that can be imported, sorted."""
        return tuple(sorted({self.module_of(path).partition(".")[0] for path in self.code}))

    def module_of(self, path: str) -> str:
        """Return what a file is imported as.

        Examples
        --------
        >>> RepositoryTree("a", {"src/a/b/__init__.py": b""}).module_of("src/a/b/__init__.py")
        'a.b'
        """
        inner = PurePosixPath(path).relative_to(self.root) if self.root else PurePosixPath(path)
        parts = inner.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def text(self, path: str) -> str | None:
        """Return a file's text, as Latin-1 where it is no UTF-8; ``None`` if there is none."""
        data = self.files.get(path)
        try:
            return None if data is None else data.decode("utf-8-sig")
        except UnicodeDecodeError as err:
            return err.object.decode("latin-1")

    @cached_property
    def workspace(self) -> dict[str, bytes]:
        """The files that tests are run on: all but the repository's own tests and what sets up test runs."""
        own = frozenset(self.code)
        return {path: data for path, data in self.files.items() if path in own or not _about_tests(path)}

    @cached_property
    def stubbed(self) -> dict[str, bytes]:
        """The workspace with the body of every function replaced by an error."""
        return stubbed(self.workspace, self.code)


def read_tree(folder: Path) -> RepositoryTree:
    """Read a repository: what git tracks or would track; caches and unreadable files are left out.

    Raises
    ------
    RepoToolsError
        If there is no such folder.
    """
    snapshot = WorkTreeSnapshot(folder)
    files: dict[str, bytes] = {}
    room = MOST_BYTES
    for entry in snapshot.listing(lambda path: True, {}).files:
        try:
            data = b"" if entry.problem else snapshot.read(entry.path)
        except RepoToolsError:
            continue
        if not entry.problem and len(data) <= room and "__pycache__" not in entry.path:
            files[entry.path] = data
            room -= len(data)
    return RepositoryTree(snapshot.name, files)


def keep_tree(tree: RepositoryTree, store: ArtifactStore) -> str:
    """Keep a repository in a run, and return the address of its listing."""
    listing = {path: store.put(data) for path, data in sorted(tree.files.items())}
    return store.put_text(json.dumps({"name": tree.name, "files": listing}, sort_keys=True))


def kept_tree(address: str, store: ArtifactStore) -> RepositoryTree:
    """Return the repository that was kept.

    Raises
    ------
    RunDamaged
        If a part of it is missing or altered.
    """
    body = json.loads(store.get_text(address))
    return RepositoryTree(body["name"], {path: store.get(part) for path, part in body["files"].items()})


def _is_code(path: str) -> bool:
    """Tell whether a path below the root is importable code: no test, no document, no set-up."""
    parts = path.split("/")
    if not path.endswith(".py") or parts[0] in _BESIDE or path in _NO_MODULES:
        return False
    names = [*parts[:-1], parts[-1].removesuffix(".py")]
    is_test = parts[-1].startswith("test_") and "tests" in parts
    return all(name.isidentifier() for name in names) and not is_test


def _about_tests(path: str) -> bool:
    parts = path.split("/")
    return parts[-1] in _TEST_SETTINGS or parts[0] in {"tests", "test"} or parts[-1].startswith("test_")
