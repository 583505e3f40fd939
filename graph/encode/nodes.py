"""The nodes of one file, as rows: what is stored, compared and made a graph of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from repowright.graph.encode.contribution import NODE_KINDS, definition_keys
from repowright.graph.encode.phrases import file_phrase, phrase
from repowright.graph.encode.resolve.edges import definition_node, file_node
from repowright.graph.encode.test_code import is_test, is_test_definition
from repowright.graph.kinds import CHILD_KINDS
from repowright.graph.tags import PACKAGE, PARTLY_PARSED, TEST, UNPARSED
from repowright.repo_tools.facts import MODULE, Definition, FileFacts, Span

VERSION = 1
"""Raised whenever the rows of some file change, so that stored rows are made anew."""


# By kind of definition, since members of an enumeration hash and give their value at the speed of Python.
_KINDS = {kind: node_kind.value for kind, node_kind in NODE_KINDS.items()}
_INSIDE = {
    kind: frozenset(inner for inner, held in NODE_KINDS.items() if held in CHILD_KINDS[node_kind])
    for kind, node_kind in NODE_KINDS.items()
}


class NodeRow(NamedTuple):
    """One node below a path; the first row of a file is the file's own.

    Parameters
    ----------
    parent
        Index of the row that contains it; -1 for the file.
    first, last
        Lines, 1-based and inclusive; 0 where there are none.
    """

    id: str
    kind: str
    name: str
    feature: str = ""
    qualname: str = ""
    first: int = 0
    last: int = 0
    signature: str = ""
    doc: str = ""
    tags: tuple[str, ...] = ()
    parent: int = -1


# A named tuple made by its own constructor costs twice as much.
_make: Callable[[tuple[object, ...]], NodeRow] = partial(tuple.__new__, NodeRow)


def node_rows(facts: FileFacts) -> list[NodeRow]:
    """Return the rows of a file: itself, then its definitions in source order."""
    path, definitions = facts.path, facts.definitions
    test = is_test(path, facts)
    keys = definition_keys(definitions)
    ids = [definition_node(each.kind, path, key) for each, key in zip(definitions, keys, strict=True)]
    row_of: dict[str, int] = {}
    for own_id in ids:
        row_of.setdefault(own_id, len(row_of) + 1)
    rows = [_file_row(facts, test)]
    for index, (definition, own_id) in enumerate(zip(definitions, ids, strict=True)):
        if row_of[own_id] == len(rows):
            parent = _parent(definition, definitions)
            above = row_of[ids[parent]] if parent != MODULE else 0
            tags = (TEST,) if not test and is_test_definition(facts, index) else ()
            rows.append(_definition_row(facts, definition, own_id, above, tags))
    return rows


def unread_rows(path: str, problem: str) -> list[NodeRow]:
    """Return the row of a file that could not be read."""
    return [NodeRow(file_node(path), "file", _file_name(path), doc=problem, tags=(UNPARSED,))]


def _file_row(facts: FileFacts, test: bool) -> NodeRow:
    path = facts.path
    name = _file_name(path)
    tags = [TEST] if test else []
    if name == "__init__.py":
        tags.append(PACKAGE)
    doc = facts.docstring
    if facts.errors and not facts.definitions and not facts.imports:
        tags.append(UNPARSED)
        doc = "; ".join(f"line {problem.line}: {problem.message}" for problem in facts.errors)
    elif facts.errors:
        tags.append(PARTLY_PARSED)
    feature = _one_line(file_phrase(path, facts))
    return NodeRow(file_node(path), "file", name, feature, doc=doc, tags=tuple(sorted(tags)))


def _definition_row(
    facts: FileFacts, definition: Definition, own_id: str, parent: int, tags: tuple[str, ...]
) -> NodeRow:
    kind, name, qualname, span, signature, doc, _, around, _ = definition
    feature = phrase(definition, facts.definitions[around].name if around != MODULE else "")
    name, qualname = _one_line(name) or "(anonymous)", qualname or "(anonymous)"
    return _make((own_id, _KINDS[kind], name, feature, qualname, *_lines(span), signature, doc, tags, parent))


def _parent(definition: Definition, definitions: tuple[Definition, ...]) -> int:
    """Return the nearest enclosing definition that can contain this kind; `MODULE` if none can."""
    kind, at = definition.kind, definition.parent
    while at != MODULE and kind not in _INSIDE[definitions[at].kind]:
        at = definitions[at].parent
    return at


def _lines(span: Span) -> Span:
    first, last = span
    first = first if first > 1 else 1
    return first, last if last > first else first


def _file_name(path: str) -> str:
    return _one_line(path.rpartition("/")[2])


def _one_line(text: str) -> str:
    return text if text.isidentifier() else " ".join(text.split())
