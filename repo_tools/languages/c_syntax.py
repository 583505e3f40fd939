"""C's concrete syntax: the query every file is read with, declarators and type names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter_c
from tree_sitter import Node

from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.grammar import Grammar

GRAMMAR = Grammar(tree_sitter_c.language)

QUERY = """
(function_definition) @function
(declaration) @declaration
(ERROR (declaration) @debris)
(ERROR (function_declarator) @headless)
(ERROR (pointer_declarator (function_declarator) @headless))
(translation_unit (compound_statement) @stray)
(preproc_ifdef (compound_statement) @stray)
(declaration_list (compound_statement) @stray)
(type_definition) @typedef
(struct_specifier body: (_)) @struct
(union_specifier body: (_)) @union
(enum_specifier body: (_)) @enum
(enumerator name: (identifier) @declared) @enumerator
(field_declaration) @field
(parameter_declaration) @parameter
(preproc_def name: (identifier) @declared) @macro
(preproc_function_def name: (identifier) @declared) @macro
(preproc_params (identifier) @declared)
(preproc_include) @include
(preproc_if) @condition
(preproc_ifdef) @condition
(call_expression function: (_) @callee)
(assignment_expression
  left: (field_expression)
  right: [(identifier) (pointer_expression argument: (identifier))]) @handed
(initializer_pair value: [(identifier) (pointer_expression argument: (identifier))]) @handed
(init_declarator declarator: (identifier) @local)
(declaration declarator: (identifier) @local)
(pointer_declarator declarator: (identifier) @local)
(array_declarator declarator: (identifier) @local)
(parameter_declaration declarator: (identifier) @local)
(parenthesized_declarator (identifier) @local)
(function_definition declarator: (_ (parameter_list (identifier) @local)))
(function_declarator declarator: (identifier) @declared)
(struct_specifier name: (_) @declared body: (_))
(union_specifier name: (_) @declared body: (_))
(enum_specifier name: (_) @declared body: (_))
(type_definition declarator: (type_identifier) @declared)
(pointer_declarator declarator: (type_identifier) @declared)
(array_declarator declarator: (type_identifier) @declared)
(function_declarator declarator: (type_identifier) @declared)
(attribute_specifier (argument_list (identifier) @declared))
(attribute_specifier (argument_list (call_expression function: (identifier) @declared)))
(identifier) @name
(type_identifier) @type
(comment) @comment
"""

_RESERVED = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while _Alignas _Alignof
_Atomic _Bool _Generic _Noreturn _Static_assert _Thread_local alignof offsetof defined bool true false __attribute__
__declspec __extension__ __inline __inline__ __restrict __volatile__ __asm__ asm typeof
"""
_COMMON = """
NULL EOF FILE errno stdin stdout stderr va_list size_t ssize_t ptrdiff_t intptr_t uintptr_t wchar_t off_t int8_t
int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t time_t pid_t nullptr __func__ __FILE__ __LINE__ __FUNCTION__
__cplusplus __VA_ARGS__ NAN INFINITY
"""

KEYWORDS = frozenset(_RESERVED.split())
"""Reserved words, which a broken file may seem to define or call."""

BUILT_IN = frozenset(name.encode() for name in (*KEYWORDS, *_COMMON.split()))
"""Names of the language and of the headers that nearly every file includes."""

_INNER = frozenset({"parenthesized_declarator", "attributed_declarator"})
_NAMES = frozenset({"identifier", "type_identifier", "field_identifier"})
_TAGGED = frozenset({"struct_specifier", "union_specifier", "enum_specifier"})


class Declarator(NamedTuple):
    """One declared name.

    Parameters
    ----------
    shapes
        Node types around the name, from the outermost inwards, parentheses left out.
    pointer
        The outermost pointer node.
    """

    name: Node
    shapes: tuple[str, ...]
    pointer: Node | None

    @property
    def is_function(self) -> bool:
        """Whether a function is declared, rather than something that points to one."""
        return bool(self.shapes) and self.shapes[-1] == "function_declarator"

    @property
    def calls_through(self) -> bool:
        """Whether a pointer to a function is declared, or an array of such."""
        return "function_declarator" in self.shapes and not self.is_function


def declarator_of(node: Node | None) -> Declarator | None:
    """Follow a declarator to the name it declares; none in abstract and broken ones."""
    shapes: list[str] = []
    pointer: Node | None = None
    while node is not None:
        kind = node.type
        if kind in _NAMES:
            return Declarator(node, tuple(shapes), pointer)
        if kind == "pointer_declarator" and pointer is None:
            pointer = node
        if kind in _INNER:
            node = next(
                (child for child in node.named_children if child.type in _NAMES or "declarator" in child.type), None
            )
            continue
        if kind != "init_declarator":
            shapes.append(kind)
        node = node.child_by_field_name("declarator")
    return None


def declarators_of(node: Node) -> Iterator[tuple[Node, Declarator]]:
    """Every name that a declaration, typedef or field declares, with the node it is declared by."""
    for child in node.children_by_field_name("declarator"):
        found = declarator_of(child)
        if found is not None:
            yield child, found


def type_name(node: Node | None, source: SourceText) -> str:
    """Name of a type without its tag word; empty for the language's own types and for anonymous ones."""
    if node is None:
        return ""
    kind = node.type
    if kind == "type_identifier":
        return source.text(node)
    if kind in _TAGGED:
        return source.text(node.child_by_field_name("name"))
    if kind == "macro_type_specifier":
        described = node.child_by_field_name("type")
        return type_name(described.child_by_field_name("type"), source) if described else ""
    return ""


def declared_type(node: Node, source: SourceText) -> str:
    """Name of the type a declaration is of; where an unknown macro took its place, of what stands behind that."""
    described = node.child_by_field_name("type")
    if described is None or not node.has_error:
        return type_name(described, source)
    behind = described.next_sibling
    if behind is None or behind.type != "ERROR":
        return type_name(described, source)
    name = source.text(behind.named_children[-1]) if behind.named_child_count else ""
    return name if name.isidentifier() and name.encode() not in BUILT_IN else ""
