"""Edges of one file while they are being found."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from repowright.graph.encode.contribution import NODE_KINDS, EdgeRow, definition_id, definition_keys, file_id
from repowright.graph.encode.resolve.things import Thing, kind_of
from repowright.graph.kinds import TYPE_KINDS, EdgeKind
from repowright.repo_tools.facts import MODULE, DefinitionKind, FileFacts

IMPORTS, CALLS, INHERITS, USES = (
    kind.value for kind in (EdgeKind.IMPORTS, EdgeKind.CALLS, EdgeKind.INHERITS, EdgeKind.USES)
)
_LOOPS = (CALLS, USES)
# A named tuple made by its own constructor costs twice as much.
_make: Callable[[tuple[object, ...]], EdgeRow] = partial(tuple.__new__, EdgeRow)

file_node = lru_cache(maxsize=1 << 14)(file_id)


@lru_cache(maxsize=1 << 17)
def definition_node(kind: DefinitionKind, path: str, key: str) -> str:
    """Return the id of a definition's node; hashing is dear, and the same ones are met over and over."""
    return definition_id(kind, path, key)


class Edges:
    """Collects edges that lead from one file and its definitions."""

    def __init__(self, facts: FileFacts) -> None:
        self._facts = facts
        self._keys: list[str] = []
        self._sources: dict[int, str] = {MODULE: file_node(facts.path)}
        self._found: dict[tuple[str, str, str], tuple[list[int], float]] = {}

    def add(self, source: str, target: str, kind: str, lines: list[int], sure: float) -> None:
        """Add one edge; lines are joined with those known, of several confidences the highest counts."""
        if not target or (source == target and kind not in _LOOPS):
            return
        at = (source, target, kind)
        known = self._found.get(at)
        if known is None:
            self._found[at] = (lines, sure)
        else:
            self._found[at] = (known[0] + lines, max(known[1], sure))

    def source(self, scope: int) -> str:
        """Return the node id of a scope of the file."""
        found = self._sources.get(scope)
        if found is None:
            self._keys = self._keys or definition_keys(self._facts.definitions)
            kind = self._facts.definitions[scope].kind
            found = self._sources[scope] = definition_node(kind, self._facts.path, self._keys[scope])
        return found

    def is_type(self, scope: int) -> bool:
        """Return whether a scope of the file is a type in the graph."""
        return scope != MODULE and NODE_KINDS[self._facts.definitions[scope].kind] in TYPE_KINDS

    def rows(self) -> list[EdgeRow]:
        """Return the edges in order."""
        found = self._found
        return [
            _make((*at, tuple(lines) if len(lines) == 1 else tuple(sorted(set(lines))), sure))
            for at in sorted(found)
            for lines, sure in (found[at],)
        ]


def target_of(thing: Thing) -> str:
    """Return the node id of a definition, or of a module's file; empty for what has no node."""
    if thing.role == "module":
        return file_node(thing.path) if thing.path else ""
    if thing.role != "definition" or not thing.entry.key:
        return ""
    return definition_node(kind_of(thing.entry), thing.path, thing.entry.key)
