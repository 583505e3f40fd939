"""Sets that are a folder of C projects: ``NAME/`` with C in it, or ``NAME.c``, as RustMap's programs of Rosetta Code.

A project may hold a crate in ``NAME/rust/``: its interface, and tests to judge by. Without tests a translation is
judged by what its programs print and return. (RustMap, 2503.17741)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from repowright.agent.workflows.translate.checks import c_program
from repowright.benchmarks.translation.cases import LARGEST_FILE, Case, Rule
from repowright.benchmarks.translation.errors import CasesUnavailable, CaseUnknown
from repowright.benchmarks.translation.stores import Store
from repowright.repo_tools.rust_source import find_tests

CRATE = "rust/"


class ProjectFolders:
    """One project a folder, or a C file that lies beside them.

    Raises
    ------
    CasesUnavailable
        If there is no C.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files = _projects(store.paths())
        if not self._files:
            raise CasesUnavailable("there is no C project", "name the folder that holds NAME/main.c, or NAME.c")

    def names(self) -> tuple[str, ...]:
        """As ``CaseSet``."""
        return tuple(sorted(self._files))

    def case(self, name: str) -> Case:
        """As ``CaseSet``."""
        if name not in self._files:
            raise CaseUnknown(f"there is no project {name!r} here", f"there are {len(self._files)} others")
        read = {inner: self._store.read(path) for inner, path in self._files[name].items()}
        files = {inner: data for inner, data in read.items() if len(data) <= LARGEST_FILE}
        crate = {path.removeprefix(CRATE): data for path, data in files.items() if path.startswith(CRATE)}
        tested = any(find_tests(data) for path, data in crate.items() if path.endswith(".rs"))
        program = c_program({path: data for path, data in files.items() if not path.startswith(CRATE)})
        return Case(name, program, crate, Rule.TESTS if tested else Rule.PROGRAMS)


def _projects(paths: tuple[str, ...]) -> dict[str, Mapping[str, str]]:
    """Paths in the store by project and by path in it."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in paths:
        name, slash, inner = path.partition("/")
        if slash:
            found[name][inner] = path
        elif path.endswith(".c"):
            found[path.removesuffix(".c")][path] = path
    return {name: files for name, files in found.items() if any(inner.endswith(".c") for inner in files)}
