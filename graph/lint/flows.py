"""Checks of the typed data that flows between areas and units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from repowright.graph.kinds import UNIT_KINDS, EdgeKind
from repowright.graph.lint.finding import Finding, error, warning
from repowright.graph.model import RPG, Edge, Node
from repowright.graph.signature import is_type_expression, mentions, type_names
from repowright.graph.tags import BASE_TYPE


def untyped_flow(rpg: RPG) -> Iterator[Finding]:
    """Report flows whose data type is missing or no type expression."""
    for edge in rpg.edges(EdgeKind.FLOWS):
        src, dst = rpg.node(edge.src), rpg.node(edge.dst)
        flow = f"the flow {_named(edge)}from {src.label} to {dst.label}"
        if not edge.data_type:
            yield error("flow-without-type", f"{flow} has no data type", src, dst)
        elif not is_type_expression(edge.data_type):
            message = f"{flow} has the data type {edge.data_type!r}, which is no Python type expression"
            yield error("flow-type-unreadable", message, src, dst)


def contradicted_flow(rpg: RPG) -> Iterator[Finding]:
    """Report flows whose data type no signature at the source gives or at the target takes.

    Neither side mentions it: an error; one side does: a warning. A base type used on both sides is enough.
    """
    flows = [edge for edge in rpg.edges(EdgeKind.FLOWS) if is_type_expression(edge.data_type)]
    sides = {end: _side(rpg, end) for edge in flows for end in (edge.src, edge.dst)}
    for edge in flows:
        src, dst = sides[edge.src], sides[edge.dst]
        open_names = type_names(edge.data_type) - (src.base_types & dst.base_types)
        yield from _judge(edge, rpg, sorted(open_names - src.given), sorted(open_names - dst.taken))


@dataclass(frozen=True, slots=True)
class _Side:
    """Type names that the definitions below one end of a flow give, take, and use as base types."""

    given: frozenset[str]
    taken: frozenset[str]
    base_types: frozenset[str]


def _side(rpg: RPG, node_id: str) -> _Side:
    units = [unit for unit in (rpg.node(node_id), *rpg.descendants(node_id)) if unit.kind in UNIT_KINDS]
    found = [mentions(unit.signature) for unit in units]
    given = frozenset(unit.name for unit in units).union(*(each.given for each in found))
    taken = frozenset[str]().union(*(each.taken for each in found))
    known = {node.name for node in rpg.nodes(*UNIT_KINDS) if BASE_TYPE in node.tags}
    needed = {node.name for unit in units for node in rpg.dependencies(unit.id)}
    return _Side(given, taken, frozenset(known & (given | taken | needed)))


def _judge(edge: Edge, rpg: RPG, not_given: list[str], not_taken: list[str]) -> Iterator[Finding]:
    src, dst = rpg.node(edge.src), rpg.node(edge.dst)
    flow = f"the flow {_named(edge)}of {edge.data_type} from {src.label} to {dst.label}"
    gives, takes = _gives(src, not_given), _takes(dst, not_taken)
    if not_given and not_taken:
        yield error("flow-contradicted", f"{flow} is in no signature: {gives} and {takes}", src, dst)
    elif not_given or not_taken:
        yield warning("flow-one-sided", f"{flow} is in one side's signatures only: {gives or takes}", src, dst)


def _gives(node: Node, missing: list[str]) -> str:
    return f"nothing in {node.label} returns or defines {', '.join(missing)}" if missing else ""


def _takes(node: Node, missing: list[str]) -> str:
    return f"nothing in {node.label} takes {', '.join(missing)}" if missing else ""


def _named(edge: Edge) -> str:
    return f"{edge.name!r} " if edge.name else ""
