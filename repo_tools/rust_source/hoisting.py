"""Expressions that can be read before the statement they stand in."""

from __future__ import annotations

from tree_sitter import Node

from repowright.repo_tools.rust_source.syntax import RustTree, Span

_MOVED = frozenset({"call_expression", "field_expression", "index_expression", "identifier"})
_HOLDERS = frozenset({"arguments", "index_expression"})
_STATEMENTS = frozenset({"expression_statement", "let_declaration"})


def hoistable(source: bytes, start: int, end: int) -> tuple[tuple[Span, Span], ...]:
    """Return the arguments and indices around a place with the statement each stands in, the smallest first."""
    tree = RustTree(source)
    node = tree.root.descendant_for_byte_range(start, end)
    found: list[tuple[Span, Span]] = []
    while node is not None and node.type != "block":
        parent = node.parent
        if parent is not None and node.type in _MOVED and parent.type in _HOLDERS and parent.children[0] != node:
            statement = _statement(node)
            if statement is not None:
                found.append((Span(node.start_byte, node.end_byte), Span(statement.start_byte, statement.end_byte)))
        node = parent
    return tuple(found)


def _statement(node: Node) -> Node | None:
    """The statement of a block around an expression; None where a closure or a branch stands between."""
    above: Node | None = node
    while above is not None and above.type not in _STATEMENTS:
        if above.type in ("closure_expression", "function_item", "block"):
            return None
        above = above.parent
    return above
