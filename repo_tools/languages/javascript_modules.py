"""Import and export statements of JavaScript and TypeScript, as syntax and as the calls of CommonJS."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from repowright.repo_tools.facts import Import
from repowright.repo_tools.languages.javascript_names import first_named, property_name, text_of


def imports_of(data: bytes, node: Node, line: int, scope: int) -> Iterator[Import]:
    """Names that an ``import`` statement brings in; a bare one brings in the module under no name."""
    module = property_name(data, node.child_by_field_name("source"))
    checking = _is_type_only(node)
    clause = next((child for child in node.named_children if child.type.endswith("_clause")), None)
    if clause is None:
        yield Import(module, "", "", 0, line, False, checking, False, scope)
    elif clause.type == "import_require_clause":
        required = property_name(data, clause.child_by_field_name("source"))
        yield Import(required, "", text_of(data, first_named(clause)), 0, line, False, checking, False, scope)
    else:
        for child in clause.named_children:
            yield from _clause_part(data, child, module, checking, scope)


def _clause_part(data: bytes, node: Node, module: str, checking: bool, scope: int) -> Iterator[Import]:
    line = node.start_point.row + 1
    if node.type == "identifier":
        yield Import(module, "default", text_of(data, node), 0, line, False, checking, False, scope)
    elif node.type == "namespace_import":
        yield Import(module, "", text_of(data, first_named(node)), 0, line, False, checking, False, scope)
    elif node.type == "named_imports":
        for part in node.named_children:
            if part.type == "import_specifier":
                name, alias = _name_and_alias(data, part)
                only_type = checking or _is_type_only(part)
                yield Import(module, name, alias, 0, part.start_point.row + 1, False, only_type, False, scope)


def _is_type_only(node: Node) -> bool:
    return any(child.type in ("type", "typeof") for child in node.children[:2])


def _name_and_alias(data: bytes, node: Node) -> tuple[str, str]:
    name = property_name(data, node.child_by_field_name("name"))
    alias = property_name(data, node.child_by_field_name("alias"))
    return name, "" if alias == name else alias


def reexports_of(data: bytes, node: Node, line: int) -> Iterator[Import]:
    """Names that ``export ... from`` hands on."""
    module = property_name(data, node.child_by_field_name("source"))
    checking = _is_type_only(node)
    star = True
    for child in node.named_children:
        if child.type == "namespace_export":
            star = False
            yield Import(module, "", property_name(data, first_named(child)), 0, line, False, checking, True)
        elif child.type == "export_clause":
            star = False
            for name, alias, part in specifiers(data, child):
                only_type = checking or _is_type_only(part)
                yield Import(module, name, alias, 0, part.start_point.row + 1, False, only_type, True)
    if star:
        yield Import(module, "*", "", 0, line, True, checking, True)


def specifiers(data: bytes, clause: Node) -> Iterator[tuple[str, str, Node]]:
    """Name, alias and node of each name in the braces of an ``export``."""
    for part in clause.named_children:
        if part.type == "export_specifier":
            name, alias = _name_and_alias(data, part)
            yield name, alias, part


def required_names(data: bytes, pattern: Node) -> Iterator[tuple[str, str]]:
    """Name and alias of each name that a destructuring pattern takes from a module."""
    for part in pattern.named_children:
        if part.type == "shorthand_property_identifier_pattern":
            yield text_of(data, part), ""
        elif part.type == "object_assignment_pattern":
            yield text_of(data, part.child_by_field_name("left")), ""
        elif part.type == "pair_pattern":
            value = part.child_by_field_name("value")
            if value is not None and value.type == "assignment_pattern":
                value = value.child_by_field_name("left")
            name = property_name(data, part.child_by_field_name("key"))
            alias = text_of(data, value) if value is not None and value.type == "identifier" else ""
            yield name, "" if alias == name else alias
