"""What the kept definitions and files stand on, led past what was left out, and freed of circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from repowright.agent.workflows.generate.from_graph.circles import Edge, without_circles
from repowright.agent.workflows.generate.from_graph.original import LeftOut, OriginalFile
from repowright.graph.kinds import UNIT_KINDS, EdgeKind, NodeKind
from repowright.graph.model import RPG
from repowright.graph.order import lifted, owners

_KINDS = (EdgeKind.CALLS, EdgeKind.USES, EdgeKind.INHERITS)
INHERITED = 1_000
"""A circle is never broken at a base class while it can be broken elsewhere."""
_SURE = 0.5

FILE_CIRCLE = "a dependency that closed a circle of files was dropped"
UNIT_CIRCLE = "a dependency that closed a circle of definitions was dropped"

Weights = Mapping[str, Counter[str]]


def direct_needs(rpg: RPG, files: Set[str]) -> dict[str, Counter[str]]:
    """Return, for each top-level definition of the files (ids), those it names, with how much each says."""
    top = {child.id for file in sorted(files) for child in rpg.children(file, *UNIT_KINDS)}
    home = owners(rpg, top)
    found: dict[str, Counter[str]] = {one: Counter() for one in sorted(top)}
    for edge in rpg.edges(*_KINDS):
        source, target = home.get(edge.src), home.get(edge.dst)
        if source and target and source != target and edge.confidence >= _SURE:
            found[source][target] += INHERITED if edge.kind is EdgeKind.INHERITS else max(1, len(edge.lines))
    return found


def kept_needs(direct: Weights, kept: Set[str]) -> dict[Edge, int]:
    """Return what kept definitions need of each other, through helpers and constants that are not kept."""
    weights: dict[Edge, int] = {}
    for one in sorted(kept & direct.keys()):
        seen: set[str] = set()
        waiting = [*direct[one].items()]
        while waiting:
            target, weight = waiting.pop()
            if target in kept:
                weights[one, target] = weights.get((one, target), 0) + (weight if target != one else 0)
            elif target not in seen:
                seen.add(target)
                waiting += [(further, 1) for further in direct.get(target, ())]
    return {edge: weight for edge, weight in weights.items() if edge[0] != edge[1]}


def settle_files(
    rpg: RPG, files: Sequence[OriginalFile], units: Mapping[Edge, int], left_out: LeftOut
) -> dict[str, tuple[str, ...]]:
    """Return what each file needs; dependencies that close a circle are dropped and listed."""
    ids = {file.path: node.id for file in files if (node := rpg.find(file.origin)) is not None}
    paths = {one: path for path, one in ids.items()}
    home = {unit.node: file.path for file in files for unit in file.units}
    weights: dict[Edge, int] = {}
    for source, target in lifted(rpg, ids.values(), (*_KINDS, EdgeKind.IMPORTS)).edges:
        weights[paths[source], paths[target]] = 1
    for (source, target), weight in units.items():
        edge = home[source], home[target]
        if edge[0] != edge[1]:
            weights[edge] = weights.get(edge, 1) + weight
    kept, dropped = without_circles(weights)
    for source, target in dropped:
        left_out.add(FILE_CIRCLE, f"{source} -> {target}")
    return {file.path: tuple(target for source, target in kept if source == file.path) for file in files}


def settle_units(
    files: Sequence[OriginalFile], units: Mapping[Edge, int], needs: Mapping[str, tuple[str, ...]], left_out: LeftOut
) -> dict[str, tuple[str, ...]]:
    """Return what each definition stands on, of its own file and of files that its file needs, without circles."""
    home = {unit.node: file.path for file in files for unit in file.units}
    names = {unit.node: f"{file.path}:{unit.name}" for file in files for unit in file.units}
    allowed: dict[Edge, int] = {}
    for (source, target), weight in units.items():
        if home[source] == home[target] or home[target] in needs[home[source]]:
            allowed[source, target] = weight
    kept, dropped = without_circles(allowed)
    for source, target in dropped:
        left_out.add(UNIT_CIRCLE, f"{names[source]} -> {names[target]}")
    found: dict[str, list[str]] = {one: [] for one in home}
    for source, target in kept:
        found[source].append(target)
    return {one: tuple(sorted(targets)) for one, targets in found.items()}


def entry_of(rpg: RPG, folder: str) -> str:
    """Return the id of the function that the package's ``__main__.py`` calls; empty if there is none."""
    main = rpg.find(f"{folder}/__main__.py" if folder else "__main__.py")
    if main is None:
        return ""
    inside = [main.id, *(node.id for node in rpg.descendants(main.id))]
    called = [rpg.node(edge.dst) for one in inside for edge in rpg.out_edges(one, EdgeKind.CALLS)]
    found = [node.id for node in called if node.kind is NodeKind.FUNCTION and node.path != main.path]
    return min(found, default="")
