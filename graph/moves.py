"""Which nodes that came are nodes that went: renames and moves, told by content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping

from repowright.graph.kinds import KIND_RANK, UNIT_KINDS, NodeKind
from repowright.graph.model import RPG, Node

Item = tuple[str, str]
"""Qualified name and signature of a definition."""

ALIKE = 0.5
"""Share of its definitions that a file or type keeps when it is the same under another name."""


def moves(before: RPG, after: RPG) -> dict[str, str]:
    """Return the id before of each node whose id is new but whose content is not.

    Files first, by their definitions; then definitions: inside moved files by qualified name, elsewhere by name,
    signature and documentation, and renamed ones by signature and by what they contain. Only what is told
    without doubt is paired.
    """
    return _Pairing(before, after).found()


class _Pairing:
    def __init__(self, before: RPG, after: RPG) -> None:
        self._before = before
        self._after = after
        self._pairs: dict[str, str] = {}
        self._gone = {node.id: node for node in before.nodes() if node.id not in after}
        self._come = {node.id: node for node in after.nodes() if node.id not in before}

    def found(self) -> dict[str, str]:
        self._files()
        paths = {self._before.node(old).path: self._after.node(new).path for new, old in self._pairs.items()}
        self._groups(paths)
        self._match(
            lambda node: (node.kind, paths.get(node.path, node.path), node.qualname) if node.path in paths else None,
            lambda node: (node.kind, node.path, node.qualname),
        )
        for key in (_same_head, _same_text, _same_shape):
            self._match(key, key)
        return self._pairs

    def _files(self) -> None:
        self._match(self._content_before, self._content_after, NodeKind.FILE)
        old = {node.id: (node, _content(self._before, node)) for node in self._left(NodeKind.FILE)}
        holders: dict[Item, list[str]] = {}
        for old_id, (_, content) in old.items():
            for item in content:
                holders.setdefault(item, []).append(old_id)
        scored = []
        for new in self._new(NodeKind.FILE):
            mine = _content(self._after, new)
            for old_id, shared in Counter(each for item in mine for each in holders.get(item, ())).items():
                node, theirs = old[old_id]
                share = shared / len(mine | theirs)
                if share >= ALIKE:
                    scored.append((-share, new.name != node.name, node.path, new.path, old_id, new.id))
        taken: set[str] = set()
        for *_, old_id, new_id in sorted(scored):
            if new_id not in self._pairs and old_id not in taken:
                self._pairs[new_id] = old_id
                taken.add(old_id)

    def _groups(self, paths: Mapping[str, str]) -> None:
        """Pair areas, categories and folders that hold the same files."""
        for kind in (NodeKind.AREA, NodeKind.CATEGORY, NodeKind.DIRECTORY):
            self._match(
                lambda node: frozenset(paths.get(path, path) for path in _paths(self._before, node)) or None,
                lambda node: frozenset(_paths(self._after, node)) or None,
                kind,
            )

    def _match(
        self,
        key_before: Callable[[Node], Hashable | None],
        key_after: Callable[[Node], Hashable | None],
        *kinds: NodeKind,
    ) -> None:
        """Pair the nodes whose key is the same, where it is one node's alone on both sides."""
        wanted = frozenset(kinds) or UNIT_KINDS
        old = _alone(key_before, self._left(*wanted))
        new = _alone(key_after, self._new(*wanted))
        self._pairs |= {new[key]: old[key] for key in new.keys() & old.keys()}

    def _left(self, *kinds: NodeKind) -> list[Node]:
        taken = set(self._pairs.values())
        return [node for node in self._gone.values() if node.kind in kinds and node.id not in taken]

    def _new(self, *kinds: NodeKind) -> list[Node]:
        return [node for node in self._come.values() if node.kind in kinds and node.id not in self._pairs]

    def _content_before(self, node: Node) -> Hashable | None:
        return _content(self._before, node) or None

    def _content_after(self, node: Node) -> Hashable | None:
        return _content(self._after, node) or None


def _paths(rpg: RPG, group: Node) -> list[str]:
    return [file.path for file in rpg.descendants(group.id, NodeKind.FILE)]


def _content(rpg: RPG, file: Node) -> frozenset[Item]:
    return frozenset((unit.qualname, unit.signature) for unit in rpg.descendants(file.id, *UNIT_KINDS))


def _same_head(node: Node) -> Hashable | None:
    """Moved to another file."""
    return (node.kind, node.qualname, node.signature) if node.signature else None


def _same_text(node: Node) -> Hashable | None:
    """Moved into or out of a type."""
    return (node.name, node.signature, node.doc) if node.signature and node.doc else None


def _same_shape(node: Node) -> Hashable | None:
    """Renamed in its place: the signature without the name, and the documentation."""
    if not node.signature or not node.doc:
        return None
    owner = node.qualname.rpartition(".")[0]
    shape = re.sub(rf"\b{re.escape(node.name)}\b", "", node.signature, count=1)
    return KIND_RANK[node.kind], node.path, owner, shape, node.doc


def _alone(key: Callable[[Node], Hashable | None], nodes: Iterable[Node]) -> dict[Hashable, str]:
    found: dict[Hashable, str] = {}
    twice = set()
    for node in nodes:
        value = key(node)
        if value is None:
            continue
        if value in found:
            twice.add(value)
        found[value] = node.id
    return {value: node_id for value, node_id in found.items() if value not in twice}
