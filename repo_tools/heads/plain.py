"""Classes told apart that declare from classes that do: records, enumerations, exceptions and protocols declare."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from repowright.repo_tools.python_ast import FunctionNode, find, is_docstring, parse_quietly

_MOST_STATEMENTS = 4
_PLAIN = (ast.Assign, ast.AnnAssign, ast.Pass, ast.Raise, ast.Return, ast.Expr)
_CALLS_ALLOWED = frozenset({"super", "str", "repr", "NotImplementedError"})


def is_plain_class(text: str, qualname: str) -> bool | None:
    """Return whether a class has no behaviour of its own; ``None`` if the text does not parse or has no such class.

    Each method of such a class is at most four plain statements: it keeps its arguments, names a value, or refuses.
    """
    tree = parsed_once(text)
    found = None if tree is None else find(tree, qualname)
    if not isinstance(found, ast.ClassDef):
        return None
    return not found.keywords and all(map(_is_plain_member, found.body))


@lru_cache(maxsize=16)
def parsed_once(text: str) -> ast.Module | None:
    """Parse a file once for all of its definitions, which are asked for one after the other."""
    return parse_quietly(text)


def _is_plain_member(node: ast.stmt) -> bool:
    if isinstance(node, FunctionNode):
        return _is_plain_body(node.body)
    if isinstance(node, ast.ClassDef):
        return all(map(_is_plain_member, node.body))
    return isinstance(node, ast.Assign | ast.AnnAssign | ast.Pass) or _is_constant(node)


def _is_plain_body(body: Sequence[ast.stmt]) -> bool:
    rest = [one for one in body if not is_docstring(one)]
    return len(rest) <= _MOST_STATEMENTS and all(isinstance(one, _PLAIN) and _calls_little(one) for one in rest)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _calls_little(node: ast.stmt) -> bool:
    return all(_is_little(one.func) for one in ast.walk(node) if isinstance(one, ast.Call))


def _is_little(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in _CALLS_ALLOWED
    # super().__init__(...) and "...".format(...)
    return isinstance(function, ast.Attribute) and function.attr in ("__init__", "format")
