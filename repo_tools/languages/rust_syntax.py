"""Rust's concrete syntax: the query every file is read with, type names and what a value comes from."""

from __future__ import annotations

import tree_sitter_rust
from tree_sitter import Node

from repowright.repo_tools.languages.compiled_calls import dotted_text
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.grammar import Grammar

GRAMMAR = Grammar(tree_sitter_rust.language)

QUERY = """
(function_item name: (_) @declared) @function
(function_signature_item name: (_) @declared) @function
(struct_item name: (_) @declared) @struct
(enum_item name: (_) @declared) @enum
(union_item name: (_) @declared) @union
(trait_item name: (_) @declared) @trait
(enum_variant name: (_) @declared) @constant
(const_item name: (_) @declared) @constant
(static_item name: (_) @declared) @global
(type_item name: (_) @declared) @typedef
(associated_type name: (_) @declared) @typedef
(macro_definition name: (_) @declared) @macro
(mod_item name: (_) @declared) @namespace
(type_parameter name: (type_identifier) @generic)
(const_parameter name: (identifier) @generic)
(impl_item) @impl
(foreign_mod_item) @foreign
(use_declaration) @use
(extern_crate_declaration) @use
(attribute_item) @attribute
(inner_attribute_item) @inner_attribute
(line_comment) @comment
(block_comment) @comment
(call_expression function: [(identifier) (scoped_identifier) (field_expression) (call_expression)] @callee)
(call_expression function: (generic_function function: (_) @callee))
(call_expression function: (parenthesized_expression) @callee)
(macro_invocation macro: (_) @invoked)
(token_tree (identifier) @token . (token_tree))
(let_declaration) @let
(parameter) @parameter
(field_declaration) @field
(ordered_field_declaration_list) @ordered
(assignment_expression left: (field_expression)) @assignment
(let_declaration pattern: (identifier) @local)
(let_condition pattern: (identifier) @local)
(parameter pattern: (identifier) @local)
(closure_parameters (identifier) @local)
(for_expression pattern: (identifier) @local)
(tuple_pattern (identifier) @local)
(tuple_struct_pattern (identifier) @local)
(slice_pattern (identifier) @local)
(mut_pattern (identifier) @local)
(ref_pattern (identifier) @local)
(reference_pattern (identifier) @local)
(captured_pattern (identifier) @local)
(or_pattern (identifier) @local)
(match_pattern (identifier) @local)
(field_pattern pattern: (identifier) @local)
(shorthand_field_identifier) @local
(lifetime (identifier) @skipped)
(label (identifier) @skipped)
(token_tree_pattern (identifier) @skipped)
(identifier) @name
(type_identifier) @name
(scoped_identifier) @name
(scoped_type_identifier) @name
"""

_PRELUDE = """
Some None Ok Err Option Result Vec String Box Rc Arc Cell RefCell Self self std core alloc Clone Copy Debug Default
Drop Eq Fn FnMut FnOnce From Hash Into Iterator IntoIterator Ord PartialEq PartialOrd Send Sized Sync ToOwned ToString
TryFrom TryInto Unpin AsRef AsMut DoubleEndedIterator ExactSizeIterator Extend FromIterator drop str bool char u8 u16
u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 _ true false as async await break const continue crate dyn else
enum extern fn for if impl in let loop match mod move mut pub ref return static struct super trait type unsafe use
where while
"""
_POINTERS = """
Box Rc Arc Weak Option Result RefCell Cell Mutex RwLock Pin Cow ManuallyDrop MutexGuard Ref RefMut OnceCell OnceLock
LazyLock Lazy Py Bound
"""
_CONVERSIONS = """
unwrap expect unwrap_or_default clone cloned to_owned as_ref as_mut borrow borrow_mut lock read write context
with_context into_inner
"""

BUILT_IN = frozenset(_PRELUDE.encode().split())
"""Names that every file has without asking, and reserved words as they stand in macro arguments."""

_WRAPPERS = frozenset(_POINTERS.split())
_INSIDE = frozenset({"reference_type", "pointer_type"})
_BOUND = frozenset({"dynamic_type", "abstract_type"})
_TRANSPARENT = frozenset({"try_expression", "await_expression", "reference_expression", "parenthesized_expression"})
_PASSED_ON = frozenset(_CONVERSIONS.split())
_VALUE_LIMIT = 200


def type_name(node: Node | None, source: SourceText) -> str:
    """Dotted name of a type without references, generic arguments and the usual smart pointers; empty for none."""
    while node is not None:
        kind = node.type
        if kind in ("type_identifier", "scoped_type_identifier"):
            return path_text(node, source)
        if kind in _INSIDE:
            node = node.child_by_field_name("type")
        elif kind in _BOUND:
            node = node.child_by_field_name("trait")
        elif kind == "generic_type":
            outer = node.child_by_field_name("type")
            inner = _first_argument(node)
            if source.text(outer) not in _WRAPPERS or inner is None:
                return path_text(outer, source) if outer is not None else ""
            node = inner
        elif kind == "bounded_type":
            node = next((child for child in node.named_children if child.type != "lifetime"), None)
        else:
            return ""
    return ""


def path_text(node: Node, source: SourceText) -> str:
    """A path with dots for its colons and without generic arguments."""
    return dotted_text(source.data[node.start_byte : node.end_byte]).removeprefix(".")


def _first_argument(node: Node) -> Node | None:
    arguments = node.child_by_field_name("type_arguments")
    children = arguments.named_children if arguments is not None else []
    return next((child for child in children if child.type != "lifetime"), None)


def origin_of(node: Node | None) -> Node | None:
    """What a value comes from, ``?``, ``.await``, references, clones and the usual wrappers taken off."""
    while node is not None:
        if node.type in _TRANSPARENT:
            node = next((child for child in node.named_children if child.type != "mutable_specifier"), None)
            continue
        if node.type != "call_expression":
            return node
        inner = _unwrapped(node)
        if inner is None:
            return node
        node = inner
    return None


def _unwrapped(call: Node) -> Node | None:
    function = call.child_by_field_name("function")
    if function is None or function.text is None:
        return None
    if function.type == "field_expression":
        field = function.child_by_field_name("field")
        name = (field.text or b"").decode("utf-8", "replace") if field is not None else ""
        return function.child_by_field_name("value") if name in _PASSED_ON else None
    if function.end_byte - function.start_byte > _VALUE_LIMIT:
        return None
    text = dotted_text(function.text)
    if text in ("Some", "Ok") or (text.endswith(".new") and text[: -len(".new")].rpartition(".")[2] in _WRAPPERS):
        arguments = call.child_by_field_name("arguments")
        return arguments.named_children[0] if arguments is not None and arguments.named_child_count == 1 else None
    return None
