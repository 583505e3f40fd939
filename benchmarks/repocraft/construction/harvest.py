"""Reads all test files of a release, on every core, by syntax alone."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from repowright.benchmarks.repocraft.construction.collecting import Collector
from repowright.benchmarks.repocraft.construction.data_files import ReleaseFiles
from repowright.benchmarks.repocraft.construction.reading import read_test_file
from repowright.benchmarks.repocraft.construction.records import FoundFile, FoundTest
from repowright.benchmarks.repocraft.construction.release import Release

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", ".git", ".tox", ".nox", ".venv", "venv"})
_TEST_FOLDER = "tests"
_FEWEST_FOR_POOL = 60
"""Files; for fewer, one process is faster than starting others."""


@dataclass(frozen=True)
class Harvest:
    """What a release has in tests.

    Parameters
    ----------
    files
        Test files read, those that cannot be used among them.
    cpu_seconds
        Of all processes together.
    """

    files: tuple[FoundFile, ...]
    tests: tuple[FoundTest, ...]
    cpu_seconds: float


def harvest(release: Release, processes: int | None = None) -> Harvest:
    """Read the tests of a release; nothing of it is imported or run.

    Parameters
    ----------
    processes
        As many as there are cores if it is `None`.
    """
    began = _cpu_seconds()
    paths = sorted(_paths(release.root))
    # Django's own runner lies here; it collects by the rules of unittest.
    unittest_only = (release.root / "tests" / "runtests.py").is_file()
    files = [path for path in paths if is_test_file(path, unittest_only=unittest_only)]
    known = ReleaseFiles(paths)
    found = _read(release, files, known, processes or os.cpu_count() or 1)
    collector = Collector(found, partial(_read_module, release, known, frozenset(paths)), unittest_only=unittest_only)
    tests = tuple(chain.from_iterable(collector.settled(each) for each in found))
    return Harvest(tuple(found), tests, _cpu_seconds() - began)


def is_test_file(path: str, *, unittest_only: bool = False) -> bool:
    """Whether a test runner looks into a file, by its path below the root.

    Examples
    --------
    >>> [is_test_file(each) for each in ("a/test_b.py", "a/b_test.py", "a/testing.py")]
    [True, True, False]
    >>> [is_test_file(each, unittest_only=True) for each in ("tests/admin/tests.py", "django/test/testcases.py")]
    [True, False]
    """
    *folders, name = path.split("/")
    if not name.endswith(".py"):
        return False
    stem = name.removesuffix(".py")
    if unittest_only:
        return stem.startswith("test") and _TEST_FOLDER in folders
    return stem.startswith("test_") or stem.endswith("_test")


def _paths(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            each for each in folders if each not in _SKIPPED_FOLDERS and not each.endswith((".egg-info", ".dist-info"))
        )
        below = Path(folder).relative_to(root).as_posix()
        yield from (name if below == "." else f"{below}/{name}" for name in sorted(names))


def _read(release: Release, files: Sequence[str], known: ReleaseFiles, processes: int) -> list[FoundFile]:
    read = partial(_read_one, release.root, release.package, known)
    if processes == 1 or len(files) < _FEWEST_FOR_POOL:
        return [read(file) for file in files]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(read, files, chunksize=max(1, len(files) // (processes * 8))))


def _read_module(release: Release, known: ReleaseFiles, paths: frozenset[str], module: str) -> FoundFile | None:
    """Read a module by its dotted name, from the root or from the folder of a test runner."""
    name = f"{module.replace('.', '/')}.py"
    file = next((path for path in (name, f"tests/{name}", f"src/{name}") if path in paths), None)
    return read_test_file(release.root, file, release.package, known) if file else None


def _read_one(root: Path, package: str, known: ReleaseFiles, file: str) -> FoundFile:
    return read_test_file(root, file, package, known)


def _cpu_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
