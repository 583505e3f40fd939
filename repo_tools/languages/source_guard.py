"""Which files are read at all, and what is said of those that could be read in part only."""

from __future__ import annotations

from tree_sitter import Node

from repowright.repo_tools.facts import ParseProblem
from repowright.repo_tools.languages.grammar import Grammar, one_line

_LARGEST = 20_000_000
_MINIFIED_BYTES = 50_000
_MINIFIED_LINE = 500
_MOST_PROBLEMS = 20
_PROBLEMS = "[(ERROR) (MISSING)] @problem"


def line_count(source: bytes) -> int:
    """Number of lines, an unfinished last one included."""
    return source.count(b"\n") + (bool(source) and not source.endswith(b"\n"))


def too_large(source: bytes) -> ParseProblem | None:
    """Why a file is not read for its size."""
    if len(source) <= _LARGEST:
        return None
    return ParseProblem(1, f"too large: {len(source)} bytes, at most {_LARGEST} are read")


def minified(path: str, source: bytes) -> ParseProblem | None:
    """Why a file counts as written by a tool: its name says so, or its lines are too long for a person's."""
    named = path.lower().rpartition(".")[0].endswith(".min")
    if named or (len(source) > _MINIFIED_BYTES and len(source) > _MINIFIED_LINE * line_count(source)):
        return ParseProblem(1, "minified")
    return None


def problems_of(data: bytes, root: Node, grammar: Grammar) -> list[ParseProblem]:
    """The first places the parser could not make sense of."""
    if not root.has_error:
        return []
    nodes = grammar.captures(_PROBLEMS, root).get("problem", [])
    nodes.sort(key=lambda node: (node.start_byte, -node.end_byte))
    return [ParseProblem(node.start_point.row + 1, _message(data, node)) for node in nodes[:_MOST_PROBLEMS]]


def _message(data: bytes, node: Node) -> str:
    if node.is_missing:
        return f"missing {node.type!r}"
    text = data[node.start_byte : min(node.end_byte, node.start_byte + 200)].decode("utf-8", "ignore")
    return f"cannot read {one_line(text)[:60]!r}"
