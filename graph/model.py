"""The Repository Planning Graph: one tree of features and places, and the edges that depend on it.

While planning, the tree is repository, area, category, feature. Once grounded it is repository, area,
category, file, definition, method, and a feature hangs below the definition that realises it: a feature is
implemented when its parent is a definition. (ZeroRepo, arXiv 2509.16198, section 3.1.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import TypedDict, Unpack

from repowright.graph import places, rules
from repowright.graph.errors import DuplicateNode, InvariantViolated, UnknownNode
from repowright.graph.ids import node_id, normalise
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.records import Edge, Node, Place
from repowright.graph.view import EdgeKey, GraphView

__all__ = [
    "RPG",
    "Edge",
    "EdgeKind",
    "GraphView",
    "Node",
    "NodeChanges",
    "NodeKind",
    "Place",
    "State",
    "node_id",
]


class NodeChanges(TypedDict, total=False):
    """What `RPG.update` can change of a node."""

    name: str
    feature: str
    place: Place | None
    state: State
    doc: str
    tags: tuple[str, ...]


class RPG(GraphView):
    """A graph whose invariants hold at every write.

    ``contains`` makes one tree with the repository as its root; kinds contain only what they may; edges join
    only kinds they may; ``precedes`` has no circle. A write that would break one of these raises and leaves
    the graph as it was.

    Examples
    --------
    >>> rpg = RPG.new("shop", "sell things")
    >>> area = rpg.add(NodeKind.AREA, "Cart", rpg.root.id)
    >>> feature = rpg.add(NodeKind.FEATURE, "add an item", area.id)
    >>> file = rpg.add(NodeKind.FILE, "cart.py", area.id, place=Place("shop/cart.py"))
    >>> unit = rpg.add(NodeKind.FUNCTION, "add_item", file.id)
    >>> rpg.move(feature.id, unit.id).id == feature.id
    True
    >>> [node.label for node in rpg.ancestors(feature.id)]
    ['shop/cart.py:add_item', 'shop/cart.py', "area 'Cart'", "repository 'shop'"]
    """

    @classmethod
    def new(cls, name: str, feature: str = "", *, package: str = "", tags: Iterable[str] = ()) -> RPG:
        """Return a graph that holds a repository and nothing else.

        Parameters
        ----------
        package
            Folder of the importable package, as a POSIX path; kept as the repository's place.
        tags
            ``has-entry-point`` asks the linter for one.
        """
        rpg = cls()
        place = Place(package) if package else None
        node = rules.clean(Node("", NodeKind.REPOSITORY, name, feature, place, tags=tuple(tags)))
        rpg.attach(rules.with_id(node, "", ()), None)
        return rpg

    def copy(self) -> RPG:
        """Return an independent graph of the same content."""
        twin = RPG()
        twin._graph = self._graph.copy()
        twin._nodes = dict(self._nodes)
        twin._parents = dict(self._parents)
        twin._children = {key: set(value) for key, value in self._children.items()}
        twin._places = {key: set(value) for key, value in self._places.items()}
        twin._names = {key: set(value) for key, value in self._names.items()}
        twin._root = self._root
        twin._order = self._order  # never changed in place: a write drops it
        return twin

    def add(
        self,
        kind: NodeKind,
        name: str,
        parent: str,
        *,
        feature: str = "",
        place: Place | None = None,
        state: State = State.PLANNED,
        doc: str = "",
        tags: Iterable[str] = (),
        anchor: str = "",
    ) -> Node:
        """Add a node below ``parent`` and return it.

        Parameters
        ----------
        place
            Required for files and directories. A definition's path and qualified name follow from its
            parent where they are left out.
        anchor
            What the id is made from, if not the node's own place, path or phrase.

        Raises
        ------
        UnknownNode
            If there is no such parent.
        DuplicateNode
            If a node of the same kind and anchor is there.
        InvariantViolated
            If the parent cannot contain the kind, or a text or place is unusable.
        """
        above = self.node(parent)
        rules.check_containment(kind, name, above)
        settled = places.settle(kind, name, place, above)
        node = rules.clean(Node("", kind, name, feature, settled, state, doc, tuple(tags)))
        node = rules.with_id(node, anchor, self._names_above(parent))
        return self.attach(node if anchor else self._with_free_id(node), parent)

    def attach(self, node: Node, parent: str | None) -> Node:
        """Add a ready-made node as it is, id included; what readers of a stored graph use.

        Raises
        ------
        UnknownNode, DuplicateNode, InvariantViolated
            As in `add`; also if the graph would get a second root.
        """
        if node.id in self._nodes:
            raise self._duplicate(node)
        rules.check_texts(node)
        rules.check_place(node, None if parent is None else self.node(parent))
        if parent is None:
            if self._root or node.kind is not NodeKind.REPOSITORY:
                raise InvariantViolated(f"{node.label} has no parent", "only the one repository stands alone")
            self._root = node.id
        else:
            rules.check_containment(node.kind, node.name, self.node(parent))
            self._parents[node.id] = parent
            self._children[parent].add(node.id)
        self._children[node.id] = set()
        self._graph.add_node(node.id)
        self._put(node)
        self._link(node.id)
        return node

    def update(self, node_id: str, **changes: Unpack[NodeChanges]) -> Node:
        """Change a node and return it; its id stays.

        A file's new path and a definition's new qualified name carry over to all that lies inside; a new name
        renames the last part of the place with it.

        Raises
        ------
        UnknownNode
            If there is no such node.
        InvariantViolated
            If what is changed cannot be, or the new text or place is unusable.
        """
        old = self.node(node_id)
        fixed = sorted(set(changes) - NodeChanges.__annotations__.keys())
        if fixed:
            raise InvariantViolated(f"{fixed[0]!r} of {old.label} cannot be changed", "remove it and add another")
        new = places.in_step(old, rules.clean(replace(old, **changes)))
        rules.check_texts(new)
        rules.check_place(new, self.parent(node_id))
        self._replace(old, new)
        return new

    def move(self, node_id: str, new_parent: str) -> Node:
        """Put a node, with all it contains, below another parent and return it; its id stays.

        A definition that comes to another file or class gets the place it has there.

        Raises
        ------
        UnknownNode
            If one of the two does not exist.
        InvariantViolated
            If the node is the repository, the parent cannot contain it, or lies inside it.
        """
        old, above = self.node(node_id), self.node(new_parent)
        rules.check_containment(old.kind, old.name, above)
        if node_id in {new_parent, *(node.id for node in self.ancestors(new_parent))}:
            raise InvariantViolated(
                f"{old.label} cannot move below {above.label}, which lies inside it",
                "choose a parent outside it",
            )
        self._graph.remove_edge(self._parents[node_id], node_id, key=(EdgeKind.CONTAINS, ""))
        self._children[self._parents[node_id]].discard(node_id)
        self._parents[node_id] = new_parent
        self._children[new_parent].add(node_id)
        self._link(node_id)
        self._replace(old, places.rehoused(old, above))
        return self._nodes[node_id]

    def remove(self, node_id: str) -> tuple[str, ...]:
        """Remove a node with all it contains and every edge that touches them; return the removed ids.

        Raises
        ------
        UnknownNode
            If there is no such node.
        InvariantViolated
            If it is the repository.
        """
        node = self.node(node_id)
        if node_id == self._root:
            raise InvariantViolated(f"{node.label} cannot be removed", "start a new graph instead")
        removed = self._subtree(node_id)
        self._children[self._parents[node_id]].discard(node_id)
        for each in removed:
            self._forget(self._nodes.pop(each))
            del self._children[each], self._parents[each]
        self._graph.remove_nodes_from(removed)
        self._order = None
        return tuple(removed)

    def prune_empty(self, kinds: Iterable[NodeKind]) -> tuple[str, ...]:
        """Remove the nodes of these kinds that contain nothing, or no longer do; return the removed ids."""
        wanted = frozenset(kinds) - {NodeKind.REPOSITORY}
        removed: list[str] = []
        for node in reversed(self.nodes(*wanted) if wanted else []):
            if not self._children[node.id]:
                removed.extend(self.remove(node.id))
        return tuple(sorted(removed))

    def connect(
        self,
        src: str,
        dst: str,
        kind: EdgeKind,
        *,
        name: str = "",
        data_type: str = "",
        transformation: str = "",
        lines: Iterable[int] = (),
        confidence: float = 1.0,
    ) -> Edge:
        """Add an edge and return it; adding the very same edge again changes nothing.

        Raises
        ------
        UnknownNode
            If an end does not exist.
        InvariantViolated
            If the kind cannot join such ends, ``precedes`` would get a circle, or another edge of that kind
            and name already joins them.
        """
        texts = (rules.one_line(name), rules.one_line(data_type), rules.one_line(transformation))
        edge = Edge(src, dst, kind, *texts, tuple(sorted(set(lines))), float(confidence))
        rules.check_unicode(*texts)
        rules.check_ends(edge, self.node(src), self.node(dst))
        key: EdgeKey = (kind, edge.name)
        if self._graph.has_edge(src, dst, key):
            return self._same_edge(edge, key)
        if kind is EdgeKind.PRECEDES and self._leads(dst, src):
            ends = self.node(src).label, self.node(dst).label
            raise InvariantViolated(f"{ends[0]} cannot precede {ends[1]}, which precedes it", "drop one of the two")
        self._graph.add_edge(src, dst, key=key, edge=edge)
        return edge

    def disconnect(self, src: str, dst: str, kind: EdgeKind, name: str = "") -> Edge:
        """Remove an edge and return it.

        Raises
        ------
        UnknownNode
            If there is no such node or edge.
        InvariantViolated
            If the kind is ``contains``.
        """
        ends = self.node(src), self.node(dst)
        if kind is EdgeKind.CONTAINS:
            raise InvariantViolated(f"{ends[1].label} would have no parent", "move or remove it instead")
        key: EdgeKey = (kind, rules.one_line(name))
        if not self._graph.has_edge(src, dst, key):
            raise UnknownNode(f"no {kind.value!r} edge {name!r} joins {ends[0].label} to {ends[1].label}")
        edge: Edge = self._graph.edges[src, dst, key]["edge"]
        self._graph.remove_edge(src, dst, key)
        return edge

    def _same_edge(self, edge: Edge, key: EdgeKey) -> Edge:
        found: Edge = self._graph.edges[edge.src, edge.dst, key]["edge"]
        if found != edge:
            ends = self.node(edge.src).label, self.node(edge.dst).label
            raise InvariantViolated(
                f"another {edge.kind.value!r} edge {edge.name!r} joins {ends[0]} to {ends[1]}",
                "give this one another name, or disconnect the other first",
            )
        return found

    def _leads(self, start: str, goal: str) -> bool:
        """Tell whether ``precedes`` leads from start to goal, by a search from both ends at once."""
        ahead, behind = deque([start]), deque([goal])
        seen_ahead, seen_behind = {start}, {goal}
        while ahead and behind:
            current = ahead.popleft()
            fresh = {edge.dst for edge in self.out_edges(current, EdgeKind.PRECEDES)} - seen_ahead
            seen_ahead |= fresh
            ahead.extend(fresh)
            current = behind.popleft()
            fresh = {edge.src for edge in self.in_edges(current, EdgeKind.PRECEDES)} - seen_behind
            seen_behind |= fresh
            behind.extend(fresh)
            if seen_ahead & seen_behind:
                return True
        return False

    def _with_free_id(self, node: Node) -> Node:
        """Return the node with an id that no moved or renamed node still holds."""
        holder = self._nodes.get(node.id)
        if holder is None or self._own_id(holder) == node.id:
            return node
        return replace(node, id=node_id(node.kind, f"{node.id}#"))

    def _own_id(self, node: Node) -> str:
        """Return the id that the node would get if it were added today."""
        found = places.anchor(node.kind, node.name, node.feature, node.place, self._names_above(node.id)[:-1])
        return node_id(node.kind, found)

    def _duplicate(self, node: Node) -> DuplicateNode:
        holder = self._nodes[node.id]
        parent = self.parent(node.id)
        where = f"below {parent.label}" if parent else "at the root"
        return DuplicateNode(
            f"{node.kind.value} {node.name!r} is in the graph already, as {holder.label} {where}",
            "update or move that one, or choose another name",
            node.id,
        )

    def _names_above(self, node_id: str) -> tuple[str, ...]:
        chain = [self._nodes[node_id], *self.ancestors(node_id)]
        named = (node.name for node in reversed(chain) if node.kind in (NodeKind.AREA, NodeKind.CATEGORY))
        return tuple(named)

    def _link(self, node_id: str) -> None:
        parent = self._parents.get(node_id)
        if parent is not None:
            edge = Edge(parent, node_id, EdgeKind.CONTAINS)
            self._graph.add_edge(parent, node_id, key=(EdgeKind.CONTAINS, ""), edge=edge)
        self._order = None

    def _put(self, node: Node) -> None:
        self._nodes[node.id] = node
        self._names.setdefault((node.kind, normalise(node.name)), set()).add(node.id)
        if node.place is not None:
            self._places.setdefault((node.path, node.qualname), set()).add(node.id)
        self._order = None

    def _forget(self, node: Node) -> None:
        self._names[node.kind, normalise(node.name)].discard(node.id)
        if node.place is not None:
            self._places[node.path, node.qualname].discard(node.id)

    def _replace(self, old: Node, new: Node) -> None:
        if (old.name, old.path, old.qualname) == (new.name, new.path, new.qualname):
            self._nodes[new.id] = new  # nothing that is looked up or sorted by has changed
            return
        inside = []
        if old.place and new.place and (old.path, old.qualname) != (new.path, new.qualname):
            inside = [
                replace(node, place=places.carried(node.place, old.place, new.place))
                for node in self.descendants(old.id)
                if node.place is not None
            ]
        for node in [new, *inside]:
            self._forget(self._nodes[node.id])
            self._put(node)
