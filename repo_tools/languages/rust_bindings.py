"""What names of a Rust file stand for: annotated types, results, fields, and what ``let`` binds them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, Binding
from repowright.repo_tools.languages.compiled_calls import CALLEE_LIMIT, dotted_text
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.rust_syntax import origin_of, path_text, type_name

Captures = Mapping[str, list[Node]]
NameIn = Callable[[int, str], str]
"""Writes the enclosing type for ``Self``: from an offset and a dotted name."""

_PATHS = frozenset({"identifier", "scoped_identifier", "field_expression"})


def bindings_of(found: Captures, source: SourceText, outline: Outline, named: NameIn) -> list[Binding]:
    """Every binding of the file, in source order."""
    holders = ScopeMap(
        span for span in outline.spans if span[2] == MODULE or outline.definitions[span[2]].kind not in _LEAVES
    )
    bindings = [
        *_results(found, source, outline, named),
        *_annotated(found, source, holders, named),
        *_let(found, source, holders, named),
        *_assigned(found, source, holders, named),
        *_aliases(found, source, holders, named),
    ]
    return sorted(bindings, key=lambda binding: binding.line)


_LEAVES = frozenset({"constant", "global", "typedef"})


def _results(found: Captures, source: SourceText, outline: Outline, named: NameIn) -> Iterator[Binding]:
    indices = outline.index_at()
    for node in found.get("function", []):
        index = indices.get(node.start_byte)
        value = type_name(node.child_by_field_name("return_type"), source)
        if index is not None and value:
            yield Binding(index, "", named(node.start_byte, value), "return", source.line(node.start_byte))


def _annotated(found: Captures, source: SourceText, holders: ScopeMap, named: NameIn) -> Iterator[Binding]:
    """Parameters, fields, constants and statics; fields of a tuple struct are called by their numbers."""
    for key, field in (("parameter", "pattern"), ("field", "name"), ("constant", "name"), ("global", "name")):
        for node in found.get(key, []):
            name = node.child_by_field_name(field)
            value = type_name(node.child_by_field_name("type"), source)
            if value and name is not None and name.type in ("identifier", "field_identifier"):
                start = node.start_byte
                yield Binding(holders.at(start), source.text(name), named(start, value), "type", source.line(start))
    for node in found.get("ordered", []):
        for number, described in enumerate(node.children_by_field_name("type")):
            value = type_name(described, source)
            start = described.start_byte
            if value:
                yield Binding(holders.at(start), str(number), named(start, value), "type", source.line(start))


def _let(found: Captures, source: SourceText, holders: ScopeMap, named: NameIn) -> Iterator[Binding]:
    for node in found.get("let", []):
        pattern = node.child_by_field_name("pattern")
        if pattern is None or pattern.type != "identifier":
            continue
        start = node.start_byte
        declared = type_name(node.child_by_field_name("type"), source)
        if declared:
            value = named(start, declared)
            yield Binding(holders.at(start), source.text(pattern), value, "type", source.line(start))
            continue
        yield from _valued(node, "value", source.text(pattern), source, holders, named)


def _assigned(found: Captures, source: SourceText, holders: ScopeMap, named: NameIn) -> Iterator[Binding]:
    """Fields of ``self`` that a method sets."""
    for node in found.get("assignment", []):
        left = node.child_by_field_name("left")
        text = path_text(left, source) if left is not None and source.data.startswith(b"self", left.start_byte) else ""
        if text.startswith("self."):
            yield from _valued(node, "right", text, source, holders, named)


def _valued(
    node: Node, field: str, name: str, source: SourceText, holders: ScopeMap, named: NameIn
) -> Iterator[Binding]:
    """What a name gets from a value, if the value is a call, a struct, or another name."""
    origin = origin_of(node.child_by_field_name(field))
    if origin is None:
        return
    start = node.start_byte
    scope, line = holders.at(start), source.line(start)
    if origin.type == "call_expression":
        function = origin.child_by_field_name("function")
        if function is not None and function.end_byte - function.start_byte <= CALLEE_LIMIT:
            value = dotted_text(source.data[function.start_byte : function.end_byte])
            yield Binding(scope, name, named(start, value), "call", line)
    elif origin.type == "struct_expression":
        value = type_name(origin.child_by_field_name("name"), source)
        if value:
            yield Binding(scope, name, named(start, value), "type", line)
    elif origin.type in _PATHS and origin.end_byte - origin.start_byte <= CALLEE_LIMIT:
        yield Binding(scope, name, named(start, path_text(origin, source)), "name", line)


def _aliases(found: Captures, source: SourceText, holders: ScopeMap, named: NameIn) -> Iterator[Binding]:
    for node in found.get("typedef", []):
        value = type_name(node.child_by_field_name("type"), source)
        start = node.start_byte
        if value:
            name = source.text(node.child_by_field_name("name"))
            yield Binding(holders.at(start), name, named(start, value), "name", source.line(start))
