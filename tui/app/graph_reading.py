"""A graph as the explorer reads it: rows, neighbours, search and code; knows nothing of widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repowright.graph.explore import PASSIVE
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.opening import open_graph
from repowright.tui.app.fuzzy import Names

MOST_NEIGHBOURS = 60
MOST_INSIDE = 200
MOST_CODE_LINES = 400

_SHOWN = tuple(kind for kind in PASSIVE if kind is not EdgeKind.CONTAINS)

_MARKS = {
    NodeKind.REPOSITORY: "◆",
    NodeKind.AREA: "■",
    NodeKind.CATEGORY: "▪",
    NodeKind.FEATURE: "✦",
    NodeKind.DIRECTORY: "▸",
    NodeKind.FILE: "▫",
    NodeKind.CLASS: "C",
    NodeKind.FUNCTION: "ƒ",
    NodeKind.METHOD: "ƒ",
}


@dataclass(frozen=True)
class Row:
    """A node as a line of the tree."""

    id: str
    mark: str
    name: str
    said: str
    state: str
    has_children: bool


@dataclass(frozen=True)
class Neighbour:
    """A node that an edge joins, and the edge in words."""

    id: str
    verb: str
    label: str


@dataclass(frozen=True)
class Code:
    """Lines of a file from ``first`` on; ``text`` is empty and ``problem`` says why when it cannot be read."""

    path: str
    first: int
    text: str
    problem: str = ""


class GraphReading:
    """One graph and the folder of its code, if there is one."""

    def __init__(self, rpg: RPG, folder: Path | None) -> None:
        self._rpg = rpg
        self._folder = folder
        self._by_name: dict[str, str] = {}
        for node in rpg.nodes():
            self._by_name.setdefault(_searched(node), node.id)
        self._names = Names(list(self._by_name))

    @classmethod
    def open(cls, path: Path, folder: Path | None) -> GraphReading:
        """Read a stored graph or a ``graph.json``.

        Raises
        ------
        GraphError
            If there is none, or it cannot be read.
        """
        return cls(open_graph(path), folder)

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self._rpg)

    @property
    def root(self) -> Row:
        """The repository."""
        return self._row(self._rpg.root)

    def labels(self) -> list[str]:
        """Return how to ask for every file and definition."""
        return [node.label for node in self._rpg.nodes() if node.place is not None]

    def children(self, node_id: str) -> list[Row]:
        """Return what a node contains, in the order of the graph."""
        return [self._row(node) for node in self._rpg.children(node_id)]

    def path_to(self, node_id: str) -> list[str]:
        """Return the ids from the repository to the node."""
        above = [node.id for node in self._rpg.ancestors(node_id)]
        return [*reversed(above), node_id]

    def facts(self, node_id: str) -> tuple[str, str]:
        """Return label and description of a node."""
        node = self._rpg.node(node_id)
        span = node.place.span if node.place else None
        lines = f", lines {span[0]}-{span[1]}" if span else ""
        parts = [f"{node.kind.value}{lines}, {node.state.value}", node.feature]
        if node.place and node.place.signature:
            parts.append(node.place.signature)
        parts.append(node.doc.strip().split("\n\n")[0])
        return node.label, "\n".join(part for part in parts if part)

    def neighbours(self, node_id: str) -> list[Neighbour]:
        """Return what a node, with all that lies in it, needs, and what needs it; one edge away."""
        inside = {node_id, *(node.id for node in self._rpg.descendants(node_id)[:MOST_INSIDE])}
        found: dict[Neighbour, None] = {}
        for each in sorted(inside, key=self._rpg.position):
            for edge in self._rpg.out_edges(each, *_SHOWN):
                if edge.dst not in inside:
                    found[Neighbour(edge.dst, edge.kind.value, self._rpg.node(edge.dst).label)] = None
            for edge in self._rpg.in_edges(each, *_SHOWN):
                if edge.src not in inside:
                    found[Neighbour(edge.src, PASSIVE[edge.kind], self._rpg.node(edge.src).label)] = None
        return list(found)[:MOST_NEIGHBOURS]

    def search(self, query: str, limit: int = 20) -> list[tuple[str, str]]:
        """Return id and name of the nodes whose place, name or purpose fits."""
        return [(self._by_name[name], name) for name in self._names.best(query, limit)]

    def code(self, node_id: str) -> Code:
        """Return the lines of a node."""
        node = self._rpg.node(node_id)
        first, last = (node.place.span if node.place and node.place.span else None) or (1, MOST_CODE_LINES)
        if self._folder is None or not node.path:
            return Code(node.path, first, "", "no code is at hand")
        try:
            lines = (self._folder / node.path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as err:
            return Code(node.path, first, "", f"{node.path}: {err.strerror}")
        return Code(node.path, first, "\n".join(lines[first - 1 : min(last, first - 1 + MOST_CODE_LINES)]))

    def _row(self, node: Node) -> Row:
        return Row(
            node.id,
            _MARKS.get(node.kind, "·"),
            node.name,
            node.feature,
            node.state.value,
            bool(self._rpg.children(node.id)),
        )


def _searched(node: Node) -> str:
    return f"{node.label}  {node.feature}" if node.feature else node.label
