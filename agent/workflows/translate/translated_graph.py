"""The graph of the C with the translation beside it: every function of it leads to what it was translated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repowright.agent.workflows.translate.records import UnitRecord, UnitState
from repowright.agent.workflows.translate.studio import Layout
from repowright.agent.workflows.translate.target import Placed
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Place
from repowright.graph.records import Node

TRANSLATED_FROM = "translated_from"
"""A ``uses`` edge: what stands at its source was translated from the C at its target."""

_STATES = {
    UnitState.VERIFIED: State.VERIFIED,
    UnitState.COMPILED: State.IMPLEMENTED,
    UnitState.FAILING: State.IMPLEMENTED,
    UnitState.STUB: State.STUBBED,
}


def translated_graph(layout: Layout, files: Mapping[str, bytes], units: Sequence[UnitRecord]) -> RPG:
    """Return a copy of the graph with the items written, their states and where they come from.

    They stand in a folder that is called after the target language.
    """
    encoded, frame = layout.encoded, layout.frame
    graph = encoded.graph.copy()
    states = {item: _STATES[unit.state] for unit in units for item in unit.items}
    name = _free_folder(graph, layout.target.name)
    folder = graph.add(NodeKind.DIRECTORY, name, graph.root.id, place=Place(name), anchor=f"{name}/")
    for path in dict.fromkeys(slot.path for slot in frame.slots):
        place = Place(f"{name}/{path}")
        file = graph.add(NodeKind.FILE, path, folder.id, place=place, state=State.IMPLEMENTED, anchor=place.path)
        items = layout.target.placed(files[path])
        for slot in (each for each in frame.slots if each.path == path):
            if slot.item not in items:
                continue
            node = _node(graph, file, items[slot.item], slot.item, states.get(str(slot), State.STUBBED))
            target = encoded.nodes.get(slot.origin) if slot.origin is not None else None
            if target is not None:
                graph.connect(node.id, target, EdgeKind.USES, name=TRANSLATED_FROM)
    return graph


def _free_folder(graph: RPG, name: str) -> str:
    """The folder's name, with a line behind it as long as the C project has one of that name."""
    taken = {node.path.partition("/")[0] for node in graph.nodes() if node.path}
    while name in taken:
        name += "_"
    return name


def _node(graph: RPG, file: Node, item: Placed, path: str, state: State) -> Node:
    place = Place(file.path, path.replace("::", "."), (item.line, item.last_line))
    return graph.add(item.kind, item.name, file.id, place=place, state=state, anchor=f"{file.path}::{path}")
