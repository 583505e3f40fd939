"""Places of Python that leave the language, read code as data or ask who runs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["foreign", "process", "included", "test sniffing"]

ALLOWED = frozenset(
    """
    __future__ abc array bisect collections contextlib copy dataclasses datetime enum errno fractions functools heapq
    io itertools locale math operator os.path random re string struct sys textwrap time typing unicodedata
    """.split()  # noqa: SIM905
)
"""Modules that translated code may import: those in which C's own library has a counterpart."""
_FOREIGN = frozenset({"ctypes", "cffi", "_ctypes", "cython", "numba"})
_PROCESS = frozenset({"subprocess", "os", "pty", "multiprocessing", "signal", "socket", "asyncio", "threading"})
_SNIFFING = frozenset({"pytest", "unittest", "inspect", "traceback", "gc", "tracemalloc"})
_CALLS = frozenset({"eval", "exec", "compile", "__import__", "globals", "locals", "vars", "breakpoint", "setattr"})
_ATTRIBUTES = frozenset(
    """
    modules _getframe settrace setprofile meta_path path_hooks __globals__ __code__ __builtins__ __subclasses__ __dict__
    __closure__ __getattribute__ system popen environ argv orig_argv _current_frames os sys _os _sys fork execv execve
    kill
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Forbidden:
    """One place.

    Parameters
    ----------
    text
        Its code, shortened.
    """

    kind: Kind
    text: str
    line: int


def find_forbidden(text: str, package: str = "") -> Iterator[Forbidden]:
    """Every place that leaves the language, reads code as data or asks who runs it: in the order of the tree."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    modules = {each.asname or each.name.partition(".")[0] for node in ast.walk(tree) for each in _aliases(node)}
    for node in ast.walk(tree):
        for name in _imported(node):
            kind = _why_not_imported(name, package)
            if kind is not None:
                yield Forbidden(kind, ast.unparse(node)[:80], getattr(node, "lineno", 0))
        if isinstance(node, ast.ImportFrom) and _takes_out(node, package):
            yield Forbidden("process", ast.unparse(node)[:80], node.lineno)
        if isinstance(node, ast.Name) and (node.id in _CALLS or node.id == "__builtins__"):
            yield Forbidden("process", node.id, node.lineno)
        elif isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES and _is_of_a_module(node, modules):
            sniffs = node.attr in ("modules", "_getframe", "environ", "argv", "orig_argv")
            yield Forbidden("test sniffing" if sniffs else "process", ast.unparse(node)[:80], node.lineno)
        elif isinstance(node, ast.Call) and _looks_up(node):
            yield Forbidden("process", ast.unparse(node)[:80], node.lineno)


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _takes_out(node: ast.ImportFrom, package: str) -> bool:
    """Tell whether an import takes what is forbidden out of a module of the standard library."""
    own = bool(package) and (node.module or "").partition(".")[0] == package
    return not own and not node.level and any(each.name in _ATTRIBUTES for each in node.names)


def _is_of_a_module(node: ast.Attribute, modules: set[str]) -> bool:
    """Tell whether an attribute is that of an imported name, or one that Python keeps for itself.

    A structure of the C may well have a member of the same name.
    """
    return node.attr.startswith("_") or (isinstance(node.value, ast.Name) and node.value.id in modules)


def _looks_up(node: ast.Call) -> bool:
    """Tell whether a call looks an attribute up by a name that is made up as it runs."""
    named = isinstance(node.func, ast.Name) and node.func.id == "getattr"
    return named and (len(node.args) < 2 or not isinstance(node.args[1], ast.Constant))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return []


def _why_not_imported(name: str, package: str) -> Kind | None:
    top = name.partition(".")[0]
    if name.startswith(".") or (package and top == package) or name in ALLOWED:
        return None
    if top in ALLOWED and top not in ("os",):
        return None
    if top in _FOREIGN:
        return "foreign"
    return "test sniffing" if top in _SNIFFING else "process" if top in _PROCESS else "included"
