"""Small steps on C's syntax tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tree_sitter import Node

from repowright.repo_tools.languages.c_syntax import GRAMMAR
from repowright.repo_tools.languages.grammar import as_utf8

_BETWEEN = frozenset(
    {
        "translation_unit", "preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "linkage_specification",
        "declaration_list", "ERROR",
    }
)  # fmt: skip


def parse(source: bytes) -> tuple[bytes, Node]:
    """Return the text as UTF-8 and the root of its tree."""
    data = as_utf8(source)
    return data, GRAMMAR.parse(data).root_node


def top_level(root: Node) -> Iterator[Node]:
    """Yield what stands at file scope, in the branches of conditions too."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in _BETWEEN:
            waiting.extend(reversed(node.children))
        else:
            yield node


def walk(node: Node, skip: Collection[str] = ()) -> Iterator[Node]:
    """Yield a node and all beneath it, in the order of the text."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if each.type not in skip:
            waiting.extend(reversed(each.children))


def text_of(node: Node | None) -> str:
    """Text of a node on one line, comments left out."""
    if node is None:
        return ""
    parts = [
        (each.text or b"").decode("utf-8", "replace")
        for each in walk(node, ("comment", "string_literal"))
        if each.child_count == 0 and each.type != "comment"
    ]
    return " ".join(parts)


def declarator_name(node: Node | None) -> Node | None:
    """The name within a declarator."""
    while node is not None and node.type not in ("identifier", "type_identifier", "field_identifier"):
        inner = node.child_by_field_name("declarator")
        inside = (each for each in node.named_children if "declarator" in each.type or each.type == "identifier")
        node = inner if inner is not None else next(inside, None)
    return node


def function_declarator(node: Node | None) -> Node | None:
    """The declarator of a function within one that may be of a pointer; None for pointers to functions."""
    while node is not None and node.type in ("pointer_declarator", "parenthesized_declarator", "attributed_declarator"):
        inner = node.child_by_field_name("declarator")
        node = inner if inner is not None else next(iter(node.named_children), None)
    if node is None or node.type != "function_declarator":
        return None
    own = node.child_by_field_name("declarator")
    if own is not None and own.type == "parenthesized_declarator":
        inner = own.named_children[0] if own.named_children else None
        return node if inner is not None and inner.type == "identifier" else None
    return node
