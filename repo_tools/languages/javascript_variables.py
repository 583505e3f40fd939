"""Variables, assignments and parameters of JavaScript and TypeScript, and what they are bound to."""

from __future__ import annotations

import re

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, DefinitionKind, Import
from repowright.repo_tools.languages.javascript_definitions import body_start
from repowright.repo_tools.languages.javascript_frame import Frame
from repowright.repo_tools.languages.javascript_modules import required_names
from repowright.repo_tools.languages.javascript_names import (
    FUNCTIONS,
    dotted_name,
    first_named,
    property_name,
    text_of,
    type_name,
    value_of,
)
from repowright.repo_tools.languages.javascript_record import Record

_LITERALS = frozenset({"string", "template_string", "number", "regex", "true", "false", "null"})
_CLASSES = frozenset({"class"})
_WRAPPING_CALLS = frozenset({"memo", "forwardRef", "useCallback", "observer", "debounce", "throttle", "once"})
_KEYWORD = re.compile(rb"\b(const|let|var)\s+$")
_GLOBAL_OBJECTS = frozenset({"window", "globalThis", "global", "self"})
_SIGNATURE_BYTES = 200


def read_variable(record: Record, node: Node, frame: Frame) -> None:
    """One name or pattern of a ``const``, ``let`` or ``var`` statement."""
    target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if target is None or _is_import(record, target, value, frame):
        return
    if target.type != "identifier":
        _read_pattern(record, target, value, frame)
        return
    name = text_of(record.data, target)
    index = MODULE
    made = _made(record.data, value)
    if made is not None:
        record.written.add(target.start_byte)
        kind: DefinitionKind = "class" if made.type in _CLASSES else "function"
        index = record.define(kind, name, node, body_start(made), frame.scope, frame.conditional)
        record.bound[made.start_byte] = index
        if frame.role == "function" and frame.scope != MODULE:
            record.inner_names.append((node.start_byte, name.encode()))
        return
    _bind_declared(record, name, node, value, frame)
    if frame.is_top:
        _define_variable(record, name, node, value, frame)


def _made(data: bytes, value: Node | None) -> Node | None:
    """The function or class expression a name is bound to, plain or in a call that gives the function back."""
    if value is None or value.type in FUNCTIONS or value.type in _CLASSES:
        return value
    if value.type != "call_expression":
        return None
    arguments = value.child_by_field_name("arguments")
    first = first_named(arguments)
    if first is None or first.type not in FUNCTIONS:
        return None
    called = dotted_name(data, value.child_by_field_name("function") or value)
    return first if called.rpartition(".")[2] in _WRAPPING_CALLS else None


def _bind_declared(record: Record, name: str, node: Node, value: Node | None, frame: Frame) -> None:
    declared = type_name(record.data, node.child_by_field_name("type"))
    record.bind(frame.scope, name, (declared, "type") if declared else value_of(record.data, value), node)


def _define_variable(record: Record, name: str, node: Node, value: Node | None, frame: Frame) -> None:
    """A variable at the top of the file; one of a loop's head, or of a block alone, is none."""
    data, start = record.data, node.start_byte
    found = _KEYWORD.search(data[max(0, start - 40) : start])
    if found:
        record.keyword = found[1]
        if data[: start - len(found[0])].endswith(b"(") or (frame.conditional and found[1] != b"var"):
            return
    is_literal = value is not None and value.type in _LITERALS
    is_constant = record.keyword == b"const" and (_is_upper(name) or is_literal)
    end = min(node.end_byte, start + _SIGNATURE_BYTES)
    kind: DefinitionKind = "constant" if is_constant else "global"
    index = record.define(kind, name, node, end, frame.scope, frame.conditional)
    if value is not None and not is_literal:
        hold(record, value, index, frame)


def hold(record: Record, value: Node, holder: int, frame: Frame) -> None:
    """Functions in this object, or in objects handed to this call, become members of the holder."""
    if value.type in ("object", "call_expression", "new_expression", "as_expression", "satisfies_expression"):
        record.frames.append(Frame(value.end_byte, frame.scope, "object", holder, frame.conditional))


def _is_upper(name: str) -> bool:
    return name.isupper()


