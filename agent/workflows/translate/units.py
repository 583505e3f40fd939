"""What is translated at a time, and in which order: groups that need each other, dependencies first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import networkx as nx

from repowright.agent.workflows.translate.edges import ADDRESS, COMPILED, MAY_CALL, REFUSED, TESTS
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.order import Rank, knots, lifted
from repowright.repo_tools.c_source.project import is_test_path

UnitKind = Literal["types", "macros", "globals", "functions"]

_KINDS: Mapping[NodeKind, UnitKind] = {
    NodeKind.STRUCT: "types",
    NodeKind.ENUM: "types",
    NodeKind.CLASS: "types",
    NodeKind.MACRO: "macros",
    NodeKind.CONSTANT: "globals",
    NodeKind.GLOBAL: "globals",
    NodeKind.FUNCTION: "functions",
}
_RANK: Mapping[UnitKind, int] = {"types": 0, "macros": 1, "globals": 2, "functions": 3}
_NO_DEPENDENCY = (MAY_CALL, ADDRESS, TESTS)
"""The skeleton has every signature, so that only what is called or read by name must be there before."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Definitions that are translated together.

    Parameters
    ----------
    name
        Of its first member, with the number of the others behind it.
    members
        Node ids, in the order of the source.
    needs
        Names of the units it depends on; all of them come before it.
    refused
        Members that stay in C.
    """

    name: str
    kind: UnitKind
    members: tuple[str, ...]
    needs: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def is_circle(self) -> bool:
        """Whether its members need each other."""
        return len(self.members) > 1


def order_units(rpg: RPG, *, with_tests: bool = False) -> tuple[Unit, ...]:
    """Group what is compiled into units and order them: dependencies first, and types, macros, globals, functions.

    Parameters
    ----------
    with_tests
        Whether definitions in tests are units too.
    """
    ids = [node.id for node in rpg.nodes(*_KINDS) if _is_unit(rpg, node, with_tests)]
    graph = lifted(rpg, ids, (EdgeKind.CALLS, EdgeKind.USES), _NO_DEPENDENCY)
    groups = knots(graph, lambda each: _rank(rpg.node(each)))
    names = _names(rpg, groups)
    owner = {member: names[group] for group in groups for member in group}
    return tuple(_unit(rpg, graph, group, names[group], owner) for group in groups)


def violations(rpg: RPG, units: Sequence[Unit]) -> list[str]:
    """Every dependency that the order does not put first, in words; none in a valid order."""
    place = {member: number for number, unit in enumerate(units) for member in unit.members}
    found: list[str] = []
    for edge in lifted(rpg, list(place), (EdgeKind.CALLS, EdgeKind.USES), _NO_DEPENDENCY).edges:
        if place[edge[1]] > place[edge[0]]:
            found.append(f"{rpg.node(edge[0]).label} comes before {rpg.node(edge[1]).label}, which it needs")
    return sorted(found)


def _is_unit(rpg: RPG, node: Node, with_tests: bool) -> bool:
    if COMPILED not in node.tags or (not with_tests and is_test_path(node.path)):
        return False
    parent = rpg.parent(node.id)
    # An enumerator goes with its enum.
    return parent is None or parent.kind not in _KINDS


def _rank(node: Node) -> Rank:
    line = node.place.span[0] if node.place and node.place.span else 0
    return (_RANK[_KINDS[node.kind]], node.path, line, node.qualname, node.id)


def _names(rpg: RPG, groups: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A name for each group that no other has."""
    first = [rpg.node(group[0]) for group in groups]
    shared = Counter(node.label for node in first)
    seen: Counter[str] = Counter()
    found: dict[tuple[str, ...], str] = {}
    for group, node in zip(groups, first, strict=True):
        name = node.label if len(group) == 1 else f"{node.label} and {len(group) - 1} more"
        if shared[node.label] > 1:
            seen[node.label] += 1
            name = f"{name} #{seen[node.label]}"
        found[group] = name
    return found


def _unit(rpg: RPG, graph: nx.DiGraph[str], group: tuple[str, ...], name: str, owner: Mapping[str, str]) -> Unit:
    members: Collection[str] = set(group)
    needed = {each for member in group for each in graph.successors(member)} - set(members)
    kind = max((_KINDS[rpg.node(each).kind] for each in group), key=_RANK.__getitem__)
    refused = tuple(each for each in group if REFUSED in rpg.node(each).tags)
    return Unit(name, kind, group, tuple(sorted({owner[each] for each in needed})), refused)
