"""Stored rows as a graph in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ormsgpack

from repowright.graph.bulk import built, no_collections
from repowright.graph.encode.edges import edge_columns, kind_name
from repowright.graph.encode.skeleton import group_nodes
from repowright.graph.encode.soundness import Soundness
from repowright.graph.errors import StoreError
from repowright.graph.ids import node_id, normalise
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG
from repowright.graph.records import Edge, Node, Place
from repowright.graph.store import Store

LANGUAGE = "language-"
"""Beginning of a mark on the repository; without such marks the graph has source of all languages."""

_KINDS = {kind.value: kind for kind in NodeKind}
_EDGE_KINDS = [EdgeKind(kind_name(number)) for number in range(4)]


def stored_graph(store: Store) -> RPG:
    """Return the graph that a store holds; edges that no graph can hold are left out and logged.

    Raises
    ------
    StoreError
        If the store is damaged or holds no graph yet.
    """
    nodes: list[Node] = []
    parents: list[str] = []
    joints: list[bytes] = []
    with no_collections(), damage_told(store):
        with store.reading():
            group_of = _skeleton(store, nodes, parents)
            for path, packed, edges in store.segments():
                _add_nodes(path, ormsgpack.unpackb(packed), group_of[path], nodes, parents)
                joints.append(edges or b"")
        return built(nodes, parents, _edges(store, nodes, joints))


@contextmanager
def damage_told(store: Store) -> Iterator[None]:
    """Turn what damaged rows lead to into the error that says so."""
    try:
        yield
    except (ValueError, KeyError, IndexError, TypeError) as err:
        raise StoreError(f"{store.path} is damaged: {type(err).__name__}", "remove it and encode again") from err


def root_id(name: str) -> str:
    """Return the id of the repository's node."""
    return node_id(NodeKind.REPOSITORY, normalise(name))


def root_tags(store: Store) -> tuple[str, ...]:
    """Return the marks of the repository: the languages the graph is bound to, if it is."""
    return tuple(sorted(f"{LANGUAGE}{name}" for name in store.meta().get("languages", "").split()))


def repository_name(store: Store) -> str:
    """Return the name of the stored repository.

    Raises
    ------
    StoreError
        If nothing is stored yet.
    """
    name = store.meta().get("name")
    if not name:
        raise StoreError(f"{store.path} holds no graph yet", "run repowright encode to the end")
    return name


def _skeleton(store: Store, nodes: list[Node], parents: list[str]) -> dict[str, str]:
    """Add repository, areas and categories; return the id of each file's group by path."""
    name = repository_name(store)
    nodes.append(Node(root_id(name), NodeKind.REPOSITORY, name, state=State.IMPLEMENTED, tags=root_tags(store)))
    parents.append("")
    groups, group_of = group_nodes(store.groups())
    for group in groups:
        nodes.append(Node(group.id, group.kind, group.name, state=State.IMPLEMENTED))
        parents.append(group.above or nodes[0].id)
    return group_of


def _add_nodes(path: str, rows: list[list[Any]], group: str, nodes: list[Node], parents: list[str]) -> None:
    for own_id, kind, name, feature, qualname, first, last, signature, doc, tags, parent in rows:
        place = Place(path, qualname, (first, last) if first else None, signature)
        nodes.append(Node(own_id, _KINDS[kind], name, feature, place, State.IMPLEMENTED, doc, tuple(tags)))
        parents.append(rows[parent][0] if parent >= 0 else group)


def _edges(store: Store, nodes: list[Node], joints: list[bytes]) -> list[Edge]:
    soundness = Soundness({node.id: node.kind for node in nodes})
    # One string object for each id: a large graph names each node many times.
    shared = {node.id: node.id for node in nodes}
    edges = [
        Edge(shared[src], shared[dst], _EDGE_KINDS[kind], lines=tuple(lines), confidence=confidence)
        for packed in joints
        for src, dst, kind, lines, confidence in soundness.sound(edge_columns(packed))
    ]
    soundness.tell(store)
    return edges