def _is_import(record: Record, target: Node, value: Node | None, frame: Frame) -> bool:
    """Whether the variable takes a module, or names of one, by ``require`` or ``import()``; notes it if so."""
    data = record.data
    head = value
    taken = ""
    while head is not None and head.type in ("await_expression", "parenthesized_expression", "member_expression"):
        if head.type == "member_expression":
            taken = text_of(data, head.child_by_field_name("property"))
        head = head.child_by_field_name("object") if head.type == "member_expression" else first_named(head)
    module = required_module(data, head)
    if head is None or not module:
        return False
    line = head.start_point.row + 1
    record.written.add(head.start_byte)
    if target.type == "identifier":
        name = text_of(data, target)
        record.written.add(target.start_byte)
        alias = "" if name == taken else name
        record.imports.append(Import(module, taken, alias, 0, line, False, False, False, frame.scope))
    else:
        for name, alias in required_names(data, target):
            record.imports.append(Import(module, name, alias, 0, line, False, False, False, frame.scope))
    return True


def required_module(data: bytes, call: Node | None) -> str:
    """Module that ``require('x')`` or ``import('x')`` takes; empty for any other expression."""
    if call is None or call.type != "call_expression":
        return ""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None or text_of(data, function) not in ("require", "import"):
        return ""
    first = first_named(arguments)
    return property_name(data, first) if first is not None and first.type == "string" else ""


def _read_pattern(record: Record, target: Node, value: Node | None, frame: Frame) -> None:
    """Destructuring: each name is a member of what is taken apart."""
    whole = value_of(record.data, value)
    for name, alias in required_names(record.data, target):
        if whole is not None and whole[1] == "name":
            record.bind(frame.scope, alias or name, (f"{whole[0]}.{name}", "name"), target)
        if frame.is_top and not frame.conditional:
            end = target.end_byte
            kind: DefinitionKind = "constant" if _is_upper(alias or name) else "global"
            record.define(kind, alias or name, target, end, frame.scope, frame.conditional)


