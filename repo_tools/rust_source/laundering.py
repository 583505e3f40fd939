"""Unsafe code hidden behind safe signatures: what makes a share of safe code look better than it is.

The known forms: a type that stores a raw pointer and has safe methods (``Deref``, ``Index``, its own) that follow
it; a safe function that takes a raw pointer and follows it; a safe function around a ``static mut``; a macro
that writes ``unsafe`` for its caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from repowright.repo_tools.rust_source.syntax import RustTree, first_child, line_of, named, walk

_NON_NULL = re.compile(r"\b(NonNull|AtomicPtr|UnsafeCell)\b")


@dataclass(frozen=True)
class Laundered:
    """One place where a safe name stands for unsafe code."""

    kind: Literal["type", "pointer", "global", "macro"]
    name: str
    """Of the method with its type, of the function or of the macro."""
    line: int


def find_laundering(tree: RustTree) -> tuple[Laundered, ...]:
    """Return the safe functions and the macros of a file that hide unsafe code over pointers or globals."""
    nodes = list(walk(tree.root))
    holders = _pointer_holders(nodes, tree)
    globals_ = {tree.text(named(node, "name")) for node in nodes if _is_mutable_global(node)}
    found = [*_macros(nodes, tree), *_functions(nodes, tree, holders, globals_)]
    return tuple(sorted(found, key=lambda each: (each.line, each.name)))


def _pointer_holders(nodes: list[Node], tree: RustTree) -> set[str]:
    """Types with a field that is a raw pointer or may stand for one, aliases followed."""
    aliases = {
        tree.text(named(node, "name"))
        for node in nodes
        if node.type == "type_item" and _mentions_pointer(node, tree, ())
    }
    holders: set[str] = set()
    structures = [node for node in nodes if node.type in ("struct_item", "enum_item", "union_item")]
    while True:
        known = frozenset(holders | aliases)
        more = {tree.text(named(node, "name")) for node in structures if _mentions_pointer(node, tree, known)}
        if more <= holders:
            return holders
        holders |= more


def _mentions_pointer(node: Node, tree: RustTree, known: frozenset[str] | tuple[str, ...]) -> bool:
    for part in walk(node):
        if part.type == "pointer_type":
            return True
        if part.type == "type_identifier" and part != named(node, "name"):
            text = tree.text(part)
            if text in known or _NON_NULL.fullmatch(text):
                return True
    return False


def _is_mutable_global(node: Node) -> bool:
    return node.type == "static_item" and first_child(node, "mutable_specifier") is not None


def _macros(nodes: list[Node], tree: RustTree) -> Iterator[Laundered]:
    for node in nodes:
        if node.type == "macro_definition" and any(part.type == "unsafe" for part in walk(node)):
            yield Laundered("macro", f"{tree.text(named(node, 'name'))}!", line_of(node))


def _functions(nodes: list[Node], tree: RustTree, holders: set[str], globals_: set[str]) -> Iterator[Laundered]:
    for node in nodes:
        body = named(node, "body") if node.type == "function_item" else None
        if body is None or _is_unsafe(node):
            continue
        blocks = [part for part in walk(body, ("function_item",)) if part.type == "unsafe_block"]
        if not blocks:
            continue
        owner = _owner(node, tree)
        name = tree.text(named(node, "name"))
        parameters = named(node, "parameters")
        if owner in holders:
            yield Laundered("type", f"{owner}::{name}", line_of(node))
        elif parameters is not None and any(part.type == "pointer_type" for part in walk(parameters)):
            yield Laundered("pointer", f"{owner}::{name}" if owner else name, line_of(node))
        elif any(part.type == "identifier" and tree.text(part) in globals_ for block in blocks for part in walk(block)):
            yield Laundered("global", f"{owner}::{name}" if owner else name, line_of(node))


def _is_unsafe(node: Node) -> bool:
    modifiers = first_child(node, "function_modifiers")
    return modifiers is not None and first_child(modifiers, "unsafe") is not None


def _owner(node: Node, tree: RustTree) -> str:
    """Name of the type whose ``impl`` block a method stands in; empty for a free function."""
    above = node.parent.parent if node.parent is not None else None
    if above is None or above.type != "impl_item":
        return ""
    target = named(above, "type")
    if target is not None and target.type == "generic_type":
        target = named(target, "type")
    return tree.text(target)
