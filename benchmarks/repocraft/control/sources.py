"""The code of a real project, and apart from it the tests, as files of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.repocraft.control.stubbing import is_test_file
from repowright.benchmarks.repocraft.control.wheels import wheel_files
from repowright.benchmarks.repocraft.projects import Project

COMPILED = frozenset({"pandas", "scikit-learn", "statsmodels"})
"""Projects whose code comes from the wheel; their tests from wheel and source release together."""
_LARGEST_ROOT_FILE = 200_000
_NEEDLESS = (".pyx", ".pxd", ".pxi", ".c", ".cpp", ".h", ".tp", ".in", ".build")
"""Sources of compiled modules: nothing is compiled."""


@dataclass(frozen=True)
class ProjectFiles:
    """A project by relative POSIX path: what a generated repository has to replace, and what tests it."""

    code: Mapping[str, bytes]
    tests: Mapping[str, bytes]


def project_files(
    project: Project, root: Path, lock: str, python: tuple[int, int], extra: Iterable[str] = ()
) -> ProjectFiles:
    """Read a project's files; a folder ``src`` is left out of the paths.

    Parameters
    ----------
    root
        Folder of the unpacked source release.
    lock
        Text of the project's lock, with the hash of its wheel.
    python
        Version of the interpreter in the sandbox.
    extra
        Other files of the release that tests read, relative to its root.
    """
    found = _from_release(project, root)
    found |= {path: (root / path).read_bytes() for path in extra if path not in found and (root / path).is_file()}
    if project.name in COMPILED:
        package = f"{project.package}/"
        found = {path: data for path, data in found.items() if is_test_file(path) or not path.startswith(package)}
        found |= wheel_files(project, lock, python)
    return divided(found)


def divided(files: Mapping[str, bytes]) -> ProjectFiles:
    """Divide a repository into code and tests; files in the root, such as settings, belong to the tests."""
    tests = {path for path in files if is_test_file(path) or "/" not in path}
    return ProjectFiles(
        {path: data for path, data in files.items() if path not in tests},
        {path: data for path, data in files.items() if path in tests},
    )


def _from_release(project: Project, root: Path) -> dict[str, bytes]:
    package = root / "src" / project.package
    places = [package if package.is_dir() else root / project.package, root / "tests"]
    found: dict[str, bytes] = {}
    for path in sorted(each for place in places for each in place.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.endswith(_NEEDLESS):
            found[path.relative_to(root).as_posix().removeprefix("src/")] = path.read_bytes()
    for path in sorted(root.iterdir()):
        if path.is_file() and path.stat().st_size <= _LARGEST_ROOT_FILE:
            found[path.name] = path.read_bytes()
    return found