def read_assignment(record: Record, node: Node, frame: Frame) -> None:
    """An assignment: an export, a member given to a class or object, an attribute, or a plain name."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    if left.type == "identifier":
        record.written.add(left.start_byte)
        if _is_import(record, left, right, frame):
            return
        record.bind(frame.scope, text_of(record.data, left), value_of(record.data, right), node)
        return
    if left.type != "member_expression":
        return
    path = dotted_name(record.data, left)
    exported = _exported_name(path)
    if exported is not None and frame.scope == MODULE:
        _read_commonjs(record, node, exported, right, frame)
    elif path.startswith("self."):
        _read_attribute(record, node, path, right, frame)
    elif right.type in FUNCTIONS or right.type in _CLASSES:
        _define_member(record, node, path, right, frame)
    elif right.type == "object":
        _hold_object(record, path, right, frame)


def _exported_name(path: str) -> str | None:
    """Name a CommonJS assignment exports, empty for the module as a whole; `None` for other assignments."""
    if path == "module.exports":
        return ""
    for prefix in ("exports.", "module.exports."):
        if path.startswith(prefix) and "." not in path[len(prefix) :]:
            return path[len(prefix) :]
    return None


def _read_commonjs(record: Record, node: Node, exported: str, right: Node, frame: Frame) -> None:
    """``module.exports = ...`` and ``exports.name = ...``."""
    record.declares_exports = True
    name = exported or "default"
    made = _made(record.data, right)
    module = required_module(record.data, right)
    if module:
        star = not exported
        line = node.start_point.row + 1
        record.written.add(right.start_byte)
        record.imports.append(Import(module, "*" if star else "", exported, 0, line, star, False, True))
    elif made is not None:
        _export_made(record, node, name, made, frame)
    elif right.type == "object" and not exported:
        _export_object(record, right, frame)
    else:
        record.exports[name] = None
        record.bind(MODULE, name, value_of(record.data, right), node)
        record.written.add(right.start_byte)
        if right.type == "object":
            record.exports[name] = None
            hold(record, right, record.define("global", name, node, node.start_byte + 80, MODULE), frame)


def _export_made(record: Record, node: Node, name: str, made: Node, frame: Frame) -> None:
    own = text_of(record.data, made.child_by_field_name("name"))
    kind: DefinitionKind = "class" if made.type in _CLASSES else "function"
    called = own if own and name == "default" else name
    record.bound[made.start_byte] = record.define(kind, called, node, body_start(made), MODULE, frame.conditional)
    record.export(name, called, node)


def _export_object(record: Record, right: Node, frame: Frame) -> None:
    """Properties of ``module.exports = {...}``: names of the file, or functions of their own."""
    for child in right.named_children:
        if child.type == "shorthand_property_identifier":
            record.written.add(child.start_byte)
            record.exports[text_of(record.data, child)] = None
        elif child.type == "method_definition":
            record.exports[property_name(record.data, child.child_by_field_name("name"))] = None
        elif child.type == "pair":
            name = property_name(record.data, child.child_by_field_name("key"))
            value = child.child_by_field_name("value")
            record.exports[name] = None
            module = required_module(record.data, value)
            if value is not None and module:
                line = value.start_point.row + 1
                record.written.add(value.start_byte)
                record.imports.append(Import(module, "", name, 0, line, False, False, True))
            elif value is not None and value.type not in FUNCTIONS:
                record.bind(MODULE, name, value_of(record.data, value), child)
    hold(record, right, MODULE, frame)


def _read_attribute(record: Record, node: Node, path: str, right: Node, frame: Frame) -> None:
    """``this.x = ...``: a function makes a method of the class around, or a function of the function around."""
    if right.type in FUNCTIONS and frame.scope != MODULE and "." not in path[5:]:
        around = record.definitions[frame.scope]
        in_class = around.kind == "method" and around.parent != MODULE
        parent = around.parent if in_class else frame.scope
        kind: DefinitionKind = "method" if in_class else "function"
        index = record.define(kind, path[5:], node, body_start(right), parent, frame.conditional)
        record.bound[right.start_byte] = index
        return
    if frame.scope != MODULE:
        record.bind(frame.scope, path, value_of(record.data, right), node)


def _define_member(record: Record, node: Node, path: str, right: Node, frame: Frame) -> None:
    """``Type.prototype.name = function``, ``thing.name = function``, ``window.name = function``."""
    owner, _, name = path.rpartition(".")
    is_prototype = owner.endswith(".prototype") or owner.endswith(".fn")
    holder = owner.removesuffix(".prototype")
    kind: DefinitionKind = "class" if right.type in _CLASSES else "function"
    if not name or owner.startswith("...") or "(" in path or "[" in path:
        return
    if holder in _GLOBAL_OBJECTS:
        record.bound[right.start_byte] = record.define(kind, name, node, body_start(right), MODULE)
        return
    parent = record.by_qualname.get(holder, MODULE)
    if parent != MODULE:
        made = record.definitions[parent]
        if is_prototype and made.kind in ("function", "global"):
            record.definitions[parent] = made = made._replace(kind="class")
        if kind == "function" and made.kind in ("class", "global", "constant", "interface"):
            kind = "method"
        record.bound[right.start_byte] = record.define(kind, name, node, body_start(right), parent, frame.conditional)
    elif frame.scope == MODULE:
        qualname = f"{holder}.{name}"
        index = record.define(kind, name, node, body_start(right), MODULE, frame.conditional, qualname)
        record.bound[right.start_byte] = index


def _hold_object(record: Record, path: str, right: Node, frame: Frame) -> None:
    """``Type.prototype = {...}`` and ``thing.part = {...}`` give their functions to the type or thing."""
    parent = record.by_qualname.get(path.removesuffix(".prototype"), MODULE)
    if parent == MODULE:
        parent = record.by_qualname.get(path.rpartition(".")[0], MODULE)
    if parent == MODULE:
        return
    made = record.definitions[parent]
    if path.endswith(".prototype") and made.kind == "function":
        record.definitions[parent] = made._replace(kind="class")
    if record.definitions[parent].kind in ("class", "global", "constant"):
        hold(record, right, parent, frame)


def read_parameter(record: Record, node: Node, frame: Frame) -> None:
    """A typed parameter; one with an access modifier is a field of the class too."""
    pattern, declared = node.child_by_field_name("pattern"), type_name(record.data, node.child_by_field_name("type"))
    if pattern is None or pattern.type != "identifier" or not declared:
        return
    name = text_of(record.data, pattern)
    record.bind(frame.scope, name, (declared, "type"), node)
    around = record.definitions[frame.scope] if frame.scope != MODULE else None
    if around is None or around.name != "constructor" or around.parent == MODULE:
        return
    if any(child.type in ("accessibility_modifier", "readonly", "override_modifier") for child in node.children):
        record.bind(around.parent, name, (declared, "type"), node)
