"""What is whole of Python that was cut off."""

from __future__ import annotations

import ast


def complete_part(text: str) -> str:
    """The statements of a text that was cut off, without the last one: where it ends nothing says it is whole."""
    lines = text.rstrip().splitlines()
    for end in range(len(lines), 0, -1):
        part = "\n".join(lines[:end])
        try:
            tree = ast.parse(part)
        except (SyntaxError, ValueError):
            continue
        if not tree.body:
            return ""
        last = tree.body[-1]
        inner = last.body[-1] if isinstance(last, ast.ClassDef) and len(last.body) > 1 else last
        decorators = getattr(inner, "decorator_list", [])
        begin = min([inner.lineno, *(each.lineno for each in decorators)])
        return "\n".join(lines[: begin - 1])
    return ""
