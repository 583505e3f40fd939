"""A folder of C: which files are compiled, which are included, which are tests, and where headers are found."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.repo_tools.c_source.build_flags import BuildFlags, read_build_flags
from repowright.repo_tools.c_source.errors import CSourceError
from repowright.repo_tools.errors import SnapshotError
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

LARGEST_FILE = 8_000_000
"""Bytes above which a file is left out; no C that a person wrote is as long."""

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*(?:include|include_next|import)[ \t]*([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)
_TEST_WORDS = r"tests?|testing|testsuite|unittests?|check|examples?|bench(?:marks?)?|demos?|fuzz\w*"
_TEST_PART = re.compile(rf"(?i)(?:^|[/_.-])(?:{_TEST_WORDS})(?=$|[/_.-])")
_TEST_NAME = re.compile(r"(?i)(?:^test|(?<!la)(?<!con)(?<!pro)(?<!at)(?<!de)(?<!fas)tests?$|[_-]test|test[_-])")
_HEADERS = (".h", ".hpp", ".hh", ".inc", ".def", ".tpp", ".hxx")


@dataclass(frozen=True, slots=True)
class Include:
    """One include as written."""

    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class CProject:
    """The files of a project and what can be said of them without compiling.

    Parameters
    ----------
    files
        All files a compiler may want to read, by relative POSIX path.
    units
        C files that are compiled, sorted.
    included
        C files that others include, with the first that does; they are no units of their own.
    tests
        Those of the units that hold tests, examples or measurements.
    left_out
        Files that were not read, each with the reason.
    """

    name: str
    files: Mapping[str, bytes]
    units: tuple[str, ...]
    included: Mapping[str, str]
    tests: frozenset[str]
    flags: BuildFlags
    left_out: tuple[tuple[str, str], ...] = ()

    def include_folders(self, path: str) -> tuple[str, ...]:
        """Folders in which the project's includes are found, those nearest to a file first."""
        wanted = {
            folder
            for source, data in self.files.items()
            if source.endswith((".c", *_HEADERS))
            for each in includes_of(data)
            for folder in self._folders_of(each.name)
        }
        here = posixpath.dirname(path)
        return tuple(sorted(wanted, key=lambda folder: (_distance(here, folder), folder)))

    def header_named(self, name: str, path: str) -> str:
        """The project's file that has the last part of an included name, nearest to the file that asks; or nothing."""
        last = posixpath.basename(name)
        here = posixpath.dirname(path)
        found = [each for each in self.files if posixpath.basename(each) == last and each != path]
        return min(found, key=lambda each: (_distance(here, posixpath.dirname(each)), each), default="")

    def _folders_of(self, name: str) -> list[str]:
        """Folders below which an included name lies."""
        name = posixpath.normpath(name)
        while name.startswith("../"):
            name = name[3:]
        found = [path for path in self.files if path == name or path.endswith(f"/{name}")]
        return [path[: -len(name)].rstrip("/") or "." for path in found]


def includes_of(data: bytes) -> list[Include]:
    """Includes of a file as written, those in comments and untaken branches too."""
    return [Include(each[2].decode("utf-8", "replace").strip(), each[1] == b'"') for each in _INCLUDE.finditer(data)]


def read_project(folder: Path) -> CProject:
    """Read a folder.

    Raises
    ------
    CSourceError
        If it is no folder, cannot be listed, or holds no C file.
    """
    if not folder.is_dir():
        raise CSourceError(f"{folder} is no folder", "name the folder of a C project")
    snapshot = WorkTreeSnapshot(folder)
    try:
        listing = snapshot.listing(lambda _: True, {}, unread=True)
    except SnapshotError as err:
        raise CSourceError(f"{folder} cannot be listed: {err.message}", err.hint) from err
    files: dict[str, bytes] = {}
    left_out = list(listing.unfit)
    for entry in listing.files:
        reason = entry.problem or _read(snapshot, entry.path, files)
        if reason:
            left_out.append((entry.path, reason))
    return project_of(folder.resolve().name, files, tuple(left_out))


def _read(snapshot: WorkTreeSnapshot, path: str, files: dict[str, bytes]) -> str:
    """Read one file into the mapping; return why it is left out, or nothing."""
    try:
        data = snapshot.read(path)
    except SnapshotError as err:
        return err.message
    if len(data) > LARGEST_FILE:
        return f"{len(data)} bytes are more than any C file has"
    files[path] = data
    return ""


def project_of(name: str, files: Mapping[str, bytes], left_out: tuple[tuple[str, str], ...] = ()) -> CProject:
    """Tell what a set of files is.

    Raises
    ------
    CSourceError
        If no C file is among them.
    """
    sources = sorted(path for path in files if path.endswith(".c"))
    if not sources:
        headers = sum(path.endswith(_HEADERS) for path in files)
        told = f"; it holds {headers} header{'s' if headers > 1 else ''}" if headers else ""
        raise CSourceError(f"no C file below {name}{told}", "name the folder that holds the .c files")
    included = _included(sources, files)
    units = tuple(path for path in sources if path not in included)
    units = units or tuple(sources)
    tests = frozenset(path for path in units if is_test_path(path))
    flags = read_build_flags(files)
    return CProject(name, files, units, included, tests, flags, left_out)


def _included(sources: Sequence[str], files: Mapping[str, bytes]) -> dict[str, str]:
    """C files that another file includes, unless that is a test which pulls the code under test in."""
    found: dict[str, str] = {}
    for path in sorted(files):
        if not path.endswith((".c", *_HEADERS)):
            continue
        for each in includes_of(files[path]):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), each.name))
            pulled_in = is_test_path(path) and not is_test_path(target)
            if each.name.endswith(".c") and target in sources and target != path and not pulled_in:
                found.setdefault(target, path)
    return found


def is_test_path(path: str) -> bool:
    """Whether a path names tests, examples or measurements."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    folder = posixpath.dirname(path)
    return bool(_TEST_PART.search(folder)) or bool(_TEST_NAME.search(stem)) or bool(_TEST_PART.search(stem))


def _distance(here: str, there: str) -> int:
    first = [] if here in ("", ".") else here.split("/")
    second = [] if there in ("", ".") else there.split("/")
    common = 0
    while common < min(len(first), len(second)) and first[common] == second[common]:
        common += 1
    return len(first) + len(second) - 2 * common
