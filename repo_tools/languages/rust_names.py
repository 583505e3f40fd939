"""Calls and uses of a Rust file, in macro arguments too, where the grammar sees only tokens."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, Call, Definition, Import, Use
from repowright.repo_tools.languages.compiled_calls import dotted_text
from repowright.repo_tools.languages.compiled_names import Known, Locals
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.rust_syntax import BUILT_IN

Captures = Mapping[str, list[Node]]

_CALL_BEHIND = re.compile(rb"(!?)\s*\(|(!)\s*[\[{]")
_WAY = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:")
_TOKEN_PATH = re.compile(rb"(\w+(?:::\w+)*)([(!]|::)?")
_WAY_LIMIT = 120
_PATH_LIMIT = 200
_UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class RustText(NamedTuple):
    """A file with its definitions, as calls and uses are read from it."""

    source: SourceText
    outline: Outline
    scopes: ScopeMap
    selves: ScopeMap
    types: tuple[str, ...]

    def named(self, offset: int, name: str) -> str:
        """The name with the type it stands in for ``Self``."""
        if name != "Self" and not name.startswith("Self."):
            return name
        index = self.selves.at(offset)
        return self.types[index] + name[len("Self") :] if index != MODULE else name


def is_local(name: bytes) -> bool:
    """Whether a name in a pattern is bound by it, rather than a constant or a variant to compare with."""
    return name[:1] not in (b"", b"_") and name[0] not in _UPPER


def calls_of(found: Captures, text: RustText, attributes: ScopeMap) -> list[Call]:
    """Calls of functions, methods and macros, in source order."""
    data, line_of, scope_at = text.source.data, text.source.line, text.scopes.at
    calls: list[Call] = []
    for node in found.get("callee", []):
        start = node.start_byte
        callee = text.named(start, dotted_text(data[start : node.end_byte]))
        calls.append(Call(scope_at(start), callee, line_of(start)))
    for node in found.get("invoked", []):
        start = node.start_byte
        calls.append(Call(scope_at(start), dotted_text(data[start : node.end_byte]) + "!", line_of(start)))
    for node in found.get("token", []):
        start = node.start_byte
        callee = _token_call(data, start, node.end_byte)
        if callee and attributes.at(start) == MODULE:
            calls.append(Call(scope_at(start), text.named(start, callee), line_of(start)))
    return sorted(calls, key=lambda call: call.line)


def _token_call(data: bytes, start: int, end: int) -> str:
    """What is called where a name and its arguments stand among tokens; empty if they only look like a call."""
    behind = _CALL_BEHIND.match(data, end)
    if behind is None or data[start:end] in BUILT_IN:
        return ""
    way = b""
    if data[start - 1 : start] in (b".", b":"):
        first = start
        while first > max(0, start - _WAY_LIMIT) and data[first - 1] in _WAY:
            first -= 1
        way = data[first:start].lstrip(b".:")
        if not way:
            return ""
    return dotted_text(way + data[start:end]) + ("!" if behind[1] or behind[2] else "")


def known_of(imports: Iterable[Import], definitions: Iterable[Definition]) -> Known:
    """Names of the file's items and imports; any name where something is imported with a star."""
    listed = list(imports)
    if any(entry.is_star for entry in listed):
        return Known(None, BUILT_IN)
    names = {entry.alias or entry.name or entry.module.rpartition("::")[2] for entry in listed}
    names |= {entry.name for entry in definitions if entry.kind != "method"}
    return Known(frozenset(name.encode() for name in names) | _PATH_WORDS, _NEVER)


_PATH_WORDS = frozenset({b"self", b"super", b"crate", b"Self"})
_NEVER = BUILT_IN - _PATH_WORDS - {b"std", b"core"}


def uses_of(
    nodes: Iterable[Node], skipped: Collection[int], text: RustText, outside: ScopeMap, local: Locals, known: Known
) -> list[Use]:
    """One use for each line of a definition that reads a name or path.

    Parameters
    ----------
    outside
        Attributes and imports: what stands there is no use.
    """
    found: list[Use] = []
    seen: set[tuple[int, int, str]] = set()
    nowhere: Collection[bytes] = ()
    for start, name in _paths(nodes, skipped, text.source.data, known):
        root = name.partition(b"::")[0]
        scope = text.scopes.at(start)
        if root in local.get(scope, nowhere) or outside.at(start) != MODULE:
            continue
        written = text.named(start, dotted_text(name))
        key = (scope, text.source.line(start), written)
        if key not in seen:
            seen.add(key)
            found.append(Use(scope, written, key[1]))
    return found


def _is_member(data: bytes, start: int) -> bool:
    """Whether a name follows a dot or colons that no path node holds."""
    before = data[start - 2 : start]
    return before == b"::" or (before[1:] == b"." and before != b"..")


def _paths(nodes: Iterable[Node], skipped: Collection[int], data: bytes, known: Known) -> Iterator[tuple[int, bytes]]:
    """Plain names and outermost paths that may be uses; of a member after a dot nothing."""
    path_end = 0
    for node in nodes:
        start = node.start_byte
        if start < path_end:
            continue
        end = node.end_byte
        name = data[start:end]
        if b":" in name:
            path_end = end if b"<" not in name else start + 1
        elif data[end : end + 2] == b"::":
            path = _TOKEN_PATH.match(data, start)
            if path is None or path[2]:
                continue
            name, path_end = path[1], path.end(1)
        elif name in _PATH_WORDS:
            continue
        if start in skipped or not known.admits(name.partition(b"::")[0]):
            continue
        if len(name) <= _PATH_LIMIT and not _is_member(data, start):
            yield start, name
