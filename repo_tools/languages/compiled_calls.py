"""Calls and whatever else is dotted text, written the same way for every compiled language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tree_sitter import Node

from repowright.repo_tools.facts import Call
from repowright.repo_tools.languages.compiled_places import ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText

CALLEE_LIMIT = 200
"""Characters of the longest callee that is written out."""

_PLAIN = re.compile(rb"\w+(?:(?:\.|::|->)\w+){0,12}\Z")
_JOINT = re.compile(r"\s*(?:->|::|\.)\s*")
_THROUGH = re.compile(r"^\(\s*\*+\s*([\w.]+)\s*\)$")
_TURBOFISH = re.compile(r"::\s*<[^<>()]*(?:<[^<>()]*(?:<[^<>()]*>[^<>()]*)*>[^<>()]*)*>")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_LAST = re.compile(rb"(?:->|::|\.)\s*(\w+)\s*\Z")


def dotted_text(data: bytes) -> str:
    """The text on one line with every accessor a dot; of a longer text than the limit only ``...last``."""
    if len(data) <= CALLEE_LIMIT and _PLAIN.match(data):
        return data.decode("utf-8", "replace").replace("::", ".").replace("->", ".")
    if len(data) > CALLEE_LIMIT:
        last = _LAST.search(data, len(data) - CALLEE_LIMIT)
        return f"...{last[1].decode('utf-8', 'replace')}" if last else "..."
    text = data.decode("utf-8", "replace")
    if "//" in text or "/*" in text:
        text = _COMMENT.sub(" ", text)
    if "::" in text and "<" in text:
        text = _TURBOFISH.sub("", text)
    text = _JOINT.sub(".", " ".join(text.split()))
    through = _THROUGH.match(text)
    return through[1] if through else text


def calls_of(
    nodes: Iterable[Node], skipped: Collection[int], source: SourceText, scopes: ScopeMap, mark: str = ""
) -> list[Call]:
    """One call a callee, with the innermost definition around it.

    Parameters
    ----------
    skipped
        First bytes of what only looks like a call.
    mark
        Written behind each callee.
    """
    found: list[Call] = []
    data, line_of, scope_at = source.data, source.line, scopes.at
    for node in nodes:
        start = node.start_byte
        if start not in skipped:
            found.append(Call(scope_at(start), dotted_text(data[start : node.end_byte]) + mark, line_of(start)))
    return found
