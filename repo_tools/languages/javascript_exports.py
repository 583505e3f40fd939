"""``import`` and ``export`` statements of JavaScript and TypeScript as records."""

from __future__ import annotations

import re

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE
from repowright.repo_tools.languages.javascript_definitions import body_start
from repowright.repo_tools.languages.javascript_frame import Frame
from repowright.repo_tools.languages.javascript_modules import imports_of, reexports_of, specifiers
from repowright.repo_tools.languages.javascript_names import FUNCTIONS, first_named, text_of, value_of
from repowright.repo_tools.languages.javascript_record import Record
from repowright.repo_tools.languages.javascript_variables import hold

_SIGNATURE_BYTES = 100
_WORD = re.compile(rb"[\w$\x80-\xff]+")
_DECLARED_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})


def read_import(record: Record, node: Node, frame: Frame) -> None:
    """An ``import`` statement."""
    record.imports += imports_of(record.data, node, node.start_point.row + 1, frame.scope)
    _mark_listed(record, node)


def _mark_listed(record: Record, node: Node) -> None:
    """Note that the names in a statement are listed in it, not read."""
    for word in _WORD.finditer(record.data, node.start_byte, node.end_byte):
        record.written.add(word.start())


def read_export(record: Record, node: Node, frame: Frame) -> None:
    """An ``export`` statement; what it declares is read by itself later."""
    if frame.role == "namespace":
        return
    record.declares_exports = True
    if record.data[node.start_byte : node.start_byte + 1] == b"@":
        _take_decorators(record, node)
    if node.child_by_field_name("source") is not None:
        _hand_on(record, node)
        return
    declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
    kinds = {child.type for child in node.children}
    if "default" in kinds or "=" in kinds:
        _read_default(record, node, declaration or value or first_named(node), frame)
    elif declaration is not None:
        for name in _declared_names(record.data, declaration):
            record.exports[name] = None
    else:
        _read_clause(record, node)


def _take_decorators(record: Record, node: Node) -> None:
    record.decorated_from = node.start_byte
    for child in node.children:
        if child.type == "decorator":
            record.decorators.append(record.decorator_text(child))


def _hand_on(record: Record, node: Node) -> None:
    _mark_listed(record, node)
    found = list(reexports_of(record.data, node, node.start_point.row + 1))
    record.imports += found
    for each in found:
        if not each.is_star:
            record.exports[each.alias or each.name] = None


def _read_clause(record: Record, node: Node) -> None:
    for clause in node.named_children:
        if clause.type == "export_clause":
            _mark_listed(record, clause)
            for name, alias, part in specifiers(record.data, clause):
                record.export(alias or name, name, part)


def _declared_names(data: bytes, declaration: Node) -> list[str]:
    named = declaration.child_by_field_name("name")
    if named is not None:
        return [text_of(data, named)]
    if declaration.type not in ("lexical_declaration", "variable_declaration"):
        return []
    names = []
    for child in declaration.named_children:
        target = child.child_by_field_name("name")
        if target is None:
            continue
        if target.type == "identifier":
            names.append(text_of(data, target))
        else:
            names += _pattern_names(data, target)
    return names


def _pattern_names(data: bytes, target: Node) -> list[str]:
    """Names a destructuring pattern binds, at its first level."""
    names = []
    for part in target.named_children:
        if part.type == "pair_pattern":
            part = part.child_by_field_name("value") or part
        elif part.type == "object_assignment_pattern":
            part = part.child_by_field_name("left") or part
        if part.type in _DECLARED_NAMES:
            names.append(text_of(data, part))
    return names


def _read_default(record: Record, node: Node, value: Node | None, frame: Frame) -> None:
    """``export default ...`` and ``export = ...``."""
    if value is None:
        return
    named = value.child_by_field_name("name")
    made_here = (
        value.type in FUNCTIONS
        or value.type.endswith("_declaration")
        or value.type
        in (
            "class",
            "function_signature",
        )
    )
    if made_here and named is not None:
        record.export("default", text_of(record.data, named), node)
        if value.type in FUNCTIONS or value.type == "class":
            _define_default(record, node, value, text_of(record.data, named), frame)
    elif made_here:
        record.export("default", "", node)
        _define_default(record, node, value, "default", frame)
    else:
        _read_default_value(record, node, value, frame)


def _define_default(record: Record, node: Node, value: Node, name: str, frame: Frame) -> None:
    kind = "class" if value.type.startswith("class") else "function"
    index = record.define(
        "class" if kind == "class" else "function", name, value, body_start(value), MODULE, frame.conditional
    )
    record.bound[value.start_byte] = index


def _read_default_value(record: Record, node: Node, value: Node, frame: Frame) -> None:
    record.export("default", "", node)
    record.bind(MODULE, "default", value_of(record.data, value), node)
    if value.type == "identifier":
        record.written.add(value.start_byte)
    arguments = value.child_by_field_name("arguments")
    holds = value.type == "object" or (
        arguments is not None and any(child.type == "object" for child in arguments.named_children)
    )
    if holds:
        end = min(value.end_byte, value.start_byte + _SIGNATURE_BYTES)
        hold(record, value, record.define("global", "default", node, end, MODULE, frame.conditional), frame)
