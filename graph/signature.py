"""Which types a signature mentions, read from its text."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_COMMON = frozenset(dir(builtins)) | frozenset(typing.__all__) | frozenset(collections.abc.__all__)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The type names of a signature, builtin and typing names left out.

    Parameters
    ----------
    taken
        Names in parameter annotations; for a class also in its fields.
    given
        Names in the return annotation; for a class its own name, its bases' and its fields'.
    """

    taken: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()


def is_type_expression(text: str) -> bool:
    """Tell whether the text reads as one Python expression.

    Examples
    --------
    >>> is_type_expression("dict[str, Order]"), is_type_expression("a list of orders")
    (True, False)
    """
    return _parsed(text, "eval") is not None


def type_names(text: str) -> frozenset[str]:
    """Return the names a type expression mentions, builtin and typing names left out.

    Examples
    --------
    >>> sorted(type_names("dict[str, shop.Order] | 'Refund'"))
    ['Order', 'Refund']
    """
    last_parts = (word.rpartition(".")[2] for word in _WORD.findall(text))
    return frozenset(part for part in last_parts if part not in _COMMON)


@lru_cache(maxsize=8192)
def mentions(signature: str) -> Mentions:
    """Return what a function's head, a class's head or a class skeleton mentions.

    A text that does not parse mentions each of its names on both sides.

    Examples
    --------
    >>> found = mentions("def pay(order: Order, by: str) -> Receipt")
    >>> sorted(found.taken), sorted(found.given)
    (['Order'], ['Receipt'])
    """
    tree = _definition(signature)
    if tree is None:
        return Mentions(type_names(signature), type_names(signature))
    taken = _names(annotation for node in ast.walk(tree) for annotation in _taken(node))
    given = _names(annotation for node in ast.walk(tree) for annotation in _given(node))
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return Mentions(taken, given | own)


def _definition(signature: str) -> ast.AST | None:
    text = signature.strip()
    head = text.rstrip(":").rstrip()
    return _parsed(text, "exec") or _parsed(f"{head}: ...", "exec")


def _parsed(text: str, mode: typing.Literal["eval", "exec"]) -> ast.AST | None:
    try:
        return ast.parse(text.strip(), mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _taken(node: ast.AST) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.arg | ast.AnnAssign):
        yield node.annotation


def _given(node: ast.AST) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.returns
    elif isinstance(node, ast.ClassDef):
        yield from node.bases
    elif isinstance(node, ast.AnnAssign):
        yield node.annotation


def _names(annotations: Iterator[ast.expr | None]) -> frozenset[str]:
    found = (type_names(ast.unparse(each)) for each in annotations if each is not None)
    return frozenset().union(*found)
