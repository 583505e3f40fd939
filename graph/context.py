"""What somebody who works on one node has to know of the rest: slices of nodes, not text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from repowright.graph.errors import InvariantViolated
from repowright.graph.kinds import UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.signature import mentions
from repowright.graph.tags import BASE_TYPE
from repowright.graph.view import sort_key

_UNIT_NEEDS = (EdgeKind.CALLS, EdgeKind.USES, EdgeKind.INHERITS)


@dataclass(frozen=True, slots=True)
class UnitContext:
    """What surrounds one definition.

    Parameters
    ----------
    features
        Phrases of the features it realises, those of its methods included.
    dependencies
        Definitions it, or something inside it, calls, uses or inherits from.
    base_types
        Shared types its signatures name, and those that these name in turn.
    callers
        Definitions and files that need it.
    siblings
        The other top-level definitions of its file.
    flows
        Typed data that enters or leaves its area.
    """

    unit: Node
    file: Node
    area: Node | None
    features: tuple[str, ...]
    dependencies: tuple[Node, ...]
    base_types: tuple[Node, ...]
    callers: tuple[Node, ...]
    siblings: tuple[Node, ...]
    flows: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class FileContext:
    """What surrounds one file; the fields mean what those of `UnitContext` mean.

    Parameters
    ----------
    units
        Its top-level definitions.
    imports
        Files it imports, or whose definitions its own need.
    importers
        Files that need this one.
    """

    file: Node
    area: Node | None
    features: tuple[str, ...]
    units: tuple[Node, ...]
    imports: tuple[Node, ...]
    importers: tuple[Node, ...]
    base_types: tuple[Node, ...]
    flows: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class AreaContext:
    """What surrounds one area.

    Parameters
    ----------
    inflows, outflows
        Typed data that enters or leaves it.
    sources, targets
        Areas at the other end of those flows.
    """

    area: Node
    features: tuple[str, ...]
    files: tuple[Node, ...]
    units: tuple[Node, ...]
    inflows: tuple[Edge, ...]
    outflows: tuple[Edge, ...]
    sources: tuple[Node, ...]
    targets: tuple[Node, ...]


def unit_context(rpg: RPG, unit_id: str) -> UnitContext:
    """Return what surrounds a definition.

    Raises
    ------
    UnknownNode
        If there is no such node.
    InvariantViolated
        If it is no definition.
    """
    unit = _expected(rpg, unit_id, UNIT_KINDS, "definition")
    file = _owner(rpg, unit_id, NodeKind.FILE)
    return UnitContext(
        unit=unit,
        file=file,
        area=rpg.ancestor(unit_id, NodeKind.AREA),
        features=_features(rpg, unit_id),
        dependencies=needs(rpg, unit_id),
        base_types=_base_types(rpg, unit_id),
        callers=needed_by(rpg, unit_id),
        siblings=siblings(rpg, unit_id),
        flows=_flows(rpg, unit_id),
    )


def needs(rpg: RPG, unit_id: str) -> tuple[Node, ...]:
    """Return the definitions that one, or something inside it, calls, uses or inherits from."""
    inside = _inside(rpg, unit_id)
    return _outside(rpg, unit_id, (node for each in inside for node in rpg.dependencies(each, *_UNIT_NEEDS)))


def needed_by(rpg: RPG, unit_id: str) -> tuple[Node, ...]:
    """Return the definitions and files that call, use or inherit from one, or from something inside it."""
    inside = _inside(rpg, unit_id)
    return _outside(rpg, unit_id, (node for each in inside for node in rpg.dependents(each, *_UNIT_NEEDS)))


def siblings(rpg: RPG, unit_id: str) -> tuple[Node, ...]:
    """Return the other top-level definitions of a definition's file."""
    own = _top_level(rpg, rpg.node(unit_id)).id
    file = _owner(rpg, unit_id, NodeKind.FILE)
    return tuple(child for child in rpg.children(file.id, *UNIT_KINDS) if child.id != own)


def file_context(rpg: RPG, file_id: str) -> FileContext:
    """Return what surrounds a file.

    Raises
    ------
    UnknownNode
        If there is no such node.
    InvariantViolated
        If it is no file.
    """
    file = _expected(rpg, file_id, frozenset({NodeKind.FILE}), "file")
    needed = [node for each in _inside(rpg, file_id) for node in rpg.dependencies(each)]
    needing = [node for each in _inside(rpg, file_id) for node in rpg.dependents(each)]
    return FileContext(
        file=file,
        area=rpg.ancestor(file_id, NodeKind.AREA),
        features=_features(rpg, file_id),
        units=tuple(rpg.children(file_id, *UNIT_KINDS)),
        imports=_outside(rpg, file_id, (_file_of(rpg, node) for node in needed)),
        importers=_outside(rpg, file_id, (_file_of(rpg, node) for node in needing)),
        base_types=_base_types(rpg, file_id),
        flows=_flows(rpg, file_id),
    )


