"""Checks of circles and inheritance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from repowright.graph.kinds import DEPENDENCY_KINDS, FORWARD_KINDS, TYPE_KINDS, UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.lint.finding import Finding, error
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.order import cycles, describe_cycle, lifted, owners

_UNIT_NEEDS = (EdgeKind.CALLS, EdgeKind.USES, EdgeKind.INHERITS)


def file_cycle(rpg: RPG) -> Iterator[Finding]:
    """Report files that need each other in a circle, by imports or by what their definitions use."""
    return _cycles(rpg, "file-cycle", "files", rpg.nodes(NodeKind.FILE), DEPENDENCY_KINDS)


def flow_cycle(rpg: RPG) -> Iterator[Finding]:
    """Report areas between which data flows in a circle."""
    return _cycles(rpg, "flow-cycle", "areas", rpg.nodes(NodeKind.AREA), (EdgeKind.FLOWS,))


def unit_cycle(rpg: RPG) -> Iterator[Finding]:
    """Report definitions that need each other in a circle; what lies inside one class or function may."""
    top = [child for file in rpg.nodes(NodeKind.FILE) for child in rpg.children(file.id, *UNIT_KINDS)]
    return _cycles(rpg, "unit-cycle", "definitions", top, _UNIT_NEEDS)


def inherits_non_class(rpg: RPG) -> Iterator[Finding]:
    """Report inheritance from something that is no type."""
    for edge in rpg.edges(EdgeKind.INHERITS):
        base, heir = rpg.node(edge.dst), rpg.node(edge.src)
        if base.kind not in TYPE_KINDS:
            message = f"{heir.label} inherits from {base.label}, which is a {base.kind.value} and no class"
            yield error("inherits-non-class", message, heir, base)


def _cycles(rpg: RPG, code: str, what: str, nodes: Sequence[Node], kinds: tuple[EdgeKind, ...]) -> Iterator[Finding]:
    ids = {node.id for node in nodes}
    needs = lifted(rpg, ids, kinds)
    circles = cycles(needs)
    home = owners(rpg, ids) if circles else {}
    edges = rpg.edges(*kinds) if circles else []
    for circle in circles:
        steps = zip(circle, [*circle[1:], circle[0]], strict=True)
        because = ", ".join(_witness(rpg, step, home, edges) for step in steps)
        message = f"{what} need each other in a circle, {describe_cycle(rpg, circle)}, because {because}"
        yield error(code, message, *(rpg.node(each) for each in circle))


def _witness(rpg: RPG, step: tuple[str, str], home: dict[str, str], edges: Iterable[Edge]) -> str:
    """Return the first edge that makes the first node of the step need the second, in words."""
    for edge in edges:
        ends = (edge.dst, edge.src) if edge.kind in FORWARD_KINDS else (edge.src, edge.dst)
        if (home.get(ends[0]), home.get(ends[1])) == step:
            src, dst = rpg.node(edge.src).label, rpg.node(edge.dst).label
            what = f"{edge.name or edge.data_type or 'data'} flows from {src} to {dst}"
            return what if edge.kind is EdgeKind.FLOWS else f"{src} {edge.kind.value} {dst}"
    raise AssertionError("each lifted dependency comes from an edge")
