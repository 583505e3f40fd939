"""Sets that keep each project's C beside the crates of a translation, as Rustine's artifacts: ``NAME/translate/``.

The crates have no Rust tests: what they assert stands in programs, which are run. (Rustine, 2511.20617)
"""

from __future__ import annotations

from repowright.agent.workflows.translate.checks import c_program
from repowright.benchmarks.translation.cases import LARGEST_FILE, Case, Rule
from repowright.benchmarks.translation.errors import CasesUnavailable, CaseUnknown
from repowright.benchmarks.translation.stores import Store

C_FOLDERS = ("c", "source", "refactor", "preprocess")
"""Where the C may lie, in the order they are looked for."""
ANSWER = "translate"


class StagedCrates:
    """One project a folder that holds ``translate/Cargo.toml`` and a folder of C.

    Raises
    ------
    CasesUnavailable
        If there is none.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._paths = store.paths()
        self._folders = {folder.rpartition("/")[2]: folder for folder in _folders(self._paths)}
        if not self._folders:
            hint = f"name the folder that holds NAME/{ANSWER}/Cargo.toml and NAME/{C_FOLDERS[0]}/"
            raise CasesUnavailable("there is no translated crate beside its C", hint)

    def names(self) -> tuple[str, ...]:
        """As ``CaseSet``."""
        return tuple(sorted(self._folders))

    def case(self, name: str) -> Case:
        """As ``CaseSet``; the C is that of the first folder that holds any."""
        if name not in self._folders:
            raise CaseUnknown(f"there is no project {name!r} here", f"there are {len(self._folders)} others")
        folder = self._folders[name]
        c_files = next(filter(None, (self._read(f"{folder}/{each}/") for each in C_FOLDERS)), {})
        return Case(name, c_program(c_files), rule=Rule.PROGRAMS, answer=self._read(f"{folder}/{ANSWER}/"))

    def _read(self, root: str) -> dict[str, bytes]:
        found = {
            path.removeprefix(root): self._store.read(path)
            for path in self._paths
            if path.startswith(root) and not path.endswith("Cargo.lock")
        }
        return {path: data for path, data in found.items() if len(data) <= LARGEST_FILE}


def _folders(paths: tuple[str, ...]) -> list[str]:
    manifest = f"/{ANSWER}/Cargo.toml"
    folders = (path.removesuffix(manifest) for path in paths if path.endswith(manifest))
    return [
        each for each in folders if any(path.startswith(tuple(f"{each}/{c}/" for c in C_FOLDERS)) for path in paths)
    ]
