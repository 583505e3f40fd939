"""Facts of Go files by tree-sitter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tree_sitter import Node

from repowright.repo_tools.facts import Call, FileFacts, Use
from repowright.repo_tools.languages.compiled_calls import dotted_text
from repowright.repo_tools.languages.compiled_names import Known, locals_of, uses_of
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap, outline_of
from repowright.repo_tools.languages.compiled_source import (
    LeadingText,
    SourceText,
    captures_of,
    problems_of,
)
from repowright.repo_tools.languages.go_bindings import bindings_of
from repowright.repo_tools.languages.go_definitions import imports_of, inheritances_of, places_of
from repowright.repo_tools.languages.go_syntax import BUILT_IN, GRAMMAR, QUERY, receiver_of
from repowright.repo_tools.languages.grammar import as_utf8
from repowright.repo_tools.languages.source_guard import line_count, minified, too_large

_PLAIN = frozenset({"identifier", "type_identifier"})

Captures = Mapping[str, list[Node]]

_DIRECTIVES = ("//go:", "//nolint", "//export ", "//line ", "//+build", "// +build", "//lint:")


class GoFrontend:
    """Reads Go; every name it does not define may stand in another file of its package."""

    name = "go"
    extensions = (".go",)
    version = 1

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        refused = too_large(source) or minified(path, source)
        if refused is not None:
            return FileFacts(path, self.name, line_count(source), errors=(refused,))
        text = SourceText(as_utf8(source))
        root = GRAMMAR.parse(text.data).root_node
        found = captures_of(GRAMMAR, QUERY, root)
        leading = LeadingText(text, found.get("comment", []), ignored=_DIRECTIVES)
        outline = outline_of(text, places_of(found, text), leading, ScopeMap(()))
        package = next(iter(found.get("package", [])), None)
        receivers = _receivers(found, text, outline)
        return FileFacts(
            path=path,
            language=self.name,
            lines=text.lines,
            definitions=outline.definitions,
            imports=tuple(imports_of(found, text)),
            calls=tuple(_calls(found, receivers)),
            uses=tuple(_uses(found, receivers)),
            bindings=tuple(bindings_of(found, text, outline, receivers.selfish)),
            inheritances=tuple(inheritances_of(found, text, outline, receivers.scopes)),
            docstring=leading.package_doc(package.start_byte) if package is not None else "",
            package=text.text(package.named_children[0]) if package is not None and package.named_child_count else "",
            errors=problems_of(GRAMMAR, root, text),
        )


class _Receivers(NamedTuple):
    """A file's scopes with the receiver's name of each method."""

    source: SourceText
    scopes: ScopeMap
    names: Mapping[int, str]

    def selfish(self, offset: int, text: str) -> str:
        """The text with ``self`` for the receiver's name."""
        name = self.names.get(self.scopes.at(offset))
        if name is None or not text.startswith(name):
            return text
        rest = text[len(name) :]
        return f"self{rest}" if not rest or not (rest[0].isalnum() or rest[0] == "_") else text


def _receivers(found: Captures, source: SourceText, outline: Outline) -> _Receivers:
    indices = outline.index_at()
    names = {
        indices[node.start_byte]: receiver_of(node, source)[0]
        for node in found.get("method", [])
        if node.start_byte in indices and receiver_of(node, source)[0]
    }
    return _Receivers(source, outline.scopes(), names)


def _calls(found: Captures, receivers: _Receivers) -> Iterator[Call]:
    source, scopes = receivers.source, receivers.scopes
    for node in found.get("callee", []):
        start = node.start_byte
        if node.type != "func_literal":
            callee = receivers.selfish(start, dotted_text(source.data[start : node.end_byte]))
            yield Call(scopes.at(start), callee, source.line(start))


def _starts(nodes: Iterable[Node]) -> set[int]:
    return {node.start_byte for node in nodes}


def _uses(found: Captures, receivers: _Receivers) -> list[Use]:
    """Names of the package and of others, qualified as written; never a package alone."""
    source, scopes = receivers.source, receivers.scopes
    data = source.data
    local = locals_of(found.get("local", []), source, scopes)
    generic = frozenset(data[node.start_byte : node.end_byte] for node in found.get("generic", []))
    packages = _packages(found, source)
    called = {node.start_byte for node in found.get("callee", []) if node.type in _PLAIN}
    selected = [
        node
        for node in found.get("selector", [])
        if data[node.start_byte : node.end_byte].partition(b".")[0] in packages
    ]
    called |= _package_calls(found, selected)
    skipped = called | _starts((*found.get("declared", []), *found.get("local", []), *found.get("generic", [])))
    paths = [node for node in (*selected, *found.get("qualified", [])) if node.start_byte not in skipped]
    covered = {node.end_byte for node in found.get("qualified", [])}
    plain_skipped = skipped | _starts(selected)
    plain = [node for node in found.get("name", []) if node.end_byte not in covered]
    known = Known(None, BUILT_IN | generic)
    uses = uses_of(plain, plain_skipped, source, scopes, local, known)
    uses += uses_of(paths, skipped, source, scopes, local, known)
    return sorted(uses, key=lambda use: use.line)


def _packages(found: Captures, source: SourceText) -> frozenset[bytes]:
    names = set()
    for entry in imports_of(found, source):
        last = entry.module.rpartition("/")[2]
        names.add((entry.alias or last).encode())
    return frozenset(names)


def _package_calls(found: Captures, selected: Iterable[Node]) -> set[int]:
    ends = {node.end_byte for node in selected}
    return {node.start_byte for node in found.get("callee", []) if node.end_byte in ends}
