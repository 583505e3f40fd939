"""Counts what can fail a test, through the helpers of its own file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from repowright.repo_tools.python_ast import FunctionNode, dotted

_FAILING_CALLS = frozenset({"raises", "warns", "deprecated_call", "fail"})


class AssertionCounter:
    """Counts ``assert``, ``pytest.raises`` and its kin, ``assert*`` calls and asserting helpers."""

    def __init__(self, tree: ast.Module) -> None:
        functions = [node for node in ast.walk(tree) if isinstance(node, FunctionNode)]
        self._helpers = {node.name: node for node in functions if not node.name.startswith("test")}

    def count(self, function: FunctionNode) -> int:
        """Number of places in the function that can fail it; a call of an asserting helper is one."""
        return sum(1 for node in ast.walk(function) if self._fails(node, frozenset({function.name})))

    def _fails(self, node: ast.AST, seen: frozenset[str]) -> bool:
        if isinstance(node, ast.Assert):
            return not isinstance(node.test, ast.Constant)
        if isinstance(node, ast.Raise):
            return "AssertionError" in _raised(node)
        if not isinstance(node, ast.Call):
            return False
        name = _called(node)
        if name in _FAILING_CALLS or name.startswith("assert"):
            return True
        helper = self._helpers.get(name)
        if helper is None or name in seen:
            return False
        return any(self._fails(part, seen | {name}) for part in ast.walk(helper))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return dotted(node.func)


def _raised(node: ast.Raise) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
