"""Numbers and texts that Python code holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def find_literals(text: str, *, compared: bool) -> Iterator[tuple[str, int]]:
    """Numbers and texts of a file; those alone that decide something where ``compared`` is set."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    deciding = (ast.Compare, ast.MatchValue, ast.Dict, ast.Set)
    roots = [node for node in ast.walk(tree) if isinstance(node, deciding)] if compared else [tree]
    for root in roots:
        for node in ast.walk(root):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | bytes):
                value = node.value
                shown = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                yield shown, node.lineno
