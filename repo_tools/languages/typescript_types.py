"""Interfaces, type aliases, enums and namespaces of TypeScript."""

from __future__ import annotations

from tree_sitter import Node

from repowright.repo_tools.languages.javascript_definitions import (
    add_base,
    body_start,
    read_return,
)
from repowright.repo_tools.languages.javascript_frame import Frame
from repowright.repo_tools.languages.javascript_names import first_named, last_named, property_name, text_of, type_name
from repowright.repo_tools.languages.javascript_record import Record

_METHOD_SIGNATURES = frozenset({"method_signature", "abstract_method_signature"})
_ALIAS_SIGNATURE_BYTES = 300


def read_interface(record: Record, node: Node, frame: Frame) -> None:
    """An interface with its methods; its properties are bindings."""
    named, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if named is None:
        return
    record.written.add(named.start_byte)
    name = text_of(record.data, named)
    index = record.define("interface", name, node, body_start(node), frame.scope, frame.conditional)
    for clause in node.named_children:
        if clause.type in ("extends_type_clause", "extends_clause"):
            for base in clause.named_children:
                add_base(record, base, index)
    _read_members(record, body, index)
    record.enter(node, index, "class", frame)


def _read_members(record: Record, body: Node | None, holder: int) -> None:
    for child in body.named_children if body is not None else []:
        name = property_name(record.data, child.child_by_field_name("name"))
        if child.type in _METHOD_SIGNATURES:
            index = record.define("method", name, child, child.end_byte, holder)
            read_return(record, child, index)
        elif child.type == "property_signature":
            declared = type_name(record.data, child.child_by_field_name("type"))
            record.bind(holder, name, (declared, "type"), child)


def read_alias(record: Record, node: Node, frame: Frame) -> None:
    """A type alias; of an object type the members count as in an interface."""
    named, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if named is None:
        return
    record.written.add(named.start_byte)
    end = min(node.end_byte, node.start_byte + _ALIAS_SIGNATURE_BYTES)
    is_object = value is not None and value.type == "object_type"
    if value is not None and is_object:
        end = value.start_byte
    index = record.define("typedef", text_of(record.data, named), node, end, frame.scope, frame.conditional)
    _trim_signature(record, index)
    if is_object:
        _read_members(record, value, index)
    elif value is not None and value.type in ("type_identifier", "nested_type_identifier", "generic_type"):
        record.bind(index, "", (type_name(record.data, value), "type"), node)
    record.enter(node, index, "class", frame)


def _trim_signature(record: Record, index: int) -> None:
    made = record.definitions[index]
    record.definitions[index] = made._replace(signature=made.signature.rstrip("; ="))


def read_enum(record: Record, node: Node, frame: Frame) -> None:
    """An enum; its members are constants."""
    named, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if named is None:
        return
    record.written.add(named.start_byte)
    index = record.define("enum", text_of(record.data, named), node, body_start(node), frame.scope, frame.conditional)
    for child in body.named_children if body is not None else []:
        name = child.child_by_field_name("name") if child.type == "enum_assignment" else child
        if name is not None and name.type != "comment":
            record.define("constant", property_name(record.data, name), child, child.end_byte, index)
    record.enter(node, index, "class", frame)


def read_namespace(record: Record, node: Node, frame: Frame) -> None:
    """A namespace or an ambient module; a dotted name is one namespace."""
    named = node.child_by_field_name("name")
    if named is None:
        return
    record.written.add(named.start_byte)
    name = property_name(record.data, named)
    index = record.define("namespace", name, node, body_start(node), frame.scope, frame.conditional)
    record.enter(node, index, "namespace", frame)


def read_import_alias(record: Record, node: Node, frame: Frame) -> None:
    """``import Short = Long.Name``."""
    named, target = first_named(node), last_named(node)
    if named is not None and target is not None:
        record.written.update((named.start_byte,))
        name = text_of(record.data, target)
        record.bind(frame.scope, text_of(record.data, named), ("".join(name.split()), "name"), node)
