"""What names of a C file stand for: types of variables, fields and results, and functions handed to pointers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, Binding, Definition
from repowright.repo_tools.languages.c_syntax import declarator_of, declarators_of, declared_type, type_name
from repowright.repo_tools.languages.compiled_calls import CALLEE_LIMIT, dotted_text
from repowright.repo_tools.languages.compiled_names import Locals
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText

Captures = Mapping[str, list[Node]]

_MEMBER = re.compile(r"[\w.]+\Z")
_VARIABLES = frozenset({"global", "constant"})


def bindings_of(found: Captures, source: SourceText, outline: Outline, local: Locals) -> list[Binding]:
    """Every binding of the file, in source order."""
    definitions = outline.definitions
    scopes = outline.scopes()
    holders = ScopeMap(span for span in outline.spans if not _is_variable(definitions, span[2]))
    bindings = [
        *_results(found, source, outline),
        *_fields(found, source, holders),
        *_variables(found, source, holders, local),
        *_aliases(found, source),
        *_handed(found, source, scopes, holders, definitions, local),
    ]
    return sorted(bindings, key=lambda binding: binding.line)


def _is_variable(definitions: tuple[Definition, ...], index: int) -> bool:
    return definitions[index].kind in _VARIABLES


def _results(found: Captures, source: SourceText, outline: Outline) -> Iterator[Binding]:
    """Result types of functions and prototypes."""
    functions = {start: index for start, _, index in outline.spans if outline.definitions[index].kind == "function"}
    for node in (*found.get("function", []), *found.get("declaration", [])):
        index = functions.get(node.start_byte)
        value = declared_type(node, source) if index is not None else ""
        if index is not None and value:
            yield Binding(index, "", value, "return", source.line(node.start_byte))


def _fields(found: Captures, source: SourceText, holders: ScopeMap) -> Iterator[Binding]:
    """Types of fields; a field of an anonymous struct is named by the way to it."""
    prefixes = _prefixes(found, source)
    for node in found.get("field", []):
        value = declared_type(node, source)
        if not value:
            continue
        way = prefixes.way_to(node.start_byte)
        scope = holders.at(node.start_byte)
        for _, declared in declarators_of(node):
            if not declared.calls_through:
                name = f"{way}{source.text(declared.name)}"
                yield Binding(scope, name, value, "type", source.line(declared.name.start_byte))


class _Prefixes:
    """Names that lead to the fields of structs without a name of their own."""

    def __init__(self, ways: list[str], spans: ScopeMap) -> None:
        self._ways = ways
        self._spans = spans

    def way_to(self, offset: int) -> str:
        index = self._spans.at(offset)
        return self._ways[index] if index != MODULE else ""


def _prefixes(found: Captures, source: SourceText) -> _Prefixes:
    ways: list[str] = []
    spans: list[tuple[int, int, int]] = []
    around: list[tuple[int, str]] = []
    nodes = sorted((*found.get("struct", []), *found.get("union", [])), key=lambda node: node.start_byte)
    for node in nodes:
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        outer = around[-1][1] if around else ""
        way = "" if node.child_by_field_name("name") else outer + _member(node, source)
        spans.append((node.start_byte, node.end_byte, len(ways)))
        ways.append(way)
        around.append((node.end_byte, way))
    return _Prefixes(ways, ScopeMap(spans))


def _member(node: Node, source: SourceText) -> str:
    """``name.`` of the member or variable whose type an anonymous struct is."""
    holder = node.parent
    if holder is None or holder.type not in ("field_declaration", "declaration"):
        return ""
    declared = declarator_of(holder.child_by_field_name("declarator"))
    return f"{source.text(declared.name)}." if declared else ""


def _variables(found: Captures, source: SourceText, holders: ScopeMap, local: Locals) -> Iterator[Binding]:
    """Types of parameters and variables, and what function pointers begin as."""
    for node in (*found.get("declaration", []), *found.get("parameter", [])):
        value = declared_type(node, source)
        scope = holders.at(node.start_byte)
        if node.type == "parameter_declaration" and scope == MODULE:
            continue
        for part, declared in declarators_of(node):
            if declared.is_function:
                continue
            name = source.text(declared.name)
            line = source.line(declared.name.start_byte)
            if value and not declared.calls_through:
                yield Binding(scope, name, value, "type", line)
            given = _handed_name(part.child_by_field_name("value"), source)
            if given and given.encode() not in local.get(scope, ()):
                yield Binding(scope, name, given, "name", line)


def _aliases(found: Captures, source: SourceText) -> Iterator[Binding]:
    """Types that typedefs give another name."""
    for node in found.get("typedef", []):
        described = node.child_by_field_name("type")
        value = type_name(described, source)
        names = [declared for _, declared in declarators_of(node) if not declared.calls_through]
        if not value and described is not None and described.child_by_field_name("body") is not None:
            value = next((source.text(declared.name) for declared in names if not declared.shapes), "")
        for declared in names:
            name = source.text(declared.name)
            if value and value != name and not declared.is_function:
                yield Binding(MODULE, name, value, "name", source.line(declared.name.start_byte))


def _handed(
    found: Captures,
    source: SourceText,
    scopes: ScopeMap,
    holders: ScopeMap,
    definitions: tuple[Definition, ...],
    local: Locals,
) -> Iterator[Binding]:
    """Names put into members: ``ops->read = f`` and ``{ .read = f }``."""
    for node in found.get("handed", []):
        scope = scopes.at(node.start_byte)
        if node.type == "assignment_expression":
            name = _dotted(node.child_by_field_name("left"), source)
            given = _handed_name(node.child_by_field_name("right"), source)
        else:
            name = _designated(node, source)
            given = _handed_name(node.child_by_field_name("value"), source)
            if scope != MODULE and _is_variable(definitions, scope):
                name = f"{definitions[scope].name}{name}"
        if given and name and not name.startswith(".") and given.encode() not in local.get(scope, ()):
            yield Binding(holders.at(node.start_byte), name, given, "name", source.line(node.start_byte))


def _handed_name(node: Node | None, source: SourceText) -> str:
    """The plain name a value is, or the name whose address it is."""
    if node is not None and node.type == "pointer_expression" and source.data[node.start_byte] == ord("&"):
        node = node.child_by_field_name("argument")
    return source.text(node) if node is not None and node.type == "identifier" else ""


def _dotted(node: Node | None, source: SourceText) -> str:
    """Dotted text of a member; empty for one of an element, a call, or of what the parser patched up."""
    if node is None or node.end_byte - node.start_byte > CALLEE_LIMIT:
        return ""
    text = dotted_text(source.data[node.start_byte : node.end_byte])
    return text if _MEMBER.match(text) else ""


def _designated(node: Node, source: SourceText) -> str:
    designator = node.child_by_field_name("designator")
    return _dotted(designator, source) if designator is not None and designator.type == "field_designator" else ""
