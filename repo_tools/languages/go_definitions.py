"""Definitions of a Go file: functions, methods by their receivers, types, constants and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, DefinitionKind, Import, Inheritance
from repowright.repo_tools.languages.compiled_places import Outline, Place, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.go_syntax import receiver_of, type_name

Captures = Mapping[str, list[Node]]

_VALUE_LIMIT = 200
_KEYWORD = re.compile(rb"\b(?:type|const|var)[ \t]+\Z")
_TYPE_KINDS: Mapping[str, DefinitionKind] = {"struct_type": "struct", "interface_type": "interface"}
_WORDS: tuple[tuple[str, str, DefinitionKind], ...] = (("constant", "const", "constant"), ("variable", "var", "global"))


def places_of(found: Captures, source: SourceText) -> list[Place]:
    """Every definition of the file; variables and constants of its top level only."""
    places = [*_methods(found, source), *_types(found, source), *_values(found, source)]
    for node in found.get("function", []):
        places.append(_function("function", node, source))
    for node in found.get("required", []):
        places.append(_function("method", node, source))
    return places


def _function(kind: DefinitionKind, node: Node, source: SourceText) -> Place:
    body = node.child_by_field_name("body")
    end = body.start_byte if body is not None else node.end_byte
    name = source.text(node.child_by_field_name("name"))
    return Place(kind, name, node.start_byte, node.end_byte, source.header(node.start_byte, end))


def _methods(found: Captures, source: SourceText) -> Iterator[Place]:
    for node in found.get("method", []):
        holder = receiver_of(node, source)[1]
        if holder:
            yield Place(None, holder, node.start_byte, node.end_byte)
        yield _function("method", node, source)


def _types(found: Captures, source: SourceText) -> Iterator[Place]:
    for node in found.get("type", []):
        described = node.child_by_field_name("type")
        start = _whole(node, source)
        kind = _TYPE_KINDS.get(described.type if described is not None else "", "typedef")
        end = node.end_byte
        if described is not None and kind != "typedef":
            end = described.start_byte + len(described.type.removesuffix("_type"))
        signature = f"type {source.header(node.start_byte, end, _VALUE_LIMIT)}"
        yield Place(kind, source.text(node.child_by_field_name("name")), start, node.end_byte, signature)


def _whole(node: Node, source: SourceText) -> int:
    """First byte of a declaration, its keyword included where it declares this one thing only."""
    before = _KEYWORD.search(source.data, max(0, node.start_byte - 12), node.start_byte)
    return node.start_byte if before is None else before.start()


def _values(found: Captures, source: SourceText) -> Iterator[Place]:
    inside = ScopeMap(
        (node.start_byte, node.end_byte, 0) for key in ("function", "method") for node in found.get(key, [])
    )
    literals = ScopeMap(_literal_spans(found))
    for key, word, kind in _WORDS:
        for node in found.get(key, []):
            if inside.at(node.start_byte) != MODULE or literals.at(node.start_byte) != MODULE:
                continue
            signature = f"{word} {source.header(node.start_byte, node.end_byte, _VALUE_LIMIT - len(word) - 1)}"
            names = [name for name in node.children_by_field_name("name") if name.type == "identifier"]
            starts = [_whole(node, source), *(name.start_byte for name in names[1:]), node.end_byte]
            for name, start, end in zip(names, starts, starts[1:], strict=False):
                text = source.text(name)
                if text != "_":
                    yield Place(kind, text, start, end, signature)


def _literal_spans(found: Captures) -> Iterator[tuple[int, int, int]]:
    """Bodies of function literals: variables there are local."""
    return ((node.start_byte, node.end_byte, 0) for node in found.get("literal", []))


def imports_of(found: Captures, source: SourceText) -> list[Import]:
    """One import a package; a blank one keeps its underscore, a dot imports every name."""
    imports: list[Import] = []
    for node in found.get("import", []):
        path = source.text(node.child_by_field_name("path"))[1:-1]
        alias = source.text(node.child_by_field_name("name"))
        is_star = alias == "."
        name = "*" if is_star else ""
        line = source.line(node.start_byte)
        imports.append(Import(path, name, "" if is_star else alias, 0, line, is_star=is_star))
    return imports


def inheritances_of(found: Captures, source: SourceText, outline: Outline, scopes: ScopeMap) -> list[Inheritance]:
    """Embedded structs and interfaces."""
    bases: list[Inheritance] = []
    for node in (*found.get("field", []), *found.get("element", [])):
        base = _embedded(node, source)
        scope = scopes.at(node.start_byte)
        if not base or scope == MODULE or outline.definitions[scope].kind not in ("struct", "interface"):
            continue
        bases.append(Inheritance(scope, base, source.line(node.start_byte)))
    return sorted(bases, key=lambda entry: entry.line)


def _embedded(node: Node, source: SourceText) -> str:
    if node.type == "type_elem":
        inner = node.named_children[0] if node.named_child_count == 1 else None
        return "" if inner is None or inner.type == "negated_type" else type_name(inner, source)
    if node.child_by_field_name("name") is not None:
        return ""
    return type_name(node.child_by_field_name("type"), source)
