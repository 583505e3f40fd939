"""Facts of Rust files by tree-sitter, on the text before macros are expanded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tree_sitter import Node

from repowright.repo_tools.facts import FileFacts, Import, Use
from repowright.repo_tools.languages.compiled_names import locals_of
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap, outline_of
from repowright.repo_tools.languages.compiled_source import (
    LeadingText,
    SourceText,
    captures_of,
    problems_of,
)
from repowright.repo_tools.languages.grammar import as_utf8
from repowright.repo_tools.languages.rust_bindings import bindings_of
from repowright.repo_tools.languages.rust_definitions import conditions_of, implemented, inheritances_of, places_of
from repowright.repo_tools.languages.rust_imports import imports_of
from repowright.repo_tools.languages.rust_names import RustText, calls_of, is_local, known_of, uses_of
from repowright.repo_tools.languages.rust_syntax import GRAMMAR, QUERY
from repowright.repo_tools.languages.source_guard import line_count, minified, too_large

_CHAINED = frozenset({"field_expression", "call_expression"})

Captures = Mapping[str, list[Node]]


class RustFrontend:
    """Reads Rust: items with their ``impl`` blocks, ``use`` trees, and calls also in macro arguments."""

    name = "rust"
    extensions = (".rs",)
    version = 1

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        refused = too_large(source) or minified(path, source)
        if refused is not None:
            return FileFacts(path, self.name, line_count(source), errors=(refused,))
        text = SourceText(as_utf8(source))
        root = GRAMMAR.parse(text.data).root_node
        found = captures_of(GRAMMAR, QUERY, root)
        leading = LeadingText(
            text, found.get("comment", []), found.get("attribute", []), ("///", "/**"), ("//!", "/*!")
        )
        outline = outline_of(text, places_of(found, text), leading, conditions_of(found, text))
        rust = _rust_text(found, text, outline)
        imports = imports_of(found.get("use", []), found.get("namespace", []), text, rust.scopes)
        attributes = ScopeMap(_spans(found, "attribute", "inner_attribute"))
        return FileFacts(
            path=path,
            language=self.name,
            lines=text.lines,
            definitions=outline.definitions,
            imports=tuple(imports),
            calls=tuple(calls_of(found, rust, attributes)),
            uses=tuple(_uses(found, rust, imports)),
            bindings=tuple(bindings_of(found, text, outline, rust.named)),
            inheritances=tuple(inheritances_of(found, text, outline)),
            docstring=leading.opening(outline.first_line),
            errors=problems_of(GRAMMAR, root, text),
        )


def _spans(found: Captures, *names: str) -> list[tuple[int, int, int]]:
    return [(node.start_byte, node.end_byte, 0) for name in names for node in found.get(name, [])]


def _rust_text(found: Captures, text: SourceText, outline: Outline) -> RustText:
    """The file with the type that ``Self`` means in each block of methods."""
    holders = [node for kind in ("impl", "struct", "enum", "union", "trait") for node in found.get(kind, [])]
    types = [implemented(node, text) if node.type == "impl_item" else _name(node, text) for node in holders]
    spans = [(node.start_byte, node.end_byte, index) for index, node in enumerate(holders)]
    return RustText(text, outline, outline.scopes(), ScopeMap(spans), tuple(types))


def _name(node: Node, text: SourceText) -> str:
    return text.text(node.child_by_field_name("name"))


def _starts(nodes: Iterable[Node]) -> set[int]:
    return {node.start_byte for node in nodes}


def _uses(found: Captures, rust: RustText, imports: list[Import]) -> list[Use]:
    data = rust.source.data
    bound = [node for node in found.get("local", []) if is_local(data[node.start_byte : node.end_byte])]
    local = locals_of(bound, rust.source, rust.scopes)
    called = {node.start_byte for node in found.get("callee", []) if node.type not in _CHAINED}
    skipped = called | _starts(
        (*found.get("declared", []), *found.get("skipped", []), *found.get("generic", []), *bound)
    )
    skipped |= _starts((*found.get("invoked", []), *found.get("token", [])))
    known = known_of(imports, rust.outline.definitions)
    generic = {data[node.start_byte : node.end_byte] for node in found.get("generic", [])}
    defined = {definition.name.encode() for definition in rust.outline.definitions}
    known = replace(known, built_in=known.built_in | (generic - defined))
    outside = ScopeMap(_spans(found, "attribute", "inner_attribute", "use"))
    return uses_of(found.get("name", []), skipped, rust, outside, local, known)
