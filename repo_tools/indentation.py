"""Moves code to another indentation without touching the text of its multi-line strings."""

from __future__ import annotations

import ast
import re

from repowright.repo_tools.python_ast import is_docstring, lines_of, parse_quietly


def fit_indentation(code: str, margin: str) -> str:
    """The code with its first line at ``margin`` and the others moved along; outer blank lines are dropped.

    Lines inside multi-line strings keep their text, those of docstrings are moved. Line ends become ``\\n``.
    """
    text = re.sub(r"\r\n?", "\n", code)
    text = re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()
    given = text[: len(text) - len(text.lstrip(" \t"))]
    if given == margin:
        return text
    fixed = _string_lines(text, given)
    lines = lines_of(text)
    return "".join(line if row in fixed else _moved(line, given, margin) for row, line in enumerate(lines, start=1))


def _moved(line: str, given: str, margin: str) -> str:
    if not line.strip():
        return line
    return margin + line.removeprefix(given) if line.startswith(given) else line


def _string_lines(text: str, given: str) -> set[int]:
    """Lines, 1-based, that begin inside a multi-line string that is no docstring."""
    # An indented piece parses below a header, which takes the first line.
    shift = 1 if given else 0
    tree = parse_quietly(f"if 1:\n{text}" if given else text)
    if tree is None:
        return set()
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and is_docstring(node)}
    return {
        row - shift
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in docstrings
        for row in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