def area_context(rpg: RPG, area_id: str) -> AreaContext:
    """Return what surrounds an area.

    Raises
    ------
    UnknownNode
        If there is no such node.
    InvariantViolated
        If it is no area.
    """
    area = _expected(rpg, area_id, frozenset({NodeKind.AREA}), "area")
    inside = _inside(rpg, area_id)
    flows = _flows(rpg, area_id)
    inflows = tuple(edge for edge in flows if edge.src not in inside)
    outflows = tuple(edge for edge in flows if edge.dst not in inside)
    return AreaContext(
        area=area,
        features=_features(rpg, area_id),
        files=tuple(rpg.descendants(area_id, NodeKind.FILE)),
        units=tuple(rpg.descendants(area_id, *UNIT_KINDS)),
        inflows=inflows,
        outflows=outflows,
        sources=_areas(rpg, (edge.src for edge in inflows)),
        targets=_areas(rpg, (edge.dst for edge in outflows)),
    )


def _expected(rpg: RPG, node_id: str, kinds: frozenset[NodeKind], what: str) -> Node:
    node = rpg.node(node_id)
    if node.kind not in kinds:
        raise InvariantViolated(f"{node.label} is no {what}, it is of kind {node.kind.value!r}", "name another node")
    return node


def _inside(rpg: RPG, node_id: str) -> list[str]:
    return [node_id, *(node.id for node in rpg.descendants(node_id))]


def _owner(rpg: RPG, node_id: str, kind: NodeKind) -> Node:
    found = rpg.ancestor(node_id, kind)
    if found is None:
        raise InvariantViolated(f"{rpg.node(node_id).label} lies in no {kind.value}", "move it below one")
    return found


def _top_level(rpg: RPG, unit: Node) -> Node:
    return [node for node in (unit, *rpg.ancestors(unit.id)) if node.kind in UNIT_KINDS][-1]


def _file_of(rpg: RPG, node: Node) -> Node:
    return rpg.ancestor(node.id, NodeKind.FILE) or node


def _features(rpg: RPG, node_id: str) -> tuple[str, ...]:
    return tuple(node.feature for node in rpg.descendants(node_id, NodeKind.FEATURE))


def _outside(rpg: RPG, node_id: str, nodes: Iterable[Node]) -> tuple[Node, ...]:
    inside = set(_inside(rpg, node_id))
    found = {node.id: node for node in nodes if node.id not in inside}
    return tuple(sorted(found.values(), key=sort_key))


def _base_types(rpg: RPG, node_id: str) -> tuple[Node, ...]:
    """Return the base types that signatures at or below the node name, directly or through each other."""
    known = {node.name: node for node in rpg.nodes(*UNIT_KINDS) if BASE_TYPE in node.tags}
    found: dict[str, Node] = {}
    waiting = [node_id]
    while waiting:
        named = {name for each in _inside(rpg, waiting.pop()) for name in _named(rpg.node(each))}
        fresh = {name: known[name] for name in named & known.keys() if name not in found}
        found |= fresh
        waiting.extend(node.id for node in fresh.values())
    return _outside(rpg, node_id, found.values())


def _named(node: Node) -> frozenset[str]:
    found = mentions(node.signature)
    return found.taken | found.given


def _flows(rpg: RPG, node_id: str) -> tuple[Edge, ...]:
    """Return the flows with one end in the node's area and the other outside, or touching the node itself."""
    area = rpg.ancestor(node_id, NodeKind.AREA)
    inside = set(_inside(rpg, area.id if area else node_id))
    own = set(_inside(rpg, node_id))
    edges = rpg.edges(EdgeKind.FLOWS)
    return tuple(e for e in edges if (e.src in inside) != (e.dst in inside) or {e.src, e.dst} & own)


def _areas(rpg: RPG, ids: Iterable[str]) -> tuple[Node, ...]:
    chains = ((rpg.node(each), *rpg.ancestors(each)) for each in ids)
    found = {node.id: node for chain in chains for node in chain if node.kind is NodeKind.AREA}
    return tuple(sorted(found.values(), key=lambda node: (node.name, node.id)))
