"""The plan in words, cut to what one call needs: never the whole repository (DESIGN, data flow 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from repowright.agent.workflows.generate.plan import Library, Plan, module_name
from repowright.graph import context
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.records import Node
from repowright.graph.tags import BASE_TYPE

NOTHING = "(none)"


def feature_numbers(plan: Plan) -> dict[str, str]:
    """Return the short id of each feature (``F1``, ``F2``, ...), in an order that never depends on the process."""
    if plan.numbers is None:
        features = sorted(plan.rpg.nodes(NodeKind.FEATURE), key=lambda node: (node.feature, node.id))
        plan.numbers = {node.id: f"F{number}" for number, node in enumerate(features, 1)}
    return plan.numbers


def feature_lines(plan: Plan, nodes: Iterable[Node]) -> str:
    """Return one line a feature: number, phrase and detail."""
    numbers = feature_numbers(plan)
    chosen = sorted(nodes, key=lambda node: int(numbers[node.id][1:]))
    return "\n".join(f"- {numbers[node.id]}: {node.feature}. {node.doc}" for node in chosen) or NOTHING


def features_below(plan: Plan, node_id: str) -> list[Node]:
    return [node for node in plan.rpg.descendants(node_id) if node.kind is NodeKind.FEATURE]


def areas(plan: Plan) -> str:
    """Return the areas with their categories and features."""
    lines = []
    for area in plan.rpg.nodes(NodeKind.AREA):
        lines.append(f"## {area.name}\n{area.doc}")
        for child in plan.rpg.children(area.id):
            if child.kind is NodeKind.CATEGORY:
                lines.append(f"### {child.name}")
                lines.append(feature_lines(plan, features_below(plan, child.id)))
    return "\n".join(lines)


def structure(plan: Plan) -> str:
    """Return areas, their files and the features of each file."""
    numbers = feature_numbers(plan)
    lines = []
    for area in plan.rpg.nodes(NodeKind.AREA):
        lines.append(f"## {area.name}: {area.doc}")
        for file in _files_below(plan, area.id):
            lines.append(f"- `{file.path}`: {file.doc}")
            found = sorted(features_below(plan, file.id), key=lambda node: int(numbers[node.id][1:]))
            lines.extend(f"  - {numbers[node.id]}: {node.feature}" for node in found)
    return "\n".join(lines)


def _files_below(plan: Plan, node_id: str) -> list[Node]:
    return [node for node in plan.rpg.descendants(node_id) if node.kind is NodeKind.FILE]


def file_dependencies(plan: Plan) -> str:
    """Return one line a file: what it depends on."""
    lines = []
    for file in plan.rpg.nodes(NodeKind.FILE):
        targets = [node.path for node in plan.rpg.dependencies(file.id, EdgeKind.IMPORTS)]
        lines.append(f"- `{file.path}` depends on {', '.join(f'`{one}`' for one in sorted(targets)) or 'nothing'}")
    return "\n".join(lines) or NOTHING


def flows(plan: Plan, area_id: str | None = None) -> str:
    """Return the data flow between areas; of one area alone if it is named."""
    rpg, lines = plan.rpg, []
    ends = [area_id] if area_id else [area.id for area in rpg.nodes(NodeKind.AREA)]
    found = {edge for one in ends for edge in (*rpg.out_edges(one, EdgeKind.FLOWS), *rpg.in_edges(one, EdgeKind.FLOWS))}
    for edge in sorted(found, key=lambda edge: (rpg.position(edge.src), rpg.position(edge.dst), edge.name)):
        source, target = rpg.node(edge.src).name, rpg.node(edge.dst).name
        lines.append(f"- {source} -> {target}: {edge.name} (`{edge.data_type}`): {edge.transformation}")
    return "\n".join(lines) or NOTHING


def base_types(plan: Plan, library: Library) -> str:
    """Return the base types as the modules they stand in."""
    parts = []
    for file in plan.rpg.nodes(NodeKind.FILE):
        if BASE_TYPE in file.tags and file.id in plan.units:
            code = library.get(plan.units[file.id]).code
            parts.append(f"`{file.path}`, import as `{module_name(file.path)}`:\n\n```python\n{code.strip()}\n```")
    return "\n\n".join(parts) or NOTHING


def interfaces(plan: Plan, library: Library, ids: Sequence[str]) -> str:
    """Return the skeletons of units, each with its import line."""
    parts = []
    for one in ids:
        record = library.get(plan.units[one])
        parts.append(f"{import_line(record.path, record.name)}\n\n```python\n{record.skeleton.strip()}\n```")
    return "\n\n".join(parts) or NOTHING


def signatures(plan: Plan, ids: Sequence[str]) -> str:
    """Return one line a unit: where it is and its signature."""
    lines = []
    for one in ids:
        node = plan.rpg.node(one)
        if node.place:
            lines.append(f"- `{node.place.path}`: `{node.place.signature or node.name}`")
    return "\n".join(lines) or NOTHING


def import_line(path: str, name: str) -> str:
    return f"`from {module_name(path)} import {name}`"


def direct_dependencies(plan: Plan, unit_id: str) -> list[str]:
    """Return the units a unit uses itself, base types left out, in tree order."""
    return plan.in_order(node.id for node in context.needs(plan.rpg, unit_id))


def direct_dependents(plan: Plan, unit_id: str) -> list[str]:
    """Return the units that use a unit themselves, in tree order."""
    return plan.in_order(node.id for node in context.needed_by(plan.rpg, unit_id))


def unit_features(plan: Plan, unit_id: str) -> str:
    found = features_below(plan, unit_id)
    return (
        "\n".join(f"- {node.feature}. {node.doc}" for node in sorted(found, key=lambda node: node.feature)) or NOTHING
    )
