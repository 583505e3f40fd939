"""The graph of the C with the Rust beside it: every function of the crate leads to what it was translated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.frame import Frame
from repowright.agent.workflows.translate.records import UnitRecord, UnitState
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Place
from repowright.graph.records import Node
from repowright.repo_tools.rust_source import ItemKind, RustSource, read_items

TRANSLATED_FROM = "translated_from"
"""A ``uses`` edge: the Rust at its source was translated from the C at its target."""

FOLDER = "rust"
"""Folder of the graph that the crate's files stand in."""

_STATES = {
    UnitState.VERIFIED: State.VERIFIED,
    UnitState.COMPILED: State.IMPLEMENTED,
    UnitState.FAILING: State.IMPLEMENTED,
    UnitState.STUB: State.STUBBED,
}
_KINDS = {ItemKind.STATIC: NodeKind.GLOBAL, ItemKind.CONST: NodeKind.CONSTANT}


def translated_graph(encoded: EncodedC, frame: Frame, files: Mapping[str, bytes], units: Sequence[UnitRecord]) -> RPG:
    """Return a copy of the graph with the crate's items, their states and where they come from."""
    graph = encoded.graph.copy()
    states = {item: _STATES[unit.state] for unit in units for item in unit.items}
    name = _free_folder(graph)
    folder = graph.add(NodeKind.DIRECTORY, name, graph.root.id, place=Place(name), anchor=f"{name}/")
    for path in dict.fromkeys(slot.path for slot in frame.slots):
        place = Place(f"{name}/{path}")
        file = graph.add(NodeKind.FILE, path, folder.id, place=place, state=State.IMPLEMENTED, anchor=place.path)
        source = read_items(files[path])
        for slot in (each for each in frame.slots if each.path == path):
            node = _node(graph, file, source, slot.item, states.get(str(slot), State.STUBBED))
            target = encoded.nodes.get(slot.origin) if slot.origin is not None else None
            if node is not None and target is not None:
                graph.connect(node.id, target, EdgeKind.USES, name=TRANSLATED_FROM)
    return graph


def _free_folder(graph: RPG) -> str:
    """The folder's name, with a line behind it as long as the C project has one of that name."""
    taken = {node.path.partition("/")[0] for node in graph.nodes() if node.path}
    name = FOLDER
    while name in taken:
        name += "_"
    return name


def _node(graph: RPG, file: Node, source: RustSource, path: str, state: State) -> Node | None:
    item = source.find(path)
    if item is None:
        return None
    data = source.text.encode()
    last = data[: item.declared.end].count(b"\n") + 1
    place = Place(file.path, path.replace("::", "."), (item.line, max(item.line, last)))
    anchor = f"{file.path}::{path}"
    kind = _KINDS.get(item.kind, NodeKind.FUNCTION)
    return graph.add(kind, item.name, file.id, place=place, state=state, anchor=anchor)
