"""Functions, methods, classes and fields of JavaScript and TypeScript."""

from __future__ import annotations

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, DefinitionKind, Inheritance
from repowright.repo_tools.languages.javascript_frame import Frame
from repowright.repo_tools.languages.javascript_names import (
    FUNCTIONS,
    dotted_name,
    property_name,
    text_of,
    type_name,
    value_of,
)
from repowright.repo_tools.languages.javascript_record import Record


def body_start(node: Node) -> int:
    """Byte at which the body of a function or class begins; its end where it has none."""
    body = node.child_by_field_name("body")
    return node.end_byte if body is None else body.start_byte


def read_function(record: Record, node: Node, frame: Frame) -> None:
    """A function declaration or expression; an expression bound to no name belongs to what is around it."""
    index = record.bound.pop(node.start_byte, MODULE)
    if index == MODULE and node.type not in FUNCTIONS:
        index = _declared(record, node, "function", frame)
    if index != MODULE:
        read_return(record, node, index)
    record.enter(node, index, "function", frame)


def read_signature(record: Record, node: Node, frame: Frame) -> None:
    """A function without a body: an overload, or an ambient declaration."""
    index = _declared(record, node, "function", frame)
    if index != MODULE:
        read_return(record, node, index)
        record.enter(node, index, "function", frame)


def _declared(record: Record, node: Node, kind: DefinitionKind, frame: Frame) -> int:
    named = node.child_by_field_name("name")
    name = text_of(record.data, named)
    if named is None or not name:
        return MODULE
    record.written.add(named.start_byte)
    if frame.role == "function" and frame.scope != MODULE:
        record.inner_names.append((node.start_byte - 1, name.encode()))
    return record.define(kind, name, node, body_start(node), frame.scope, frame.conditional)


def read_return(record: Record, node: Node, index: int) -> None:
    """The declared result of a function."""
    declared = type_name(record.data, node.child_by_field_name("return_type"))
    if declared:
        record.bind(index, "", (declared, "return"), node)


def read_method(record: Record, node: Node, frame: Frame) -> None:
    """A method of a class or of an object; of an object without a name it belongs to what is around it."""
    index = MODULE
    name = property_name(record.data, node.child_by_field_name("name"))
    if frame.role == "class" and frame.holder != MODULE:
        index = record.define("method", name, node, body_start(node), frame.holder, frame.conditional)
    elif frame.role == "object":
        index = define_member(record, name, node, body_start(node), frame)
    else:
        record.decorators.clear()
    if index != MODULE:
        read_return(record, node, index)
    record.enter(node, index, "function", frame)


def define_member(record: Record, name: str, node: Node, header_end: int, frame: Frame) -> int:
    """A function that is a property of an object with a name; of ``module.exports`` it is the file's own."""
    if frame.holder == MODULE:
        return record.define("function", name, node, header_end, MODULE, frame.conditional)
    return record.define("method", name, node, header_end, frame.holder, frame.conditional)


def read_pair(record: Record, node: Node, frame: Frame) -> None:
    """A property that holds a function or class."""
    value = node.child_by_field_name("value")
    if frame.role != "object" or value is None:
        return
    name = property_name(record.data, node.child_by_field_name("key"))
    if value.type in FUNCTIONS:
        record.bound[value.start_byte] = define_member(record, name, node, body_start(value), frame)
    else:
        parent = frame.holder
        index = record.define("class", name, node, body_start(value), parent, frame.conditional)
        record.bound[value.start_byte] = index


def read_class(record: Record, node: Node, frame: Frame) -> None:
    """A class; what stands in one without a name belongs to what is around it."""
    index = record.bound.pop(node.start_byte, MODULE)
    if index == MODULE:
        index = _declared(record, node, "class", frame)
    if index != MODULE:
        _read_bases(record, node, index)
    record.enter(node, index, "class", frame, index)


def _read_bases(record: Record, node: Node, index: int) -> None:
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    for clause in heritage.named_children if heritage is not None else []:
        if clause.type in ("extends_clause", "implements_clause"):
            for base in clause.named_children:
                add_base(record, base, index)
        else:
            add_base(record, clause, index)


def add_base(record: Record, base: Node, index: int) -> None:
    """Note one base of a type, without its generic arguments; a mixin call keeps its name."""
    if base.type in ("comment", "type_arguments", "object_type"):
        return
    if base.type == "generic_type":
        base = base.child_by_field_name("name") or base
    name = type_base(record.data, base)
    if name:
        record.written.add(base.start_byte)
        record.inheritances.append(Inheritance(index, name, base.start_point.row + 1))


def type_base(data: bytes, base: Node) -> str:
    """Dotted text of a base."""
    if base.type in ("type_identifier", "nested_type_identifier"):
        return "".join(text_of(data, base).split())
    return dotted_name(data, base)


def read_field(record: Record, node: Node, frame: Frame) -> None:
    """A class field: a method if it holds a function, else what it is bound to."""
    named = node.child_by_field_name("name") or node.child_by_field_name("property")
    value = node.child_by_field_name("value")
    if frame.role != "class" or frame.holder == MODULE:
        return
    name = property_name(record.data, named)
    if value is not None and value.type in FUNCTIONS:
        index = record.define("method", name, node, body_start(value), frame.holder, frame.conditional)
        record.bound[value.start_byte] = index
        return
    record.decorators.clear()
    record.decorated_from = -1
    declared = type_name(record.data, node.child_by_field_name("type"))
    record.bind(frame.holder, name, (declared, "type") if declared else value_of(record.data, value), node)


def read_overload(record: Record, node: Node, frame: Frame) -> None:
    """A method of a class without a body."""
    if frame.role == "class" and frame.holder != MODULE:
        name = property_name(record.data, node.child_by_field_name("name"))
        index = record.define("method", name, node, node.end_byte, frame.holder, frame.conditional)
        read_return(record, node, index)
        record.enter(node, index, "function", frame)


def read_decorator(record: Record, node: Node, frame: Frame) -> None:
    """A decorator that stands before what it decorates."""
    del frame
    if record.decorated_from < 0:
        record.decorated_from = node.start_byte
    record.decorators.append(record.decorator_text(node))


def read_condition(record: Record, node: Node, frame: Frame) -> None:
    """An ``if`` or ``try`` statement."""
    record.frames.append(frame._replace(end=node.end_byte, conditional=True))
