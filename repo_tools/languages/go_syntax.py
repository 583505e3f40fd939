"""Go's concrete syntax: the query every file is read with, and names of types."""

from __future__ import annotations

import tree_sitter_go
from tree_sitter import Node

from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.grammar import Grammar

GRAMMAR = Grammar(tree_sitter_go.language)

QUERY = """
(function_declaration name: (_) @declared) @function
(method_declaration) @method
(method_elem) @required
(type_spec name: (_) @declared) @type
(type_alias name: (_) @declared) @type
(const_spec name: (identifier) @local) @constant
(var_spec name: (identifier) @local) @variable
(package_clause) @package
(import_spec) @import
(call_expression function: (_) @callee)
(type_conversion_expression type: (generic_type type: (_) @callee))
(field_declaration) @field
(interface_type (type_elem) @element)
(parameter_declaration) @parameter
(variadic_parameter_declaration) @parameter
(short_var_declaration) @short
(assignment_statement left: (expression_list . (selector_expression))) @assignment
(parameter_declaration name: (identifier) @local)
(variadic_parameter_declaration name: (identifier) @local)
(short_var_declaration left: (expression_list (identifier) @local))
(range_clause left: (expression_list (identifier) @local))
(receive_statement left: (expression_list (identifier) @local))
(type_switch_statement alias: (expression_list (identifier) @local))
(type_parameter_declaration name: (identifier) @generic)
(keyed_element key: (literal_element (identifier) @declared))
(selector_expression operand: (identifier)) @selector
(identifier) @name
(type_identifier) @name
(qualified_type) @qualified
(func_literal) @literal
(comment) @comment
"""

_PREDECLARED = """
any append bool byte cap clear close comparable complex complex128 complex64 copy delete error false float32 float64
imag int int16 int32 int64 int8 iota len make max min new nil panic print println real recover rune string true uint
uint16 uint32 uint64 uint8 uintptr _
"""

BUILT_IN = frozenset(_PREDECLARED.encode().split())
"""Names that every file has without asking."""

_INSIDE = frozenset({"parenthesized_type", "pointer_type", "negated_type"})


def type_name(node: Node | None, source: SourceText) -> str:
    """Dotted name of a type without pointers and type arguments; empty for built-in and composite ones."""
    while node is not None:
        kind = node.type
        if kind == "type_identifier":
            name = source.text(node)
            return "" if name.encode() in BUILT_IN else name
        if kind == "qualified_type":
            return "".join(source.text(node).split())
        if kind == "generic_type":
            node = node.child_by_field_name("type")
        elif kind in _INSIDE:
            node = node.named_children[0] if node.named_child_count else None
        else:
            return ""
    return ""


def receiver_of(node: Node, source: SourceText) -> tuple[str, str]:
    """Name and type of a method's receiver; either may be empty."""
    listed = node.child_by_field_name("receiver")
    parameter = listed.named_children[0] if listed is not None and listed.named_child_count else None
    if parameter is None:
        return "", ""
    name = source.text(parameter.child_by_field_name("name"))
    return ("" if name == "_" else name), type_name(parameter.child_by_field_name("type"), source)
