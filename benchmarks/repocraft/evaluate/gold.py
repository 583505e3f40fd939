"""What can be read off a real test: the third parties it uses, and the values it expects."""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterator

_COMMON_ALIASES = {"np": "numpy", "pd": "pandas", "sp": "scipy", "plt": "matplotlib"}
"""How third parties are called by convention; a task's source does not show the imports of its file."""

Value = str | bytes | int | float | complex


def parsed(code: str) -> ast.Module:
    """Return the tree of a test's source; what does not parse alone gives an empty one."""
    for text in (code, textwrap.dedent(code)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return ast.Module(body=[], type_ignores=[])


def third_parties(code: str) -> tuple[str, ...]:
    """Return the packages outside the standard library that a test uses, sorted; `pytest` is none.

    Examples
    --------
    >>> third_parties("def test_a():\\n    import yaml, os\\n    assert np.sum(yaml.x) == 1\\n")
    ('numpy', 'yaml')
    """
    found: set[str] = set()
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Name) and node.id in _COMMON_ALIASES:
            found.add(_COMMON_ALIASES[node.id])
    return tuple(sorted(found - set(sys.stdlib_module_names) - {"", "pytest"}))


def expected_values(tree: ast.Module, real: tuple[str, ...] = ()) -> set[Value]:
    """Return the telling constants of a test: text, and numbers but 0, 1 and -1; names of modules are left out."""
    return {value for value in _constants(tree) if _tells(value, real)}


def _constants(tree: ast.Module) -> Iterator[Value]:
    documents = {id(node.body[0]) for node in ast.walk(tree) if _has_document(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and id(node) in documents:
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and not isinstance(child.value, bool | None | type(...)):
                yield child.value


def _has_document(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _tells(value: Value, real: tuple[str, ...]) -> bool:
    if isinstance(value, str):
        return len(value) > 1 and not any(name in value for name in real)
    if isinstance(value, bytes):
        return len(value) > 1
    return value not in (0, 1, -1)
