"""The items of a Rust file: what each is, where it stands, where its body is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tree_sitter import Node

from repowright.repo_tools.rust_source.signatures import Signature, signature_of
from repowright.repo_tools.rust_source.syntax import (
    COMMENTS,
    RustTree,
    Span,
    SyntaxProblem,
    first_child,
    joined,
    line_of,
    named,
    tokens,
)


class ItemKind(StrEnum):
    """What an item is."""

    FUNCTION = "function"
    STRUCT = "struct"
    ENUM = "enum"
    UNION = "union"
    TRAIT = "trait"
    IMPL = "impl"
    CONST = "const"
    STATIC = "static"
    TYPE = "type"
    MACRO = "macro"
    MODULE = "module"
    USE = "use"
    FOREIGN = "foreign"


_KINDS = {
    "function_item": ItemKind.FUNCTION,
    "function_signature_item": ItemKind.FUNCTION,
    "struct_item": ItemKind.STRUCT,
    "enum_item": ItemKind.ENUM,
    "union_item": ItemKind.UNION,
    "trait_item": ItemKind.TRAIT,
    "impl_item": ItemKind.IMPL,
    "const_item": ItemKind.CONST,
    "static_item": ItemKind.STATIC,
    "type_item": ItemKind.TYPE,
    "macro_definition": ItemKind.MACRO,
    "mod_item": ItemKind.MODULE,
    "use_declaration": ItemKind.USE,
    "extern_crate_declaration": ItemKind.USE,
    "foreign_mod_item": ItemKind.FOREIGN,
}
TYPES = frozenset({ItemKind.STRUCT, ItemKind.ENUM, ItemKind.UNION, ItemKind.TRAIT, ItemKind.TYPE})
_ENTERED = frozenset({ItemKind.TRAIT, ItemKind.IMPL, ItemKind.MODULE, ItemKind.FOREIGN})


@dataclass(frozen=True)
class RustItem:
    """One item of a file."""

    kind: ItemKind
    name: str
    """Of an ``impl``: ``Trait for Type`` or ``Type``; of a ``use``: its tree."""
    path: str
    """Name behind the modules, types and blocks around it, such as ``tests::Queue::push``."""
    span: Span
    """With the comments and attributes right above it."""
    declared: Span
    """Without them."""
    line: int
    """1-based, of the declaration."""
    body: Span | None = None
    """The block of a function, the braces of a type; braces included."""
    signature: Signature | None = None
    public: bool = False
    attributes: tuple[str, ...] = ()
    """Such as ``derive(Clone)``, in order."""
    in_tests: bool = False
    """It is a test, or stands in a module that is compiled for tests only."""


@dataclass(frozen=True)
class RustSource:
    """What one file holds."""

    text: str
    items: tuple[RustItem, ...]
    """In the order of the text, each before what stands in it."""
    problems: tuple[SyntaxProblem, ...] = field(default=())

    def functions(self) -> tuple[RustItem, ...]:
        """Every function, methods and those of tests too."""
        return tuple(item for item in self.items if item.kind is ItemKind.FUNCTION)

    def find(self, path: str) -> RustItem | None:
        """The item of a path; where several have it, the first that has a body."""
        found = [item for item in self.items if item.path == path]
        return next((item for item in found if item.body is not None), found[0] if found else None)


def read_items(source: bytes) -> RustSource:
    """Read the items of a file, those in modules, traits and ``impl`` blocks too; never raises on broken source."""
    tree = RustTree(source)
    items = tuple(_items(tree.root, tree, "", False))
    return RustSource(tree.data.decode("utf-8", "replace"), items, tree.problems())


def _items(container: Node, tree: RustTree, prefix: str, in_tests: bool) -> Iterator[RustItem]:
    above: list[Node] = []
    for child in container.children:
        if child.type in COMMENTS or child.type == "attribute_item":
            above.append(child)
            continue
        kind = _KINDS.get(child.type)
        if kind is not None:
            item = _item(child, kind, above, tree, prefix, in_tests)
            yield item
            if kind in _ENTERED:
                body = named(child, "body") or first_child(child, "declaration_list")
                if body is not None:
                    inner = prefix if kind is ItemKind.FOREIGN else f"{item.path}::"
                    yield from _items(body, tree, inner, item.in_tests)
        above = []


def _item(node: Node, kind: ItemKind, above: list[Node], tree: RustTree, prefix: str, in_tests: bool) -> RustItem:
    above = _attached(above, node)
    attributes = tuple(_attribute(each) for each in above if each.type == "attribute_item")
    name = _name(node, kind, tree)
    body = named(node, "body")
    return RustItem(
        kind=kind,
        name=name,
        path=f"{prefix}{name}",
        span=Span(above[0].start_byte if above else node.start_byte, node.end_byte),
        declared=Span(node.start_byte, node.end_byte),
        line=line_of(node),
        body=Span(body.start_byte, body.end_byte) if body is not None else None,
        signature=signature_of(node, tree) if kind is ItemKind.FUNCTION else None,
        public=first_child(node, "visibility_modifier") is not None,
        attributes=attributes,
        in_tests=in_tests or any(_is_for_tests(each) for each in attributes),
    )


def _attached(above: list[Node], node: Node) -> list[Node]:
    """The comments and attributes without an empty line between them and the item."""
    kept: list[Node] = []
    below = int(node.start_point[0])
    for each in reversed(above):
        last = int(each.end_point[0]) - (1 if each.end_point[1] == 0 and each.end_point[0] > each.start_point[0] else 0)
        if last < below - 1 and each.type != "attribute_item":
            break
        kept.insert(0, each)
        below = int(each.start_point[0])
    return kept


def _attribute(node: Node) -> str:
    inner = first_child(node, "attribute")
    return joined(tokens(inner)) if inner is not None else ""


def _is_for_tests(attribute: str) -> bool:
    return attribute == "cfg(test)" or is_test_attribute(attribute)


def is_test_attribute(attribute: str) -> bool:
    """Tell whether an attribute makes a function a test, such as ``test`` and ``tokio::test``."""
    return attribute.partition("(")[0].rpartition("::")[2] == "test"


def _name(node: Node, kind: ItemKind, tree: RustTree) -> str:
    if kind is ItemKind.IMPL:
        trait, target = named(node, "trait"), named(node, "type")
        own = joined(tokens(target)) if target is not None else ""
        return f"{joined(tokens(trait))} for {own}" if trait is not None else own
    if kind is ItemKind.USE:
        argument = named(node, "argument") or named(node, "name")
        return joined(tokens(argument)) if argument is not None else ""
    return tree.text(named(node, "name"))
