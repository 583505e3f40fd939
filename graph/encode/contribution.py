"""What resolution needs of other files, cut so small that a change is felt only where it matters.

The edges of a file are a pure function of its own facts and of what it looks up in others. Every lookup goes
through a `World`, which writes down its key, found or not. When files change, the keys whose answers changed are
known, and exactly the files that asked for one of them are resolved again: that is why evolving a graph commit by
commit gives what a clean build gives.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from repowright.graph.ids import node_id
from repowright.graph.kinds import NodeKind
from repowright.repo_tools.facts import Definition, DefinitionKind, FileFacts

Value = tuple[object, ...]
"""Plain data: strings, integers, booleans and tuples of them."""

NODE_KINDS: dict[DefinitionKind, NodeKind] = {
    "class": NodeKind.CLASS,
    "interface": NodeKind.CLASS,
    "trait": NodeKind.CLASS,
    "typedef": NodeKind.CLASS,
    "struct": NodeKind.STRUCT,
    "union": NodeKind.STRUCT,
    "enum": NodeKind.ENUM,
    "function": NodeKind.FUNCTION,
    "method": NodeKind.METHOD,
    "constant": NodeKind.CONSTANT,
    "global": NodeKind.GLOBAL,
    "macro": NodeKind.MACRO,
    "namespace": NodeKind.NAMESPACE,
}
"""What each kind of definition is in the graph."""


class Contribution(NamedTuple):
    """What one file offers to the resolution of others; changes to anything else touch no other file.

    Parameters
    ----------
    modules
        Keys under which imports may find the file, prefixed by language: ``py:django.db.models``, ``c:list.h``,
        ``java:org.app.Cart``, ``js:src/widget``, ``go:example.com/shop/cart``, ``rs:crate::cart``.
    entries
        Key -> value: top-level names, members as ``Class.member``, and whatever else resolution asks for.
    names
        Simple name -> key of a definition, for the guess that a name which exists once is the one meant.
    """

    modules: tuple[str, ...] = ()
    entries: dict[str, Value] = {}  # noqa: RUF012 (a named tuple's default, never written)
    names: tuple[tuple[str, str], ...] = ()


class World(Protocol):
    """What all files contribute, as one file may ask for it; each answer, found or not, is a recorded lookup."""

    def entry(self, path: str, key: str) -> Value | None:
        """What the file at ``path`` contributes under this key."""

    def modules(self, key: str) -> tuple[str, ...]:
        """Sorted paths of the files that a module key finds."""

    def definers(self, name: str) -> tuple[tuple[str, str], ...]:
        """Sorted ``(path, key)`` of all definitions of a simple name."""


class EdgeRow(NamedTuple):
    """An edge as resolution finds it, ends by id; one row for each source, target and kind."""

    src: str
    dst: str
    kind: str
    lines: tuple[int, ...] = ()
    confidence: float = 1.0


class Resolver(Protocol):
    """How files of all languages find each other's definitions."""

    def contribution(self, facts: FileFacts) -> Contribution:
        """What this file offers to others; it depends on its path and facts alone."""

    def resolve(self, facts: FileFacts, world: World) -> list[EdgeRow]:
        """Edges that lead from this file and its definitions, sorted; a pure function of its arguments."""


def definition_keys(definitions: tuple[Definition, ...]) -> list[str]:
    """One key for each definition of a file: its qualified name, with ``#2``, ``#3`` from the second of a name on.

    Examples
    --------
    >>> first = Definition("function", "f", "f", (1, 2), "def f()")
    >>> definition_keys((first, first._replace(span=(4, 5))))
    ['f', 'f#2']
    """
    seen: dict[str, int] = {}
    keys = []
    for definition in definitions:
        qualname = definition.qualname
        count = seen[qualname] = seen.get(qualname, 0) + 1
        keys.append(qualname if count == 1 else f"{qualname}#{count}")
    return keys


def definition_id(kind: DefinitionKind, path: str, key: str) -> str:
    """Id of a definition's node, from its file's path and its key in the file."""
    return node_id(NODE_KINDS[kind], f"{path}::{key}")


def file_id(path: str) -> str:
    """Id of a file's node."""
    return node_id(NodeKind.FILE, path)
