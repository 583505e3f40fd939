"""Dotted texts of Java expressions and types."""

from __future__ import annotations

import re

from tree_sitter import Node

from repowright.repo_tools.facts import BindingKind
from repowright.repo_tools.languages.grammar import one_line

LIMIT = 200
"""Most characters of a dotted text; of a longer one only its last name is kept."""

_STEPS = 24
_SIMPLE = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*(?:\.[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)*")
_BLANK = re.compile(rb"\s+")
_LITERALS = re.compile(r"literal$|^(?:true|false|string_fragment|template_expression)$")
_HEADS = frozenset({"identifier", "type_identifier", "scoped_type_identifier", "scoped_identifier", "super"})
_PRIMITIVE = frozenset({"integral_type", "floating_point_type", "boolean_type", "void_type"})


def text_of(data: bytes, node: Node | None) -> str:
    """Source text of a node; empty for no node."""
    return "" if node is None else data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def invocation_name(data: bytes, node: Node, named: Node) -> str:
    """Dotted text of what an invocation calls, arguments left out; empty for methods of literals."""
    if named.end_byte - node.start_byte <= LIMIT:
        name = simple_name(data, node.start_byte, named.end_byte)
        if name:
            return name
    return _chain(data, node)[:-2]


def simple_name(data: bytes, start: int, end: int) -> str:
    """The dotted name between two bytes, ``this`` as ``self``; empty if it is anything else."""
    text = data[start:end]
    if not _SIMPLE.fullmatch(text):
        text = _BLANK.sub(b"", text)
        if not _SIMPLE.fullmatch(text):
            return ""
    if text.startswith(b"this") and text[4:5] in (b".", b""):
        text = b"self" + text[4:]
    return text.decode("utf-8", "replace")


def expression_name(data: bytes, node: Node) -> str:
    """Dotted text of an expression; empty for literals and nameless things."""
    if node.end_byte - node.start_byte <= LIMIT:
        name = simple_name(data, node.start_byte, node.end_byte)
        if name:
            return name
    return _chain(data, node)


def _chain(data: bytes, node: Node) -> str:
    parts: list[str] = []
    inner: Node | None = node
    for _ in range(_STEPS):
        if inner is None:
            break
        step, following = _step(data, inner)
        if following is None:
            return _joined(parts, step, inner)
        parts.append(step)
        inner = following
    return _last(parts)


def _step(data: bytes, node: Node) -> tuple[str, Node | None]:
    """What one node adds to the end of a chain, and the node before it; no node where the chain begins."""
    kind = node.type
    if kind == "method_invocation":
        called = text_of(data, node.child_by_field_name("name"))
        receiver = node.child_by_field_name("object")
        return (f".{called}()", receiver) if receiver is not None else (f"{called}()", None)
    if kind == "field_access":
        return f".{text_of(data, node.child_by_field_name('field'))}", node.child_by_field_name("object")
    if kind == "object_creation_expression":
        return f"{created_name(data, node)}()", None
    if kind == "array_access":
        return "[]", node.child_by_field_name("array")
    if kind in ("parenthesized_expression", "generic_type") and node.named_child_count:
        return "", node.named_child(0)
    if kind == "cast_expression":
        return type_name(data, node.child_by_field_name("type")), None
    if kind in _HEADS:
        return "".join(text_of(data, node).split()), None
    return ("self" if kind == "this" else ""), None


def _joined(parts: list[str], head: str, node: Node) -> str:
    if not head:
        return "" if _LITERALS.search(node.type) else _last(parts)
    text = head + "".join(reversed(parts))
    return text if len(text) <= LIMIT else _last(parts)


def _last(parts: list[str]) -> str:
    name = next((part for part in parts if part.startswith(".")), "")
    return f"...{name[1:]}"[:LIMIT] if name else ""


def created_name(data: bytes, node: Node) -> str:
    """Name of the class that ``new`` makes one of, without generic arguments."""
    made = node.child_by_field_name("type")
    return "" if made is None else base_name(data, made)


def base_name(data: bytes, node: Node) -> str:
    """Dotted name of a type without generic arguments and annotations."""
    while node.type in ("generic_type", "annotated_type", "array_type") and node.named_child_count:
        children = [child for child in node.named_children if not child.type.endswith("annotation")]
        if not children:
            break
        node = children[0]
    text = text_of(data, node)
    return "".join(_GENERIC.sub("", text).split())[:LIMIT]


_GENERIC = re.compile(r"<.*>|@\w+\s", re.DOTALL)


def type_name(data: bytes, node: Node | None) -> str:
    """A type as written on one line; empty for primitive and overlong ones."""
    if node is None or node.type in _PRIMITIVE or node.end_byte - node.start_byte > LIMIT:
        return ""
    return one_line(text_of(data, node))


def value_of(data: bytes, node: Node | None) -> tuple[str, BindingKind] | None:
    """What an expression gives, as far as its text says; `None` for literals and operators."""
    while node is not None and node.type == "parenthesized_expression" and node.named_child_count:
        node = node.named_child(0)
    if node is None:
        return None
    kind: BindingKind = "name"
    if node.type == "object_creation_expression":
        name, kind = created_name(data, node), "call"
    elif node.type == "method_invocation":
        named = node.child_by_field_name("name")
        name, kind = (invocation_name(data, node, named) if named is not None else ""), "call"
    elif node.type == "cast_expression":
        name, kind = type_name(data, node.child_by_field_name("type")), "type"
    elif node.type in ("identifier", "field_access", "this"):
        name = expression_name(data, node)
    else:
        return None
    return (name, kind) if name and not name.startswith("...") else None
