"""Python tests that pass without having asserted anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from repowright.executors.testing.report import TestOutcome, TestReport

_ASSERTING = re.compile(r"_*(?:assert|fail|raises|warns|deprecated_call|verify|expect|check)", re.IGNORECASE)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def idle_tests(files: Mapping[str, bytes], report: TestReport) -> tuple[str, ...]:
    """Names of passed tests whose body asserts nothing, not through functions of the same file either.

    A call of something named like an assertion counts as one. What fixtures and imported functions
    do is not looked at, so that a test named here deserves a look, not a verdict.
    """
    modules: dict[str, _Module] = {}
    idle = []
    for result in report.results:
        path, _, inner = result.test.partition("::")
        if result.outcome is not TestOutcome.PASSED or path not in files:
            continue
        if path not in modules:
            modules[path] = _Module(files[path])
        name = inner.partition("[")[0].replace("::", ".")
        if modules[path].is_idle(name):
            idle.append(result.test)
    return tuple(idle)


class _Module:
    """The functions of a file, by their qualified names."""

    def __init__(self, source: bytes) -> None:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            tree = ast.Module([], [])
        self._functions = dict(_functions(tree.body, ""))
        self._by_name: dict[str, list[Function]] = {}
        for function in self._functions.values():
            self._by_name.setdefault(function.name, []).append(function)

    def is_idle(self, name: str) -> bool:
        """True when the function is known and nothing it does asserts."""
        function = self._functions.get(name)
        return function is not None and not self._asserts(function, set())

    def _asserts(self, function: Function, seen: set[int]) -> bool:
        if id(function) in seen:
            return False
        seen.add(id(function))
        for node in ast.walk(function):
            if isinstance(node, ast.Assert | ast.Raise):
                return True
            called = _called(node)
            if _ASSERTING.match(called) or any(self._asserts(each, seen) for each in self._by_name.get(called, ())):
                return True
        return False


def _functions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")


def _called(node: ast.AST) -> str:
    """The last part of the name of what is called; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
