"""Counts what can fail a test, and says whether that is worth running."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from repowright.repo_tools.python_ast import FunctionNode, dotted

_FAILING = frozenset({"raises", "warns", "deprecated_call", "fail", "warns_deprecated_sympy"})
_INHERITED = re.compile(r"_?(run_?)?(assert|check|verify|test|compare|expect|ensure|validate)")
_TRUTH = frozenset({"assertTrue", "assertFalse", "assertIsNotNone", "assert_"})
_SHALLOW_CALLS = frozenset({"hasattr", "callable", "bool"})
_DEEPEST = 6
"""Helpers calling helpers."""


class Checks:
    """The assertions of one module's tests.

    An ``assert``, an ``assert*`` call, ``pytest.raises`` and its kin, a method of the test class that checks by its
    name, an imported checker of a test package, and a helper of the module that does any of these.

    Parameters
    ----------
    helpers
        Functions of the module that are no tests, by name.
    checkers
        Names imported from packages of test tools.
    """

    def __init__(self, helpers: Mapping[str, FunctionNode], checkers: frozenset[str]) -> None:
        self._helpers = helpers
        self._checkers = checkers
        self._asserting: dict[str, bool] = {}

    def found(self, function: FunctionNode) -> list[ast.AST]:
        """Return the places that can fail a function."""
        return [node for node in ast.walk(function) if self._fails(node, function.name, 0)]

    def is_trivial(self, places: list[ast.AST]) -> bool:
        """Whether one check of a constant or of the mere truth of a value is all there is."""
        deep = [place for place in places if not _is_constant(place)]
        return not deep or (len(deep) == 1 and _is_truth_alone(deep[0]))

    def _fails(self, node: ast.AST, inside: str, depth: int) -> bool:
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Raise):
            return any(isinstance(part, ast.Name) and part.id == "AssertionError" for part in ast.walk(node))
        if not isinstance(node, ast.Call):
            return False
        name = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
        if name in _FAILING or name.startswith("assert") or name in self._checkers:
            return True
        if name == inside:
            return False
        if name in self._helpers:
            return self._helper_asserts(name, depth)
        return dotted(node.func).startswith("self.") and bool(_INHERITED.match(name))

    def _helper_asserts(self, name: str, depth: int) -> bool:
        if depth >= _DEEPEST:
            return False
        if name not in self._asserting:
            # A helper that calls itself has nothing more to say than its other lines.
            self._asserting[name] = False
            self._asserting[name] = any(self._fails(part, name, depth + 1) for part in ast.walk(self._helpers[name]))
        return self._asserting[name]


def helpers_of(functions: Iterator[FunctionNode]) -> dict[str, FunctionNode]:
    """Return what is no test, by name."""
    return {node.name: node for node in functions if not node.name.startswith("test")}


def _checked(place: ast.AST) -> ast.expr | None:
    if isinstance(place, ast.Assert):
        return place.test
    if isinstance(place, ast.Call) and isinstance(place.func, ast.Attribute) and place.func.attr in _TRUTH:
        return place.args[0] if place.args else None
    return None


def _is_constant(place: ast.AST) -> bool:
    return isinstance(_checked(place), ast.Constant)


def _is_truth_alone(place: ast.AST) -> bool:
    value = _checked(place)
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        value = value.operand
    if isinstance(value, ast.Compare):
        return isinstance(value.ops[0], ast.IsNot) and isinstance(value.comparators[0], ast.Constant)
    if isinstance(value, ast.Call):
        return dotted(value.func) in _SHALLOW_CALLS
    return isinstance(value, ast.Name | ast.Attribute | ast.Subscript)
