"""Tests found by syntax: where they stand, how often they assert, and what is wrong with them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from repowright.repo_tools.assertions import AssertionCounter
from repowright.repo_tools.python_ast import (
    FunctionNode,
    dotted,
    is_docstring,
    lines_of,
    parse,
    span_of,
    statements,
)
from repowright.repo_tools.tests_lint import lint_test_module

__all__ = ["TestFunction", "test_functions", "test_problems", "without_tests"]


@dataclass(frozen=True)
class TestFunction:
    """One test as pytest would collect it.

    Parameters
    ----------
    name
        ``test_y`` or ``TestX::test_y``.
    span
        First and last line, 1-based and inclusive, decorators included.
    asserts
        Number of places that can fail the test, those in helpers of the file counted once a call.
    parametrised
        Whether ``pytest.mark.parametrize`` makes several tests of it.
    """

    __test__ = False

    name: str
    span: tuple[int, int]
    asserts: int
    parametrised: bool


def test_functions(source: str) -> list[TestFunction]:
    """The tests of a file in source order.

    Raises
    ------
    SourceError
        If the source does not parse.
    """
    tree = parse(source)
    counter = AssertionCounter(tree)
    return [
        TestFunction(name, span_of(node), counter.count(node), _is_parametrised([*owners, node]))
        for name, node, owners in _collected(tree.body, ())
    ]


def test_problems(source: str, packages: Collection[str] = ()) -> list[str]:
    """Say, one sentence each, why a test module must not be used; an empty list when it may.

    Parameters
    ----------
    packages
        Top-level packages that may be imported beside the standard library and pytest.

    Raises
    ------
    SourceError
        If the source does not parse.
    """
    found = test_functions(source)
    problems = [] if found else ["the module has no test functions"]
    names = [test.name for test in found]
    problems += [f"`{name}` is defined twice" for name in sorted({name for name in names if names.count(name) > 1})]
    problems += [f"line {test.span[0]}: `{test.name}` asserts nothing" for test in found if test.asserts == 0]
    return problems + lint_test_module(parse(source), packages)


def without_tests(source: str, names: Collection[str]) -> str:
    """Remove tests, and classes this leaves empty; the rest stays byte for byte.

    Parameters
    ----------
    names
        ``test_y`` or ``TestX::test_y``; parameters in brackets are ignored, names that are not there too.

    Raises
    ------
    SourceError
        If the source does not parse, or would not without these tests.
    """
    wanted = {name.partition("[")[0] for name in names}
    tree = parse(source)
    doomed = {id(node) for name, node, _ in _collected(tree.body, ()) if name in wanted}
    lines = lines_of(source)
    for first, last in sorted(_doomed_spans(tree.body, doomed), reverse=True):
        _cut(lines, first - 1, last)
    text = "".join(lines)
    parse(text)
    return text


def _collected(
    body: Sequence[ast.stmt], owners: tuple[ast.ClassDef, ...]
) -> Iterator[tuple[str, FunctionNode, tuple[ast.ClassDef, ...]]]:
    prefix = "".join(f"{owner.name}::" for owner in owners)
    for node in statements(body):
        if isinstance(node, FunctionNode) and node.name.startswith("test"):
            yield f"{prefix}{node.name}", node, owners
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            yield from _collected(node.body, (*owners, node))


def is_test_class(node: ast.ClassDef) -> bool:
    """Whether pytest looks for tests in the class."""
    return node.name.startswith("Test") or any(dotted(base).endswith("TestCase") for base in node.bases)


def _is_parametrised(nodes: Sequence[FunctionNode | ast.ClassDef]) -> bool:
    decorators = [decorator for node in nodes for decorator in node.decorator_list]
    return any(
        isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("parametrize") for decorator in decorators
    )


def _doomed_spans(body: Sequence[ast.stmt], doomed: set[int]) -> Iterator[tuple[int, int]]:
    for node in statements(body):
        if id(node) in doomed:
            yield span_of(node)
        elif isinstance(node, ast.ClassDef):
            inner = list(_doomed_spans(node.body, doomed))
            yield from [span_of(node)] if inner and _left_empty(node, doomed) else inner


def _left_empty(node: ast.ClassDef, doomed: set[int]) -> bool:
    return all(
        id(statement) in doomed
        or is_docstring(statement)
        or isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.ClassDef) and _left_empty(statement, doomed))
        for statement in node.body
    )


def _cut(lines: list[str], start: int, end: int) -> None:
    """Remove lines, and the blank lines on the side that has fewer; at the end of the text those above."""
    above, below = start, end
    while above > 0 and not lines[above - 1].strip():
        above -= 1
    while below < len(lines) and not lines[below].strip():
        below += 1
    if below == len(lines) or start - above < below - end:
        del lines[above : below if below == len(lines) else end]
    else:
        del lines[start:below]
