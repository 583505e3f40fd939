"""Why a test would not run as others do, by the marks on it, its class and its module."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from repowright.benchmarks.repocraft.construction.records import Reason
from repowright.repo_tools.python_ast import dotted

_SLOW = frozenset({"slow", "tooslow", "benchmark", "large", "high_memory", "arm_slow", "nightly"})
_NETWORK = frozenset({"network", "internet", "remote_data", "web"})
_DISPLAY = frozenset({"matplotlib", "mpl_image_compare", "image_comparison", "gui", "display", "screenshot_cases"})
_GPU = frozenset({"gpu", "cuda"})
_DATABASE = frozenset({"db", "database", "mysql", "postgresql", "postgres", "oracle"})
_SKIPPED = frozenset({"expectedFailure", "may_xfail", "not_implemented"})
_BY_LAST_WORD = (
    (_SLOW, "slow-mark"),
    (_NETWORK, "needs-network"),
    (_DISPLAY, "needs-display"),
    (_GPU, "needs-gpu"),
    (_DATABASE, "needs-database"),
)
_VENDORS = ("postgresql", "mysql", "oracle", "mariadb")
_GEOGRAPHY = ("gdal", "geos", "spatial", "gis")


def reason_of_marks(decorators: Iterable[ast.expr]) -> Reason | None:
    """Return the first reason that decorators, or the marks assigned to ``pytestmark``, give."""
    return next((found for each in decorators if (found := _of_one(each)) is not None), None)


def module_marks(body: Sequence[ast.stmt]) -> list[ast.expr]:
    """Return what a module or class assigns to ``pytestmark``, and its ``pytest.importorskip`` and ``pytest.skip``."""
    found: list[ast.expr] = []
    for node in body:
        if isinstance(node, ast.Assign) and any(dotted(target) == "pytestmark" for target in node.targets):
            found += node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
        elif isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Call):
            found += [node.value] if dotted(node.value.func) in {"pytest.importorskip", "pytest.skip"} else []
    return found


def _of_one(decorator: ast.expr) -> Reason | None:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = dotted(called)
    last = name.rpartition(".")[2]
    if last == "importorskip":
        return Reason("optional-dependency", ast.unparse(decorator))
    for words, reason in _BY_LAST_WORD:
        if last in words:
            return Reason(reason, f"@{name}")
    if last in _SKIPPED or last.lower().startswith(("skip", "xfail", "requires_")):
        return _of_skip(decorator, name)
    if last == "parametrize" and isinstance(decorator, ast.Call):
        return _of_parameters(decorator)
    return None


def _of_skip(decorator: ast.expr, name: str) -> Reason:
    text = ast.unparse(decorator)
    lowered = text.lower()
    if any(vendor in lowered for vendor in _VENDORS):
        return Reason("needs-database", text[:200])
    if any(word in lowered for word in _GEOGRAPHY):
        return Reason("needs-gis", text[:200])
    return Reason("skipped-mark", f"@{text}"[:200] if len(text) < 200 else f"@{name}")


def _of_parameters(decorator: ast.Call) -> Reason | None:
    """A parametrisation is left out if some of its cases are marked to be skipped or to fail, or need a GPU."""
    for node in ast.walk(decorator):
        if isinstance(node, ast.keyword) and node.arg == "marks":
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            found = reason_of_marks(marks)
            if found is not None:
                return Reason("unavailable-parameters", found.detail)
        if isinstance(node, ast.Call) and dotted(node.func).endswith("yield_namespace_device_dtype_combinations"):
            return Reason("needs-gpu", "parametrised over array libraries and devices")
    return None
