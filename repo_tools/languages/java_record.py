"""Definitions, bindings, bases and imports of a Java file, read in one sweep in source order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tree_sitter import Node

from repowright.repo_tools.facts import (
    MODULE,
    Binding,
    BindingKind,
    Definition,
    DefinitionKind,
    Import,
    Inheritance,
)
from repowright.repo_tools.languages.block_comments import Comments
from repowright.repo_tools.languages.grammar import one_line
from repowright.repo_tools.languages.java_names import base_name, text_of, type_name, value_of
from repowright.repo_tools.languages.scope_table import ScopeTable

_TYPE_KINDS: dict[str, DefinitionKind] = {
    "class_declaration": "class",
    "interface_declaration": "interface",
    "enum_declaration": "enum",
    "record_declaration": "class",
    "annotation_type_declaration": "interface",
}
_BASE_CLAUSES = frozenset({"superclass", "super_interfaces", "extends_interfaces"})
_SIGNATURE_LIMIT = 500
_CONSTANT_LIMIT = 200
_DOTS = re.compile(r"\s+")


class Frame(NamedTuple):
    """One type, method or lambda around the place that is read.

    Parameters
    ----------
    end
        Byte it ends at.
    scope
        Index of the innermost definition around its contents.
    holder
        Index of the type whose members stand directly in it; `MODULE` for none.
    """

    end: int
    scope: int = MODULE
    holder: int = MODULE


class JavaRecord:
    """Everything the handlers add to while a file is swept.

    Parameters
    ----------
    data
        The file, in UTF-8.
    comments
        Its comment nodes.
    """

    def __init__(self, data: bytes, comments: Iterable[Node]) -> None:
        self.data = data
        self.definitions: list[Definition] = []
        self.imports: list[Import] = []
        self.bindings: list[Binding] = []
        self.inheritances: list[Inheritance] = []
        self.package = ""
        self.scopes = ScopeTable()
        self.comments = Comments(data, comments)
        self.frames = [Frame(len(data) + 1)]
        self.written: set[int] = set()
        """Start bytes of names that are declared or called, not read."""

    def define(
        self, kind: DefinitionKind, name: str, node: Node, header_end: int, parent: int, of: Node | None = None
    ) -> int:
        """Add a definition; its head ends at a byte, its annotations and comment may belong to another node."""
        around = of or node
        start, decorators = self._after_annotations(around)
        qualname = name if parent == MODULE else f"{self.definitions[parent].qualname}.{name}"
        span = (around.start_point.row + 1, around.end_point.row + 1)
        doc = self.comments.above(around.start_byte)
        signature = self._signature(start, header_end)
        self.definitions.append(Definition(kind, name, qualname, span, signature, doc, decorators, parent))
        return len(self.definitions) - 1

    def _after_annotations(self, node: Node) -> tuple[int, tuple[str, ...]]:
        """Byte at which the declaration proper begins, and the annotations before it as written."""
        first = node.child(0) if node.child_count else None
        if first is None or first.type != "modifiers" or b"@" not in self.data[first.start_byte : first.end_byte]:
            return node.start_byte, ()
        found, start = [], first.end_byte
        for child in reversed(first.children):
            if child.type.endswith("annotation"):
                text = self.data[child.start_byte + 1 : child.end_byte]
                found.append(one_line(text.decode("utf-8", "replace")))
            elif not found and not child.type.endswith("comment"):
                start = child.start_byte
        return start, tuple(reversed(found))

    def _signature(self, start: int, end: int) -> str:
        text = self.data[start : min(end, start + 4 * _SIGNATURE_LIMIT)].decode("utf-8", "ignore")
        text = one_line(text).rstrip("; ,")
        return text if len(text) <= _SIGNATURE_LIMIT else text[: _SIGNATURE_LIMIT - 3] + "..."

    def enter(self, node: Node, scope: int, holder: int = MODULE) -> None:
        """Go into a construct."""
        self.scopes.add(node.start_byte, node.end_byte, scope)
        self.frames.append(Frame(node.end_byte, scope, holder))

    def bind(self, scope: int, name: str, found: tuple[str, BindingKind] | None, node: Node) -> None:
        """Note what a name stands for, if that is known."""
        if found is not None and found[0] and (found[0] != name or found[1] != "name"):
            self.bindings.append(Binding(scope, name, found[0], found[1], node.start_point.row + 1))


def _body_start(node: Node) -> int:
    body = node.child_by_field_name("body")
    return node.end_byte if body is None else body.start_byte


def read_package(record: JavaRecord, node: Node, frame: Frame) -> None:
    """The package the file belongs to."""
    del frame
    named = next((child for child in node.named_children if child.type.endswith("identifier")), None)
    record.package = "".join(text_of(record.data, named).split())
    if named is not None:
        record.written.add(named.start_byte)


def read_import(record: JavaRecord, node: Node, frame: Frame) -> None:
    """An import of a type, of a member of one, or of all there are."""
    del frame
    named = next((child for child in node.named_children if child.type.endswith("identifier")), None)
    if named is None:
        return
    record.written.add(named.start_byte)
    text, line = "".join(text_of(record.data, named).split()), node.start_point.row + 1
    if any(child.type == "asterisk" for child in node.named_children):
        record.imports.append(Import(text, "*", "", 0, line, True))
    else:
        module, _, name = text.rpartition(".")
        record.imports.append(Import(module, name, "", 0, line))


def read_type(record: JavaRecord, node: Node, frame: Frame) -> None:
    """A class, interface, enum, record or annotation type."""
    named = node.child_by_field_name("name")
    if named is None:
        return
    record.written.add(named.start_byte)
    kind, name = _TYPE_KINDS[node.type], text_of(record.data, named)
    index = record.define(kind, name, node, _body_start(node), frame.scope)
    for clause in node.named_children:
        if clause.type in _BASE_CLAUSES:
            _read_bases(record, clause, index)
    record.enter(node, index, index)


def _read_bases(record: JavaRecord, clause: Node, index: int) -> None:
    for child in clause.named_children:
        for base in child.named_children if child.type == "type_list" else [child]:
            if not base.type.endswith("comment"):
                record.written.add(base.start_byte)
                record.inheritances.append(Inheritance(index, base_name(record.data, base), base.start_point.row + 1))


def read_anonymous(record: JavaRecord, node: Node, frame: Frame) -> None:
    """The body of an anonymous class: what stands in it belongs to what is around it."""
    record.enter(node, frame.scope)


def read_enum_constant(record: JavaRecord, node: Node, frame: Frame) -> None:
    """A constant of an enum; a body of its own belongs to the enum."""
    named = node.child_by_field_name("name")
    if named is None or frame.holder == MODULE:
        return
    record.written.add(named.start_byte)
    end = min(_body_start(node), node.start_byte + _CONSTANT_LIMIT)
    record.define("constant", text_of(record.data, named), node, end, frame.holder)
    if node.child_by_field_name("body") is not None:
        record.enter(node, frame.scope)


def read_method(record: JavaRecord, node: Node, frame: Frame) -> None:
    """A method or constructor; one of an anonymous class belongs to what is around it."""
    named = node.child_by_field_name("name")
    if named is None or frame.holder == MODULE:
        record.enter(node, frame.scope)
        return
    record.written.add(named.start_byte)
    index = record.define("method", text_of(record.data, named), node, _body_start(node), frame.holder)
    declared = type_name(record.data, node.child_by_field_name("type"))
    record.bind(index, "", (declared, "return"), node)
    record.enter(node, index)


def read_field(record: JavaRecord, node: Node, frame: Frame) -> None:
    """Fields: what they are declared to be; ``static final`` ones are constants."""
    if frame.holder == MODULE:
        return
    declared = type_name(record.data, node.child_by_field_name("type"))
    first = node.child(0)
    words = text_of(record.data, first).split() if first is not None and first.type == "modifiers" else []
    is_constant = node.type == "constant_declaration" or ("static" in words and "final" in words)
    for declarator in node.children_by_field_name("declarator"):
        named = declarator.child_by_field_name("name")
        name = text_of(record.data, named)
        record.written.add(declarator.start_byte)
        if is_constant:
            end = min(declarator.end_byte, node.start_byte + _SIGNATURE_LIMIT)
            record.define("constant", name, declarator, end, frame.holder, node)
        record.bind(frame.holder, name, (declared, "type"), declarator)


def read_variable(record: JavaRecord, node: Node, frame: Frame) -> None:
    """Local variables, by their declared type or, for ``var``, by their value."""
    declared = type_name(record.data, node.child_by_field_name("type"))
    for declarator in node.children_by_field_name("declarator"):
        name = text_of(record.data, declarator.child_by_field_name("name"))
        if declared == "var":
            value = value_of(record.data, declarator.child_by_field_name("value"))
            record.bind(frame.scope, name, value, declarator)
        else:
            record.bind(frame.scope, name, (declared, "type"), declarator)


def read_parameter(record: JavaRecord, node: Node, frame: Frame) -> None:
    """Parameters, and the variables of loops, ``catch``, resources and patterns, by their type."""
    named = node.child_by_field_name("name")
    declared_by = node.child_by_field_name("type") or node.child_by_field_name("right")
    for child in node.named_children if named is None or declared_by is None else []:
        if child.type == "variable_declarator":
            named = child.child_by_field_name("name")
        elif child.type == "catch_type" and child.named_child_count == 1:
            declared_by = child
        elif child.type.endswith("type") or child.type == "type_identifier":
            declared_by = declared_by or child
    declared = type_name(record.data, declared_by)
    if named is None or not declared:
        return
    name = text_of(record.data, named)
    if declared == "var":
        value = node.child_by_field_name("value") if node.type == "resource" else None
        record.bind(frame.scope, name, value_of(record.data, value), node)
    else:
        record.bind(frame.scope, name, (declared, "type"), node)


def read_lambda(record: JavaRecord, node: Node, frame: Frame) -> None:
    """A lambda: its parameters are its own, its calls belong to what is around it."""
    record.enter(node, frame.scope)
