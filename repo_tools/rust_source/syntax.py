"""Rust's concrete syntax tree as the readers of this folder walk it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.languages.grammar import as_utf8
from repowright.repo_tools.languages.rust_syntax import GRAMMAR

COMMENTS = frozenset({"line_comment", "block_comment"})
TRIVIA = COMMENTS | {"attribute_item", "inner_attribute_item"}
_WORD = re.compile(r"\w")
_PROBLEMS = 20


@dataclass(frozen=True)
class Span:
    """Bytes from ``start`` up to ``end`` of a file."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Tell whether another span lies within this one."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class SyntaxProblem:
    """A place that is no Rust."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class RustTree:
    """One parsed file.

    Parameters
    ----------
    source
        Bytes of any encoding; spans are those of ``data``, the same text as UTF-8 without a byte order mark.
    """

    def __init__(self, source: bytes) -> None:
        self.data = as_utf8(source)
        self.root = GRAMMAR.parse(self.data).root_node

    def text(self, node: Node | None) -> str:
        """Text of a node as written; empty for no node."""
        return "" if node is None else self.slice(Span(node.start_byte, node.end_byte))

    def slice(self, span: Span) -> str:
        """Text of a span."""
        return self.data[span.start : span.end].decode("utf-8", "replace")

    def problems(self) -> tuple[SyntaxProblem, ...]:
        """Places that the grammar does not know, in order; the first twenty."""
        if not self.root.has_error:
            return ()
        found = []
        for node in walk(self.root):
            if node.is_missing:
                found.append(SyntaxProblem(line_of(node), f"{node.type!r} is missing"))
            elif node.type == "ERROR" and not _is_newer_syntax(node):
                found.append(SyntaxProblem(line_of(node), f"cannot be read: {' '.join(self.text(node).split())[:80]}"))
        return tuple(found[:_PROBLEMS])


def _is_newer_syntax(node: Node) -> bool:
    """``safe fn`` in an ``unsafe extern`` block is Rust that the grammar does not know yet."""
    return node.text == b"safe" and node.parent is not None and node.parent.type == "declaration_list"


def walk(node: Node, skip: Collection[str] = ()) -> Iterator[Node]:
    """Yield a node and all beneath it in the order of the text, what stands in a node of a type in ``skip`` left out.

    Iterative, since an expression may be nested deeper than Python's stack.
    """
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if each.type not in skip:
            waiting.extend(reversed(each.children))


def line_of(node: Node) -> int:
    """1-based line at which a node starts."""
    return int(node.start_point[0]) + 1


def named(node: Node, name: str) -> Node | None:
    """The child in a field."""
    return node.child_by_field_name(name)


def first_child(node: Node, *types: str) -> Node | None:
    """The first child of one of the types."""
    return next((child for child in node.children if child.type in types), None)


def tokens(node: Node) -> list[str]:
    """The leaves of a node as text, comments left out; a literal is one leaf."""
    found = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type in COMMENTS:
            continue
        if each.child_count == 0 or each.type.endswith("_literal"):
            found.append((each.text or b"").decode("utf-8", "replace"))
        else:
            waiting.extend(reversed(each.children))
    return [text for text in found if text]


def joined(parts: list[str]) -> str:
    """Tokens as one line, with a space only where two words would run together, and none before a closing bracket."""
    kept = [part for place, part in enumerate(parts) if not (part == "," and _closes(parts[place + 1 : place + 2]))]
    text = ""
    for part in kept:
        both_words = bool(text) and _WORD.match(text[-1]) is not None and _WORD.match(part) is not None
        text += f" {part}" if both_words or (text.endswith((",", "->", "=")) or part in ("->", "=", "+")) else part
    return text


def _closes(following: list[str]) -> bool:
    return bool(following) and following[0] in (")", ">", "]", "}")
