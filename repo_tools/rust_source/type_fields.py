"""The fields and variants of a crate's own types, as converters have to name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tree_sitter import Node

from repowright.repo_tools.rust_source.syntax import RustTree, joined, named, tokens, walk


@dataclass(frozen=True)
class RustField:
    """A field of a struct or variant; those without a name are called ``0``, ``1`` and so on."""

    name: str
    type: str


@dataclass(frozen=True)
class RustVariant:
    """A variant of an enum.

    Parameters
    ----------
    is_tuple
        Whether its fields have no names.
    """

    name: str
    fields: tuple[RustField, ...]
    is_tuple: bool


@dataclass(frozen=True)
class RustType:
    """A struct or an enum.

    Parameters
    ----------
    path
        File of the crate.
    variants
        `None` for a struct.
    is_comparable
        Whether two values can be told apart by ``==``.
    """

    name: str
    path: str
    fields: tuple[RustField, ...] = ()
    variants: tuple[RustVariant, ...] | None = None
    is_generic: bool = False
    is_comparable: bool = False

    def field(self, name: str) -> RustField | None:
        """The field of a name."""
        return next((each for each in self.fields if each.name == name.removeprefix("r#")), None)

    def variant(self, name: str) -> RustVariant | None:
        """The variant of a name."""
        return next((each for each in self.variants or () if each.name == name), None)


def rust_types(files: Mapping[str, bytes]) -> dict[str, RustType]:
    """Return the structs and enums at the top level of files, by name; of two with one name, the first."""
    found: dict[str, RustType] = {}
    for path in sorted(files):
        tree = RustTree(files[path])
        comparable = set(_compared(tree.root))
        for each in _of_file(tree.root, path):
            found.setdefault(each.name, replace(each, is_comparable=each.is_comparable or each.name in comparable))
    return found


def _of_file(root: Node, path: str) -> Iterator[RustType]:
    attributes: list[str] = []
    for child in root.children:
        if child.type == "attribute_item":
            attributes.append(joined(tokens(child)))
            continue
        if child.type in ("struct_item", "enum_item"):
            yield _type(child, path, any("PartialEq" in each for each in attributes))
        if child.type not in ("line_comment", "block_comment"):
            attributes = []


def _type(node: Node, path: str, comparable: bool) -> RustType:
    name, body = _text(named(node, "name")), named(node, "body")
    generic = named(node, "type_parameters") is not None
    if node.type == "struct_item":
        return RustType(name, path, _fields(body), None, generic, comparable)
    inner = body.named_children if body is not None else []
    variants = tuple(_variant(each) for each in inner if each.type == "enum_variant")
    return RustType(name, path, (), variants, generic, comparable)


def _variant(node: Node) -> RustVariant:
    body = named(node, "body")
    is_tuple = body is not None and body.type == "ordered_field_declaration_list"
    return RustVariant(_text(named(node, "name")), _fields(body), is_tuple)


def _fields(body: Node | None) -> tuple[RustField, ...]:
    if body is None:
        return ()
    if body.type == "ordered_field_declaration_list":
        # Visibilities stand among the types.
        inner = body.children_by_field_name("type")
        return tuple(RustField(str(number), _plain(each)) for number, each in enumerate(inner))
    declared = [each for each in body.named_children if each.type == "field_declaration"]
    return tuple(
        RustField(_text(named(each, "name")).removeprefix("r#"), _plain(named(each, "type"))) for each in declared
    )


def _plain(node: Node | None) -> str:
    return joined(tokens(node)) if node is not None else ""


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _compared(root: Node) -> Iterator[str]:
    for each in walk(root, skip=("function_item",)):
        trait = named(each, "trait") if each.type == "impl_item" else None
        if trait is not None and joined(tokens(trait)).rpartition("::")[2] == "PartialEq":
            yield _text(named(each, "type"))
