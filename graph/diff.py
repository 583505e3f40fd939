"""What differs between two graphs, told by file: added, removed, changed and moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from repowright.graph.cards import as_json
from repowright.graph.kinds import EDGE_RANK, EdgeKind, NodeKind
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.moves import moves

What = Literal["added", "removed", "changed", "moved"]

_SIGNS: dict[What, str] = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a node or edge, before and after, as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NodeChange:
    """One node that differs.

    Parameters
    ----------
    path
        File it lies in now, or lay in; empty outside files.
    label, was
        How it is called now, and before if that differs.
    """

    what: What
    kind: NodeKind
    path: str
    label: str
    was: str = ""
    fields: tuple[FieldChange, ...] = ()

    def text(self) -> str:
        """Return the change on one line."""
        came = f" from {self.was}" if self.what == "moved" else ""
        fields = ", ".join(f"{each.field} {each.before!r} -> {each.after!r}" for each in self.fields)
        return f"{_SIGNS[self.what]} {self.kind.value} {self.label}{came}{f': {fields}' if fields else ''}"


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """One edge that differs; ``path`` is the file it leads from."""

    what: What
    kind: EdgeKind
    path: str
    src: str
    dst: str
    fields: tuple[FieldChange, ...] = ()

    def text(self) -> str:
        """Return the change on one line."""
        fields = ", ".join(f"{each.field} {each.before} -> {each.after}" for each in self.fields)
        return f"{_SIGNS[self.what]} {self.src} {self.kind.value} {self.dst}{f': {fields}' if fields else ''}"


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """All differences, by file.

    Parameters
    ----------
    carried
        Nodes that only moved along with what contains them.
    shifted, shifted_edges
        Nodes and edges that only lie on other lines.
    """

    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    carried: int
    shifted: int
    shifted_edges: int

    @property
    def same(self) -> bool:
        """Whether the two graphs are equal."""
        return not (self.nodes or self.edges or self.shifted or self.shifted_edges)

    def text(self) -> str:
        """Return the differences grouped by file, with totals at the end."""
        if self.same:
            return "the graphs are the same"
        groups: dict[str, list[str]] = {}
        changes: list[NodeChange | EdgeChange] = [*self.nodes, *self.edges]
        for change in changes:
            # The file stands above its changes, so that their own lines need not repeat it.
            groups.setdefault(change.path, []).append(f"  {change.text().replace(f' {change.path}:', ' ')}")
        lines = [line for path in sorted(groups) for line in [path or "(outside files)", *groups[path]]]
        return "\n".join([*lines, self._totals()])

    def as_json(self) -> str:
        """Return the differences as one line of JSON."""
        return as_json(self)

    def _totals(self) -> str:
        nodes, edges = _counted(self.nodes), _counted(self.edges)
        parts = [f"nodes: {nodes}"] * bool(nodes) + [f"edges: {edges}"] * bool(edges)
        parts += [f"{self.carried} nodes moved along"] * bool(self.carried)
        lines = f"{self.shifted} nodes and {self.shifted_edges} edges only on other lines"
        return "; ".join(parts + [lines] * bool(self.shifted or self.shifted_edges))


def diff(before: RPG, after: RPG) -> GraphDiff:
    """Return what differs between two graphs.

    A node that vanished and one that came are one that moved, if kind, name and signature or what they contain
    agree; edges of a moved node that moved with it are no difference.
    """
    came_from = moves(before, after)
    now_is = {old: new for new, old in came_from.items()}
    nodes: list[NodeChange] = []
    shifted = carried = 0
    for node in after.nodes():
        old_id = came_from.get(node.id, node.id)
        if old_id not in before:
            nodes.append(NodeChange("added", node.kind, node.path, node.label))
            continue
        change, lines = _compared(before, after, before.node(old_id), node, now_is)
        shifted += lines and change is None
        along = change is not None and _moved_along(before, after, change, before.node(old_id), node, now_is)
        carried += along
        nodes += [change] if change and not along else []
    gone = (node for node in before.nodes() if node.id not in after and node.id not in now_is)
    nodes += [NodeChange("removed", node.kind, node.path, node.label) for node in gone]
    edges, shifted_edges = _edges(before, after, now_is)
    return GraphDiff(tuple(sorted(nodes, key=_by_file)), tuple(edges), carried, shifted, shifted_edges)


def _compared(
    before: RPG, after: RPG, old: Node, new: Node, now_is: Mapping[str, str]
) -> tuple[NodeChange | None, bool]:
    """Return how a node changed, and whether it lies on other lines."""
    fields = [
        FieldChange(name, was, now)
        for name, was, now in (
            ("name", old.name, new.name),
            ("feature", old.feature, new.feature),
            ("signature", old.signature, new.signature),
            ("doc", old.doc, new.doc),
            ("state", old.state.value, new.state.value),
            ("tags", " ".join(old.tags), " ".join(new.tags)),
        )
        if was != now
    ]
    above, now_above = before.parent(old.id), after.parent(new.id)
    if above and now_above and now_is.get(above.id, above.id) != now_above.id:
        fields.append(FieldChange("below", above.label, now_above.label))
    lines = (old.place and old.place.span) != (new.place and new.place.span)
    if old.label != new.label:
        fields = [each for each in fields if each.field != "name"]
        return NodeChange("moved", new.kind, new.path, new.label, old.label, tuple(fields)), lines
    if not fields:
        return None, lines
    return NodeChange("changed", new.kind, new.path, new.label, "", tuple(fields)), lines


def _moved_along(before: RPG, after: RPG, change: NodeChange, old: Node, new: Node, now_is: Mapping[str, str]) -> bool:
    if change.what != "moved" or change.fields:
        return False
    above, now_above = before.parent(old.id), after.parent(new.id)
    if above is None or now_above is None:
        return False
    return now_is.get(above.id, above.id) == now_above.id and above.label != now_above.label


EdgeIdentity = tuple[str, str, EdgeKind, str]


def _edges(before: RPG, after: RPG, now_is: Mapping[str, str]) -> tuple[list[EdgeChange], int]:
    old = {_identity(edge, now_is): edge for edge in before.edges() if edge.kind is not EdgeKind.CONTAINS}
    new = {_identity(edge, {}): edge for edge in after.edges() if edge.kind is not EdgeKind.CONTAINS}
    found = [_edge("added", after, edge) for key, edge in new.items() if key not in old]
    found += [_edge("removed", before, edge) for key, edge in old.items() if key not in new]
    shifted = 0
    for key in old.keys() & new.keys():
        fields = _edge_fields(old[key], new[key])
        shifted += not fields and old[key].lines != new[key].lines
        found += [_edge("changed", after, new[key], fields)] if fields else []
    return sorted(found, key=lambda e: (e.path, _ORDER[e.what], EDGE_RANK[e.kind], e.src, e.dst, e.fields)), shifted


def _identity(edge: Edge, now_is: Mapping[str, str]) -> EdgeIdentity:
    return now_is.get(edge.src, edge.src), now_is.get(edge.dst, edge.dst), edge.kind, edge.name


def _edge_fields(old: Edge, new: Edge) -> tuple[FieldChange, ...]:
    pairs = (
        ("confidence", f"{old.confidence:g}", f"{new.confidence:g}"),
        ("data type", old.data_type, new.data_type),
        ("transformation", old.transformation, new.transformation),
    )
    return tuple(FieldChange(name, was, now) for name, was, now in pairs if was != now)


def _edge(what: What, rpg: RPG, edge: Edge, fields: tuple[FieldChange, ...] = ()) -> EdgeChange:
    src, dst = rpg.node(edge.src), rpg.node(edge.dst)
    name = f" {edge.name}" if edge.name else ""
    return EdgeChange(what, edge.kind, src.path, src.label, f"{dst.label}{name}", fields)


_ORDER: dict[What, int] = {"removed": 0, "moved": 1, "added": 2, "changed": 3}


def _by_file(change: NodeChange) -> tuple[str, int, str, str, str]:
    return change.path, _ORDER[change.what], change.label, change.kind.value, change.was


def _counted(changes: Iterable[NodeChange | EdgeChange]) -> str:
    counted = Counter(change.what for change in changes)
    return ", ".join(f"{counted[what]} {what}" for what in _SIGNS if counted[what])
