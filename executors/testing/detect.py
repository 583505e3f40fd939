"""Which test frameworks a repository uses, by what its files declare."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from repowright.executors.testing.cargo import CargoFramework
from repowright.executors.testing.ctest import CtestFramework
from repowright.executors.testing.framework import TestFramework, UnsupportedRequest
from repowright.executors.testing.jest import JestFramework
from repowright.executors.testing.maven import MavenFramework
from repowright.executors.testing.node import NodeFramework
from repowright.executors.testing.pytest_framework import PytestFramework
from repowright.executors.testing.vitest import VitestFramework

FRAMEWORKS: Mapping[str, Callable[[], TestFramework]] = {
    "pytest": PytestFramework,
    "cargo": CargoFramework,
    "ctest": CtestFramework,
    "jest": JestFramework,
    "vitest": VitestFramework,
    "node": NodeFramework,
    "maven": MavenFramework,
}
FOREIGN = frozenset({"node_modules", "target", "vendor", "third_party", ".venv", "venv", "site-packages", ".git"})
"""Folders whose projects are not the repository's own."""
_ENABLES_CTEST = re.compile(rb"^\s*(?:enable_testing\s*\(|include\s*\(\s*CTest\s*\))", re.IGNORECASE | re.MULTILINE)
_NODE_TEST = re.compile(rb"""['"]node:test['"]""")
_PYTHON_TEST = re.compile(r"(?:test_[^/]*|[^/]*_test)\.py\Z")


@dataclass(frozen=True)
class DetectedFramework:
    """A framework, the folder its command runs in (empty for the root), and what says so."""

    name: str
    folder: str
    why: str


def framework_named(name: str) -> TestFramework:
    """The framework of this name.

    Raises
    ------
    UnsupportedRequest
        If there is none.
    """
    make = FRAMEWORKS.get(name)
    if make is None:
        raise UnsupportedRequest(f"no test framework is named {name!r}", f"known: {', '.join(FRAMEWORKS)}")
    return make()


def detect_frameworks(files: Mapping[str, bytes]) -> tuple[DetectedFramework, ...]:
    """Every framework that ``files`` declare, nearest to the root first; projects inside projects are left out.

    Unreadable declarations say nothing and raise nothing.
    """
    own = {path: data for path, data in files.items() if not FOREIGN & set(PurePosixPath(path).parts[:-1])}
    found = [each for path in sorted(own) for each in _declared(path, own[path])]
    found += _by_test_files(own, found)
    kept: list[DetectedFramework] = []
    for each in sorted(set(found), key=lambda each: (each.folder.count("/") + bool(each.folder), each.folder)):
        inside = any(other.name == each.name and _holds(other.folder, each.folder) for other in kept)
        if not inside:
            kept.append(each)
    order = list(FRAMEWORKS)
    return tuple(sorted(kept, key=lambda each: (each.folder.count("/") + bool(each.folder), order.index(each.name))))


def _holds(outer: str, inner: str) -> bool:
    return outer in {"", inner} or inner.startswith(f"{outer}/")


def _declared(path: str, data: bytes) -> Iterator[DetectedFramework]:
    folder, _, name = path.rpartition("/")
    if name in {"pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", "conftest.py"} and _declares_pytest(name, data):
        # A conftest.py stands beside the tests; the command runs where the project's settings are.
        yield DetectedFramework("pytest", "" if name == "conftest.py" else folder, path)
    elif name == "Cargo.toml" and {"package", "workspace"} & _toml(data).keys():
        yield DetectedFramework("cargo", folder, path)
    elif name == "CMakeLists.txt" and _ENABLES_CTEST.search(data):
        yield DetectedFramework("ctest", folder, path)
    elif name == "package.json":
        yield from _declared_by_package(folder, path, data)
    elif name == "pom.xml" and b"<project" in data:
        yield DetectedFramework("maven", folder, path)


def _declares_pytest(name: str, data: bytes) -> bool:
    if name in {"pytest.ini", "conftest.py"}:
        return True
    if name == "pyproject.toml":
        tool = _toml(data).get("tool")
        return isinstance(tool, dict) and "pytest" in tool
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(data.decode("utf-8", "replace"))
    except configparser.Error:
        return False
    return parser.has_section("tool:pytest") or parser.has_section("pytest")


def _toml(data: bytes) -> Mapping[str, object]:
    try:
        return tomllib.loads(data.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return {}


def _declared_by_package(folder: str, path: str, data: bytes) -> Iterator[DetectedFramework]:
    try:
        package = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(package, dict):
        return
    tables = [package.get(key) for key in ("dependencies", "devDependencies")]
    needed = {name for table in tables if isinstance(table, dict) for name in table}
    scripts = package.get("scripts")
    script = scripts.get("test", "") if isinstance(scripts, dict) else ""
    for name in ("vitest", "jest"):
        if name in needed or re.search(rf"\b{name}\b", str(script)):
            yield DetectedFramework(name, folder, path)
    if re.search(r"\bnode\b.*\s--test\b", str(script)):
        yield DetectedFramework("node", folder, path)


def _by_test_files(files: Mapping[str, bytes], declared: list[DetectedFramework]) -> list[DetectedFramework]:
    """Frameworks that only their test files give away."""
    names = {each.name for each in declared}
    found = []
    python = next((path for path in sorted(files) if _PYTHON_TEST.search(path.rpartition("/")[2])), None)
    if "pytest" not in names and python is not None:
        found.append(DetectedFramework("pytest", "", python))
    scripts = (path for path in sorted(files) if path.endswith((".js", ".mjs", ".cjs", ".ts", ".mts")))
    script = next((path for path in scripts if _NODE_TEST.search(files[path])), None)
    if "node" not in names and script is not None:
        found.append(DetectedFramework("node", "", script))
    return found
