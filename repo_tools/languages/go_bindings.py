"""What names of a Go file stand for: declared types, results, fields, and what ``:=`` binds them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import Binding, BindingKind
from repowright.repo_tools.languages.compiled_calls import CALLEE_LIMIT, dotted_text
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.go_syntax import BUILT_IN, receiver_of, type_name

Captures = Mapping[str, list[Node]]
SelfIn = Callable[[int, str], str]
"""Writes ``self`` for the receiver's name: from an offset and dotted text."""

_LEAVES = frozenset({"constant", "global", "typedef"})


def bindings_of(found: Captures, source: SourceText, outline: Outline, selfish: SelfIn) -> list[Binding]:
    """Every binding of the file, in source order."""
    definitions = outline.definitions
    holders = ScopeMap(span for span in outline.spans if span[2] < 0 or definitions[span[2]].kind not in _LEAVES)
    bindings = [
        *_results(found, source, outline),
        *_declared(found, source, holders),
        *_embedded(found, source, holders),
        *_given(found, source, holders, selfish),
        *_aliases(found, source, holders),
    ]
    return sorted(bindings, key=lambda binding: binding.line)


def _results(found: Captures, source: SourceText, outline: Outline) -> Iterator[Binding]:
    """The first result of each function, and what its receiver is."""
    indices = outline.index_at()
    for node in found.get("method", []):
        name, value = receiver_of(node, source)
        if name and value and node.start_byte in indices:
            yield Binding(indices[node.start_byte], "self", value, "type", source.line(node.start_byte))
    for key in ("function", "method", "required"):
        for node in found.get(key, []):
            result = node.child_by_field_name("result")
            if result is not None and result.type == "parameter_list":
                first = result.named_children[0] if result.named_child_count else None
                result = first.child_by_field_name("type") if first is not None else None
            value = type_name(result, source)
            index = indices.get(node.start_byte)
            if value and index is not None:
                yield Binding(index, "", value, "return", source.line(node.start_byte))


def _declared(found: Captures, source: SourceText, holders: ScopeMap) -> Iterator[Binding]:
    receivers = {node.child_by_field_name("receiver") for node in found.get("method", [])}
    first = {listed.start_byte + 1 for listed in receivers if listed is not None}
    for key in ("parameter", "field", "variable", "constant"):
        for node in found.get(key, []):
            if node.start_byte in first or node.type == "variadic_parameter_declaration":
                continue
            value = type_name(node.child_by_field_name("type"), source)
            if not value:
                continue
            scope = holders.at(node.start_byte)
            for name in node.children_by_field_name("name"):
                if name.type in ("identifier", "field_identifier") and (
                    scope >= 0 or key not in ("parameter", "field")
                ):
                    yield Binding(scope, source.text(name), value, "type", source.line(name.start_byte))


def _embedded(found: Captures, source: SourceText, holders: ScopeMap) -> Iterator[Binding]:
    """An embedded type is a field of its own name."""
    for node in found.get("field", []):
        scope = holders.at(node.start_byte)
        value = "" if node.child_by_field_name("name") else type_name(node.child_by_field_name("type"), source)
        if value and scope >= 0:
            yield Binding(scope, value.rpartition(".")[2], value, "type", source.line(node.start_byte))


def _given(found: Captures, source: SourceText, holders: ScopeMap, selfish: SelfIn) -> Iterator[Binding]:
    """Names bound to values by ``:=``, ``var`` and assignments to fields; of several results the first."""
    pairs = (("short", "left", "right"), ("assignment", "left", "right"), ("variable", "name", "value"))
    for key, left, right in pairs:
        for node in found.get(key, []):
            if key == "variable" and node.child_by_field_name("type") is not None:
                continue
            names = _listed(node, left)
            values = _listed(node, right)
            wanted = names if len(names) == len(values) else names[:1]
            for name, value in zip(wanted, values, strict=False):
                yield from _bound(name, value, source, holders, selfish)


def _listed(node: Node, field: str) -> list[Node]:
    if field == "name":
        return [child for child in node.children_by_field_name("name") if child.type == "identifier"]
    listed = node.child_by_field_name(field)
    return listed.named_children if listed is not None else []


def _bound(name: Node, value: Node, source: SourceText, holders: ScopeMap, selfish: SelfIn) -> Iterator[Binding]:
    start = name.start_byte
    if name.type not in ("identifier", "selector_expression") or name.end_byte - start > CALLEE_LIMIT:
        return
    written = selfish(start, dotted_text(source.data[start : name.end_byte]))
    given, kind = _origin(value, source)
    if given and written != "_" and given.encode() not in BUILT_IN:
        yield Binding(holders.at(start), written, selfish(value.start_byte, given), kind, source.line(start))


def _origin(value: Node, source: SourceText) -> tuple[str, BindingKind]:
    """What a value is: the result of a call, a literal of a type, or another name."""
    while value.type in ("unary_expression", "parenthesized_expression") and value.named_child_count:
        value = value.named_children[0]
    if value.type == "composite_literal":
        return type_name(value.child_by_field_name("type"), source), "call"
    if value.type == "type_assertion_expression":
        return type_name(value.child_by_field_name("type"), source), "type"
    if value.type == "call_expression":
        return _called(value, source)
    if value.type in ("identifier", "selector_expression") and value.end_byte - value.start_byte <= CALLEE_LIMIT:
        return dotted_text(source.data[value.start_byte : value.end_byte]), "name"
    return "", "name"


def _called(call: Node, source: SourceText) -> tuple[str, BindingKind]:
    function = call.child_by_field_name("function")
    if function is None or function.end_byte - function.start_byte > CALLEE_LIMIT:
        return "", "call"
    text = dotted_text(source.data[function.start_byte : function.end_byte])
    if text == "new":
        arguments = call.child_by_field_name("arguments")
        first = arguments.named_children[0] if arguments is not None and arguments.named_child_count else None
        return type_name(first, source), "call"
    return ("" if "{" in text else text), "call"


def _aliases(found: Captures, source: SourceText, holders: ScopeMap) -> Iterator[Binding]:
    for node in found.get("type", []):
        value = type_name(node.child_by_field_name("type"), source)
        if value:
            name = source.text(node.child_by_field_name("name"))
            yield Binding(holders.at(node.start_byte), name, value, "name", source.line(node.start_byte))
