"""Reading the graph: everything that asks and nothing that writes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import networkx as nx

from repowright.graph import order
from repowright.graph.errors import UnknownNode
from repowright.graph.ids import normalise
from repowright.graph.kinds import DEPENDENCY_KINDS, EDGE_RANK, FORWARD_KINDS, KIND_RANK, EdgeKind, NodeKind
from repowright.graph.records import Edge, Node

SortKey = tuple[str, str, str]
EdgeKey = tuple[EdgeKind, str]


def sort_key(node: Node) -> SortKey:
    """Return the order of nodes that have no tree order: by path, qualified name and id."""
    return (node.path, node.qualname, node.id)


@dataclass(frozen=True, slots=True)
class _Order:
    """The tree's order as it is between two writes."""

    ids: list[str]
    rank: dict[str, int]
    by_kind: dict[NodeKind, list[str]]


class GraphView:
    """The questions an `RPG` answers.

    The order of every answer follows from content alone: it is the same in every process, for every order
    of insertion, and after a round trip through JSON.
    """

    def __init__(self) -> None:
        self._graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self._nodes: dict[str, Node] = {}
        self._parents: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}
        self._places: dict[tuple[str, str], set[str]] = {}
        self._names: dict[tuple[NodeKind, str], set[str]] = {}
        self._root = ""
        self._order: _Order | None = None

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GraphView):
            return NotImplemented
        return self._nodes == other._nodes and self._edge_table() == other._edge_table()

    __hash__ = None  # type: ignore[assignment]

    @property
    def root(self) -> Node:
        """The repository node."""
        return self._nodes[self._root]

    def node(self, node_id: str) -> Node:
        """Return the node of that id.

        Raises
        ------
        UnknownNode
            If there is none.
        """
        try:
            return self._nodes[node_id]
        except KeyError:
            raise UnknownNode(f"no node has the id {node_id!r}", self._near(node_id)) from None

    def nodes(self, *kinds: NodeKind) -> list[Node]:
        """Return the nodes of these kinds, or all, parents before children and siblings by content."""
        order = self._tree_order()
        if len(kinds) == 1:
            return [self._nodes[node_id] for node_id in order.by_kind.get(kinds[0], ())]
        found = (self._nodes[node_id] for node_id in order.ids)
        return [node for node in found if not kinds or node.kind in kinds]

    def position(self, node_id: str) -> int:
        """Return where `nodes` lists a node, from 0: what to sort a few nodes by."""
        self.node(node_id)
        return self._tree_order().rank[node_id]

    def edges(self, *kinds: EdgeKind) -> list[Edge]:
        """Return the edges of these kinds, or all, by kind and then by their ends' order in the tree."""
        rank = self._tree_order().rank
        found = [edge for edge in self._edge_table().values() if not kinds or edge.kind in kinds]
        return sorted(found, key=lambda e: (EDGE_RANK[e.kind], rank[e.src], rank[e.dst], e.name))

    def parent(self, node_id: str) -> Node | None:
        """Return the node that contains this one; `None` for the repository."""
        self.node(node_id)
        found = self._parents.get(node_id)
        return None if found is None else self._nodes[found]

    def children(self, node_id: str, *kinds: NodeKind) -> list[Node]:
        """Return what this node contains directly, siblings by kind, place and name."""
        self.node(node_id)
        found = (self._nodes[child] for child in self._children[node_id])
        return sorted((child for child in found if not kinds or child.kind in kinds), key=_sibling_key)

    def ancestors(self, node_id: str) -> list[Node]:
        """Return the nodes that contain this one, nearest first and the repository last."""
        self.node(node_id)
        found = []
        current = self._parents.get(node_id)
        while current is not None:
            found.append(self._nodes[current])
            current = self._parents.get(current)
        return found

    def ancestor(self, node_id: str, *kinds: NodeKind) -> Node | None:
        """Return the nearest node of these kinds that contains this one."""
        return next((node for node in self.ancestors(node_id) if node.kind in kinds), None)

    def descendants(self, node_id: str, *kinds: NodeKind) -> list[Node]:
        """Return all that this node contains, parents before children, without the node itself."""
        self.node(node_id)
        found = [self._nodes[each] for each in self._subtree(node_id)[1:]]
        return [node for node in found if not kinds or node.kind in kinds]

    def find(self, path: str, qualname: str = "") -> Node | None:
        """Return the node at that place; the first by kind and id where several share it."""
        found = [self._nodes[each] for each in self._places.get((path, qualname), ())]
        located = [node for node in found if node.kind is not NodeKind.REPOSITORY]
        return min(located, key=lambda node: (KIND_RANK[node.kind], node.id), default=None)

    def by_name(self, kind: NodeKind, name: str) -> list[Node]:
        """Return the nodes of that kind and name, case and spacing aside."""
        found = (self._nodes[each] for each in self._names.get((kind, normalise(name)), ()))
        return sorted(found, key=sort_key)

    def out_edges(self, node_id: str, *kinds: EdgeKind) -> list[Edge]:
        """Return the edges that leave this node, by kind and then by the other end's place."""
        self.node(node_id)
        return self._sorted_edges(self._leaving(node_id), kinds)

    def in_edges(self, node_id: str, *kinds: EdgeKind) -> list[Edge]:
        """Return the edges that enter this node, by kind and then by the other end's place."""
        self.node(node_id)
        return self._sorted_edges(self._entering(node_id), kinds)

    def dependencies(self, node_id: str, *kinds: EdgeKind) -> list[Node]:
        """Return the nodes this one needs directly.

        Parameters
        ----------
        kinds
            Edges to follow; imports, calls, inherits and uses if none is named. Along ``flows`` and
            ``precedes`` a node depends on those that come before it.
        """
        return self._nodes_by_place(self._needs(node_id, kinds or DEPENDENCY_KINDS, back=False))

    def dependents(self, node_id: str, *kinds: EdgeKind) -> list[Node]:
        """Return the nodes that need this one directly; the mirror of `dependencies`."""
        return self._nodes_by_place(self._needs(node_id, kinds or DEPENDENCY_KINDS, back=True))

    def closure(self, ids: Iterable[str], *kinds: EdgeKind) -> list[Node]:
        """Return all that these nodes need, directly or through others, without the nodes themselves."""
        start = list(ids)
        seen = set(start)
        waiting = list(start)
        while waiting:
            fresh = self._needs(waiting.pop(), kinds or DEPENDENCY_KINDS, back=False) - seen
            seen |= fresh
            waiting.extend(fresh)
        return self._nodes_by_place(seen.difference(start))

    def generations(self, ids: Iterable[str], *kinds: EdgeKind) -> list[list[str]]:
        """Return these nodes in topological generations, dependencies first.

        A dependency of something that a node contains counts as the node's own: a class waits for what its
        methods call. What lies between nodes outside ``ids`` does not count.

        Parameters
        ----------
        kinds
            Edges to follow; imports, calls, inherits and uses if none is named.

        Raises
        ------
        CycleError
            If the nodes depend on each other in a circle; it names the circle.
        """
        return order.generations(self, list(ids), kinds or DEPENDENCY_KINDS)

    def _needs(self, node_id: str, kinds: Iterable[EdgeKind], *, back: bool) -> set[str]:
        self.node(node_id)
        wanted = frozenset(kinds)
        out = {edge.dst for edge in self._leaving(node_id) if _meets(edge, wanted, back)}
        into = {edge.src for edge in self._entering(node_id) if _meets(edge, wanted, not back)}
        return (out | into) - {node_id}

    def _leaving(self, node_id: str) -> list[Edge]:
        found: Iterable[tuple[str, str, Edge]] = self._graph.out_edges(node_id, data="edge")
        return [edge for _, _, edge in found]

    def _entering(self, node_id: str) -> list[Edge]:
        found: Iterable[tuple[str, str, Edge]] = self._graph.in_edges(node_id, data="edge")
        return [edge for _, _, edge in found]

    def _nodes_by_place(self, ids: Iterable[str]) -> list[Node]:
        return sorted((self._nodes[each] for each in ids), key=sort_key)

    def _sorted_edges(self, edges: list[Edge], kinds: tuple[EdgeKind, ...]) -> list[Edge]:
        found = [edge for edge in edges if not kinds or edge.kind in kinds]
        return sorted(found, key=self._edge_sort_key)

    def _edge_sort_key(self, edge: Edge) -> tuple[int, SortKey, SortKey, str]:
        src, dst = sort_key(self._nodes[edge.src]), sort_key(self._nodes[edge.dst])
        return (EDGE_RANK[edge.kind], src, dst, edge.name)

    def _edge_table(self) -> dict[tuple[str, str, EdgeKey], Edge]:
        found: Iterable[tuple[str, str, EdgeKey, Edge]] = self._graph.edges(keys=True, data="edge")
        return {(src, dst, key): edge for src, dst, key, edge in found}

    def _tree_order(self) -> _Order:
        if self._order is None:
            ids = self._subtree(self._root)
            by_kind: dict[NodeKind, list[str]] = {}
            for node_id in ids:
                by_kind.setdefault(self._nodes[node_id].kind, []).append(node_id)
            self._order = _Order(ids, {node_id: index for index, node_id in enumerate(ids)}, by_kind)
        return self._order

    def _subtree(self, node_id: str) -> list[str]:
        found = []
        waiting = [node_id]
        while waiting:
            current = waiting.pop()
            found.append(current)
            below = sorted((self._nodes[each] for each in self._children[current]), key=_sibling_key)
            waiting.extend(node.id for node in reversed(below))
        return found

    def _near(self, node_id: str) -> str:
        near = difflib.get_close_matches(node_id, sorted(self._nodes), n=1, cutoff=0.8)
        return f"did you mean {near[0]!r}?" if near else "list the nodes to see the ids there are"


def _meets(edge: Edge, wanted: frozenset[EdgeKind], against: bool) -> bool:
    """Tell whether the edge is wanted and its dependency points along (or against) its direction."""
    return edge.kind in wanted and (edge.kind in FORWARD_KINDS) is against


def _sibling_key(node: Node) -> tuple[int, str, str, str, str]:
    return (KIND_RANK[node.kind], node.path, node.qualname, normalise(node.name), node.id)
