"""Which public names of the project a test calls."""

from __future__ import annotations

import ast
import re

from repowright.benchmarks.repocraft.construction.imports import Imports, first_of, is_tool
from repowright.repo_tools.python_ast import dotted

_EVERYDAY = re.compile(
    r"append|extend|insert|remove|pop|clear|copy|items|keys|values|join|format|split|strip|startswith|endswith|encode"
    r"|decode|read|write|close|lower|upper|replace|sort|index|count|setdefault|update|add|get|set|seek|mkdir|exists"
    r"|reshape|astype|tolist|sum|mean|min|max|all|any"
)
"""Methods of built-in types and arrays, which say nothing of the project."""

_OTHERS = frozenset(
    {"np", "numpy", "os", "sys", "re", "pytest", "self", "cls", "tm", "mock", "json", "scipy", "warnings"}
)


def called_names(function: ast.AST, imports: Imports, package: str) -> tuple[str, ...]:
    """Return the project's names in full, then methods of objects with a dot in front; each once, as first called."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = (_of_project(dotted(func), imports, package) for func in calls)
    methods = (_method(func, imports) for func in calls)
    return tuple(first_of([*filter(None, names), *filter(None, methods)]))


def _of_project(name: str, imports: Imports, package: str) -> str:
    full = imports.full(name) if name and imports.is_imported(name) else ""
    if not full.startswith(f"{package}.") or is_tool(full):
        return ""
    return "" if full.rpartition(".")[2].startswith("_") else full


def _method(func: ast.expr, imports: Imports) -> str:
    if not isinstance(func, ast.Attribute):
        return ""
    name, owner = func.attr, dotted(func.value)
    if name.startswith(("_", "assert")) or _EVERYDAY.fullmatch(name):
        return ""
    return "" if owner in _OTHERS or (owner and imports.is_imported(owner)) else f".{name}"
