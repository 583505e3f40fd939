"""Why a test cannot run everywhere, by what its code uses: network, display, GPU, databases, optional packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from repowright.benchmarks.repocraft.construction.imports import Imports
from repowright.benchmarks.repocraft.construction.records import Reason
from repowright.repo_tools.python_ast import dotted

_PACKAGES = {
    "needs-display": ("matplotlib", "tkinter", "selenium", "pyglet", "PyQt5", "PIL.ImageGrab"),
    "needs-gpu": ("cupy", "torch", "jax", "numba.cuda"),
    "needs-database": ("psycopg", "psycopg2", "MySQLdb", "pymysql", "oracledb", "cx_Oracle"),
    "needs-gis": ("django.contrib.gis", "osgeo"),
}
_FOLDERS = {
    "needs-gis": ("gis_tests",),
    "needs-database": ("postgres_tests",),
    "slow-mark": ("benchmarks", "benchmark", "asv_bench"),
}
_FIXTURES = (
    (re.compile(r"pyplot|close_figures|mpl_|qtbot|live_server_browser"), "needs-display"),
    (re.compile(r"network|s3_|^s3$|aws|gcs|fetch_.*_fxt"), "needs-network"),
    (re.compile(r"mysql|postgres|oracle"), "needs-database"),
    (re.compile(r"^benchmark$"), "slow-mark"),
)
_NETWORK_CALLS = re.compile(
    r"(?:^|\.)(?:urlopen|urlretrieve|get_rdataset|webuse|fetch_(?!mode|one|all|many)[a-z0-9_]+|getaddrinfo)$"
)
_UNROUTABLE = frozenset({"TARPIT"})
_SKIP_CALLS = frozenset({"pytest.skip", "pytest.xfail", "pytest.importorskip", "self.skipTest", "skip", "xfail"})
_ADDED_MARKS = frozenset({"add_marker", "applymarker"})


def reason_of_file(path: str, imports: Imports) -> Reason | None:
    """Return why nothing in a file can run, by its folders and what it imports at the top."""
    parts = path.split("/")
    for reason, folders in _FOLDERS.items():
        if found := next((part for part in parts[:-1] if part in folders), None):
            return Reason(reason, f"in a folder {found}")
    return _of_imports(imports.at_top)


def reason_of_code(nodes: Iterable[ast.AST], fixtures: Iterable[str]) -> Reason | None:
    """Return the first reason that fixtures, or the code of a test and of the helpers it calls, give."""
    return next(_of_fixtures(fixtures), None) or next(_of_nodes(nodes), None)


def _of_fixtures(fixtures: Iterable[str]) -> Iterator[Reason]:
    for name in fixtures:
        for pattern, reason in _FIXTURES:
            if pattern.search(name):
                yield Reason(reason, f"fixture {name}")


def _of_nodes(nodes: Iterable[ast.AST]) -> Iterator[Reason]:
    for node in nodes:
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found = _of_imports(_names_of(node))
            if found is not None:
                yield found
        elif isinstance(node, ast.Name) and node.id in _UNROUTABLE:
            yield Reason("needs-network", f"an address that does not answer: {node.id}")


def _of_call(node: ast.Call) -> Iterator[Reason]:
    name = dotted(node.func)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else name
    if name == "pytest.importorskip":
        yield Reason("optional-dependency", ast.unparse(node))
    elif name in _SKIP_CALLS or last in _ADDED_MARKS:
        yield Reason("skipped-mark", f"{name}() in its body")
    elif name and _NETWORK_CALLS.search(name):
        yield Reason("needs-network", f"{name}()")


def _of_imports(names: Iterable[str]) -> Reason | None:
    for name in names:
        for reason, packages in _PACKAGES.items():
            if any(name == package or name.startswith(f"{package}.") for package in packages):
                return Reason(reason, f"imports {name}")
    return None


def _names_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names]
