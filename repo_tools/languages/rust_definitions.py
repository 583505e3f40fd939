"""Definitions of a Rust file: items, methods of ``impl`` blocks, and the traits that types implement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, DefinitionKind, Inheritance
from repowright.repo_tools.languages.compiled_places import Outline, Place, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText, comment_text
from repowright.repo_tools.languages.rust_syntax import path_text, type_name

Captures = Mapping[str, list[Node]]

_KINDS: tuple[DefinitionKind, ...] = ("struct", "enum", "union", "trait", "typedef", "constant", "global", "macro")
_LINE_LIMIT = 200
_WHOLE = frozenset({"constant", "global", "typedef"})
_INNER_DOC = re.compile(rb"\{\s*((?://![^\n]*\n\s*)+)")
_CONDITION = (b"#[cfg(", b"#[cfg_attr(")
_TRAITS = frozenset(
    {"type_identifier", "scoped_type_identifier", "generic_type", "function_type", "higher_ranked_trait_bound"}
)


def places_of(found: Captures, source: SourceText) -> list[Place]:
    """Every definition of the file, and the ``impl`` blocks around methods."""
    holders = [*_impls(found, source), *(_item("trait", node, source) for node in found.get("trait", []))]
    inside = ScopeMap((place.start, place.end, 0) for place in holders)
    foreign = ScopeMap((node.start_byte, node.end_byte, 0) for node in found.get("foreign", []))
    places = [*_impls(found, source), *_modules(found, source)]
    for kind in _KINDS:
        places += [_item(kind, node, source) for node in found.get(kind, [])]
    bodies = ScopeMap(_bodies(found))
    for node in found.get("function", []):
        start = node.start_byte
        held = inside.at(start) != MODULE and not _is_nested(bodies, start)
        decorators = ("prototype",) if foreign.at(start) != MODULE else ()
        places.append(_item("method" if held else "function", node, source, decorators))
    return places


def _bodies(found: Captures) -> Iterator[tuple[int, int, int]]:
    """Function bodies, and inside them the blocks whose functions are methods again."""
    for node in found.get("function", []):
        body = node.child_by_field_name("body")
        if body is not None:
            yield body.start_byte, body.end_byte, 0
    for node in (*found.get("impl", []), *found.get("trait", [])):
        yield node.start_byte, node.end_byte, MODULE


def _is_nested(bodies: ScopeMap, start: int) -> bool:
    return bodies.at(start) != MODULE


def _impls(found: Captures, source: SourceText) -> Iterator[Place]:
    for node in found.get("impl", []):
        name = implemented(node, source).rpartition(".")[2]
        if name:
            yield Place(None, name, node.start_byte, node.end_byte)


def implemented(node: Node, source: SourceText) -> str:
    """Name of the type an ``impl`` block is for; of a built-in one as written."""
    described = node.child_by_field_name("type")
    if described is None:
        return ""
    outer = described.child_by_field_name("type") if described.type == "generic_type" else described
    if outer is not None and outer.type in ("type_identifier", "scoped_type_identifier"):
        return path_text(outer, source)
    return type_name(described, source) or source.header(described.start_byte, described.end_byte, 60)


def _modules(found: Captures, source: SourceText) -> Iterator[Place]:
    """Modules written out in the file; the others are imports."""
    for node in found.get("namespace", []):
        body = node.child_by_field_name("body")
        if body is None:
            continue
        inner = _INNER_DOC.match(source.data, body.start_byte)
        doc = comment_text(line.strip() for line in inner[1].decode("utf-8", "replace").splitlines()) if inner else ""
        yield _item("namespace", node, source)._replace(doc=doc)


def _item(kind: DefinitionKind, node: Node, source: SourceText, decorators: tuple[str, ...] = ()) -> Place:
    body = node.child_by_field_name("body")
    name = source.text(node.child_by_field_name("name"))
    if kind == "macro":
        return Place(kind, name, node.start_byte, node.end_byte, f"macro_rules! {name}")
    is_whole = kind in _WHOLE or body is None or body.type == "ordered_field_declaration_list"
    end = node.end_byte if is_whole or body is None else body.start_byte
    limit = _LINE_LIMIT if kind in _WHOLE else 4000
    signature = source.header(node.start_byte, end, limit).removesuffix(";").rstrip().removesuffix(",")
    return Place(kind, name, node.start_byte, node.end_byte, signature, decorators)


def conditions_of(found: Captures, source: SourceText) -> ScopeMap:
    """What stands below a ``cfg`` attribute other than the one of tests."""
    spans: list[tuple[int, int, int]] = []
    for node in found.get("attribute", []):
        text = source.data[node.start_byte : node.start_byte + 64]
        if not text.startswith(_CONDITION[0]) or text.startswith(b"#[cfg(test)]"):
            continue
        below = node.next_named_sibling
        while below is not None and below.type in ("attribute_item", "line_comment", "block_comment"):
            below = below.next_named_sibling
        if below is not None:
            spans.append((node.start_byte, below.end_byte, 0))
    return ScopeMap(spans)


def inheritances_of(found: Captures, source: SourceText, outline: Outline) -> list[Inheritance]:
    """Implemented traits by type, supertraits by trait."""
    indices = outline.index_at()
    bases: list[Inheritance] = []
    for node in found.get("impl", []):
        base = _base(node.child_by_field_name("trait"), source)
        if base:
            index = indices.get(node.start_byte, MODULE)
            name = implemented(node, source) if index == MODULE else ""
            bases.append(Inheritance(index, base, source.line(node.start_byte), name))
    for node in found.get("trait", []):
        bounds = node.child_by_field_name("bounds")
        for bound in bounds.named_children if bounds is not None else []:
            base = _base(bound, source)
            if base:
                bases.append(Inheritance(indices.get(node.start_byte, MODULE), base, source.line(bound.start_byte)))
    return sorted(bases, key=lambda entry: entry.line)


def _base(node: Node | None, source: SourceText) -> str:
    if node is None or node.type not in _TRAITS:
        return ""
    for field in ("trait", "type"):
        node = node.child_by_field_name(field) or node
    return path_text(node, source)
