"""Base classes that Python classes name."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from repowright.repo_tools.facts import Inheritance
from repowright.repo_tools.languages.grammar import one_line
from repowright.repo_tools.languages.python_scopes import Scopes
from repowright.repo_tools.languages.python_syntax import Reach, Source

_NO_BASES = ("keyword_argument", "comment", "list_splat", "dictionary_splat")
_PUNCTUATION = frozenset("([=#*\n\"'")


def bases_of(source: Source, scopes: Scopes) -> list[tuple[int, Inheritance]]:
    """Bases with their offsets, in source order, without keywords and generic arguments."""
    found = []
    for definition in source.nodes("class"):
        node = definition.child_by_field_name("superclasses")
        if node is None:
            continue
        inside = source.text[node.start_byte + 1 : node.end_byte - 1]
        reaches = _parts(node) if _PUNCTUATION.intersection(inside) else _split(inside, node.start_byte + 1)
        for start, end in reaches:
            base = Inheritance(scopes.at(node.start_byte), one_line(source.text[start:end]), source.line(start))
            found.append((start, base))
    found.sort()
    return found


def _split(inside: str, start: int) -> Iterator[Reach]:
    for part in inside.split(","):
        blank = len(part) - len(part.lstrip())
        if blank < len(part):
            yield start + blank, start + len(part.rstrip())
        start += len(part) + 1


def _parts(node: Node) -> Iterator[Reach]:
    for child in node.named_children:
        if child.type not in _NO_BASES:
            value = child.child_by_field_name("value") if child.type == "subscript" else None
            yield child.start_byte, (value or child).end_byte
