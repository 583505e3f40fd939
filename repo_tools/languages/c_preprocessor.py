"""What the preprocessor sees of a C file: includes, macro bodies, and text the grammar cannot take."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from repowright.repo_tools.facts import Call, Import, Use
from repowright.repo_tools.languages.c_syntax import BUILT_IN
from repowright.repo_tools.languages.compiled_places import ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.grammar import one_line

_LINKAGE = re.compile(
    rb"(?m)^[ \t]*#[ \t]*(?:ifdef[ \t]+__cplusplus|if[ \t]+defined[ \t]*\(?[ \t]*__cplusplus[ \t]*\)?)[^\n]*\n"
    rb"(?:\s*extern[ \t]+\"C\"[ \t\r]*\n?[ \t]*\{|\s*\})[^\n#]*\n\s*#[ \t]*endif[^\n]*"
)
_TOKEN = re.compile(
    rb"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|/\*.*?\*/|//[^\n]*|\d[\w.]*"
    rb"|((?:[A-Za-z_]\w*)(?:\s*(?:\.|->)\s*[A-Za-z_]\w*)*)([ \t]*\()?|##?",
    re.DOTALL,
)
_JOINT = re.compile(rb"\s*(?:->|\.)\s*")
_LETTER = re.compile(rb"[^\n\r]")
_CALLEE_LIMIT = 200


def without_linkage(data: bytes) -> bytes:
    """The text with ``extern "C" {`` and its end blanked where only C++ reads them; every byte stays in place."""
    if b"__cplusplus" not in data:
        return data
    return _LINKAGE.sub(lambda match: _LETTER.sub(b" ", match[0]), data)


def includes_of(nodes: Iterable[Node], source: SourceText, scopes: ScopeMap) -> list[Import]:
    """One import an ``#include``; of one whose header a macro names, the macro."""
    found: list[Import] = []
    for node in nodes:
        path = node.child_by_field_name("path")
        if path is None:
            continue
        text = one_line(source.text(path))
        module = text.strip('"') if path.type == "string_literal" else text
        found.append(
            Import(module, "", "", 0, source.line(node.start_byte), is_star=True, scope=scopes.at(node.start_byte))
        )
    return found


def expansion_of(node: Node, scope: int, source: SourceText) -> tuple[list[Call], list[Use]]:
    """Calls and uses that a macro's body makes wherever it is expanded; its parameters are no uses."""
    value = node.child_by_field_name("value")
    if value is None:
        return [], []
    parameters = _parameters(node, source)
    calls: list[Call] = []
    uses: list[Use] = []
    seen: set[bytes] = set()
    for match in _TOKEN.finditer(source.data, value.start_byte, value.end_byte):
        name = match[1]
        if name is None:
            continue
        root = name.partition(b".")[0].partition(b"-")[0].rstrip()
        dotted = _JOINT.sub(b".", name)
        if root in BUILT_IN or name in parameters or len(dotted) > _CALLEE_LIMIT:
            continue
        line = source.line(match.start())
        if match[2]:
            calls.append(Call(scope, dotted.decode("utf-8", "replace"), line))
        elif root not in parameters and root not in seen:
            seen.add(root)
            uses.append(Use(scope, root.decode("utf-8", "replace"), line))
    return calls, uses


def _parameters(node: Node, source: SourceText) -> frozenset[bytes]:
    listed = node.child_by_field_name("parameters")
    if listed is None:
        return frozenset()
    return frozenset(source.data[child.start_byte : child.end_byte] for child in listed.named_children)
