"""Dotted texts of JavaScript and TypeScript expressions, types and property names."""

from __future__ import annotations

import re

from tree_sitter import Node

from repowright.repo_tools.facts import BindingKind
from repowright.repo_tools.languages.grammar import one_line

LIMIT = 200
"""Most characters of a dotted text; of a longer one only its last name is kept."""

FUNCTIONS = frozenset({"function_expression", "generator_function", "arrow_function"})
"""Expressions that make a function."""

_STEPS = 24
_BLANK = re.compile(rb"\s+")
_SIMPLE = re.compile(rb"(?:[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)(?:\.#?[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)*")
_WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "await_expression",
        "instantiation_expression",
    }
)
_LITERALS = frozenset({"string", "template_string", "number", "regex", "array", "object", "true", "false", "null"})
_NAMES = frozenset({"identifier", "this", "super", "member_expression", "property_identifier", "nested_identifier"})


def text_of(data: bytes, node: Node | None) -> str:
    """Source text of a node; empty for no node."""
    return "" if node is None else data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def first_named(node: Node | None) -> Node | None:
    """The first named child; of broken syntax there may be none."""
    return node.named_child(0) if node is not None and node.named_child_count else None


def last_named(node: Node | None) -> Node | None:
    """The last named child."""
    return node.named_child(node.named_child_count - 1) if node is not None and node.named_child_count else None


def simple_name(data: bytes, start: int, end: int) -> str:
    """The dotted name that stands between two bytes, ``this`` as ``self``; empty if it is anything else."""
    text = data[start:end]
    if not _SIMPLE.fullmatch(text):
        text = _BLANK.sub(b"", text).replace(b"?.", b".").replace(b"!.", b".")
        if not _SIMPLE.fullmatch(text):
            return ""
    if text.startswith(b"this") and text[4:5] in (b".", b""):
        text = b"self" + text[4:]
    return text.decode("utf-8", "replace")


def dotted_name(data: bytes, node: Node) -> str:
    """Dotted text of an expression, arguments left out (``make().run``); empty for literals and nameless things."""
    start, end = node.start_byte, node.end_byte
    if end - start <= LIMIT:
        name = simple_name(data, start, end)
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
    if kind == "member_expression":
        return f".{text_of(data, node.child_by_field_name('property'))}", node.child_by_field_name("object")
    if kind == "call_expression":
        return "()", node.child_by_field_name("function")
    if kind == "new_expression":
        return "()", node.child_by_field_name("constructor")
    if kind == "subscript_expression":
        return _subscript(data, node), node.child_by_field_name("object")
    if kind in _WRAPPERS:
        return "", first_named(node)
    if kind in ("identifier", "super") or kind == "this":
        return ("self" if kind == "this" else text_of(data, node)), None
    return "", None


def _subscript(data: bytes, node: Node) -> str:
    index = node.child_by_field_name("index")
    if index is not None and index.type == "string":
        return f".{text_of(data, index)[1:-1]}"
    text = text_of(data, index) if index is not None and index.end_byte - index.start_byte < 40 else ""
    return f"[{one_line(text)}]"


def _joined(parts: list[str], head: str, node: Node) -> str:
    if not head:
        return "" if node.type in _LITERALS else _last(parts)
    text = head + "".join(reversed(parts))
    return text if len(text) <= LIMIT else _last(parts)


def _last(parts: list[str]) -> str:
    name = next((part for part in parts if part.startswith(".")), "")
    return f"...{name[1:]}"[:LIMIT] if name else ""


def value_of(data: bytes, node: Node | None) -> tuple[str, BindingKind] | None:
    """What an expression gives, as far as its text says; `None` for literals and operators."""
    kind: BindingKind
    while node is not None and node.type in _WRAPPERS:
        if node.type in ("as_expression", "satisfies_expression"):
            declared = type_name(data, last_named(node))
            if declared:
                return declared, "type"
        node = first_named(node)
    if node is None:
        return None
    if node.type in _NAMES:
        kind = "name"
        name = dotted_name(data, node)
    elif node.type in ("call_expression", "new_expression"):
        kind = "call"
        inner = node.child_by_field_name("function" if node.type == "call_expression" else "constructor")
        name = dotted_name(data, inner) if inner is not None else ""
    else:
        return None
    if not name or name.startswith(("...", "require(", "import(")) or name in ("require", "import"):
        return None
    return name, kind


def type_name(data: bytes, node: Node | None) -> str:
    """A type as written on one line, without its colon; empty for primitive and overlong types."""
    if node is not None and node.type == "type_annotation":
        node = first_named(node)
    if node is None or node.type in ("predefined_type", "literal_type", "object_type", "function_type", "const"):
        return ""
    if node.end_byte - node.start_byte > LIMIT:
        return ""
    return one_line(text_of(data, node))


def property_name(data: bytes, node: Node | None) -> str:
    """Name of a property or method: quotes of a string are left out, a computed one keeps its brackets."""
    if node is None:
        return ""
    text = text_of(data, node)
    if node.type == "computed_property_name" and text[1:2] in ("'", '"'):
        text = text[1:-1]
    if text[:1] in ("'", '"'):
        text = text[1:-1]
    return one_line(text)[:LIMIT]
