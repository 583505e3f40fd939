"""A graph read as the repository it tells of: what of it a plan can hold, and what is left out, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from repowright.agent.errors import PlanError
from repowright.agent.workflows.generate.from_graph.declarations import is_declaration
from repowright.agent.workflows.generate.from_graph.needs import (
    INHERITED,
    direct_needs,
    entry_of,
    kept_needs,
    settle_files,
    settle_units,
)
from repowright.agent.workflows.generate.from_graph.original import (
    Area,
    Definition,
    Feature,
    LeftOut,
    Original,
    OriginalFile,
)
from repowright.agent.workflows.generate.from_graph.package import Package, find_package, unusable
from repowright.agent.workflows.generate.layout import entry_function
from repowright.graph.kinds import UNIT_KINDS, NodeKind
from repowright.graph.model import RPG
from repowright.graph.records import Node
from repowright.graph.sources import Sources
from repowright.graph.tags import BASE_TYPE, ENTRY_POINT, HAS_ENTRY_POINT, TEST, UNPARSED

_ANY_AREA = "Core"


def read_original(rpg: RPG, sources: Sources) -> Original:
    """Return the repository that a graph tells of, encoded or planned.

    Raises
    ------
    PlanError
        If nothing in it can be planned.
    """
    package, left_out = find_package(rpg), LeftOut()
    nodes = [node for node in rpg.nodes(NodeKind.FILE) if _is_kept(node, package, left_out)]
    direct = direct_needs(rpg, {node.id for node in nodes})
    chosen = _chosen(rpg, nodes, direct)
    reader = _Reader(rpg, sources, package, chosen, _entry(rpg, package), left_out)
    files = tuple(file for node in nodes if (file := reader.file(node)) is not None)
    if not files:
        raise PlanError(
            f"the graph of {rpg.root.name!r} has no public class or function in {package.folder or 'its modules'}",
            "name the graph of a Python package",
        )
    units = kept_needs(direct, {unit.node for file in files for unit in file.units})
    needs = settle_files(rpg, files, units, left_out)
    return Original(
        name=package.name,
        package=package.name,
        folder=package.folder,
        purpose=_purpose(rpg, package),
        areas=_areas(rpg, files),
        files=files,
        needs=needs,
        uses=settle_units(files, units, needs, left_out),
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Reader:
    """Reads one file after the other."""

    rpg: RPG
    sources: Sources
    package: Package
    chosen: Set[str]
    entry: str
    left_out: LeftOut

    def file(self, node: Node) -> OriginalFile | None:
        """Return a module, or nothing if none of its definitions can be kept."""
        units, names = [], set[str]()
        for child in self.rpg.children(node.id, *UNIT_KINDS):
            why = self._unfit(child, names)
            if why:
                self.left_out.add(why, child.label)
                continue
            names.add(child.name)
            units.append(self._definition(child))
        if not units:
            self.left_out.add("a module without a class or function that is kept", node.path)
            return None
        area, category = _home(self.rpg, node)
        entry = next((unit.name for unit in units if unit.node == self.entry), entry_function(node))
        purpose = " ".join((node.doc if BASE_TYPE in node.tags else node.feature or node.doc).split())
        units = sorted(units, key=lambda unit: self._line(unit.node))
        return OriginalFile(self.package.planned(node.path), node.path, area, category, purpose, tuple(units), entry)

    def _unfit(self, node: Node, names: Set[str]) -> str:
        if node.kind not in (NodeKind.CLASS, NodeKind.FUNCTION):
            return "module-level data is no unit of a plan; what needs it says so in its docstring"
        if TEST in node.tags:
            return "test code"
        if node.id not in self.chosen:
            return "a private helper is the coder's business"
        if node.name in names:
            return "a second definition of one name"
        return "" if node.name.isidentifier() else "no Python name"

    def _definition(self, node: Node) -> Definition:
        kind: Literal["class", "function"] = "class" if node.kind is NodeKind.CLASS else "function"
        declared = kind == "class" and is_declaration(self.rpg, node, self.sources)
        return Definition(node.id, node.name, kind, tuple(_features(self.rpg, node)), declared)

    def _line(self, one: str) -> tuple[int, str]:
        node = self.rpg.node(one)
        return (node.place.span[0] if node.place and node.place.span else 0, node.name)


def _is_kept(node: Node, package: Package, left_out: LeftOut) -> bool:
    why = _unfit_file(node, package)
    if why:
        left_out.add(why, node.path)
    return not why


def _unfit_file(node: Node, package: Package) -> str:
    if TEST in node.tags:
        return "test code"
    if not node.path.endswith(".py"):
        return "not Python"
    if UNPARSED in node.tags:
        return "could not be parsed"
    if not package.holds(node.path):
        return f"outside the package {package.name}"
    if node.path.endswith("__main__.py") or node.path == "setup.py":
        return "made from the plan"
    if unusable(package.planned(node.path)):
        return "cannot be imported by name"
    return ""


def _chosen(rpg: RPG, nodes: Sequence[Node], direct: Mapping[str, Counter[str]]) -> set[str]:
    """Return the definitions that others may build on: public ones, and private ones that those inherit or share."""
    top = [child for node in nodes for child in rpg.children(node.id, *UNIT_KINDS)]
    chosen = {node.id for node in top if not node.name.startswith("_") or BASE_TYPE in node.tags}
    waiting = sorted(chosen)
    while waiting:
        one = waiting.pop()
        for target, weight in sorted(direct.get(one, Counter()).items()):
            shared = weight >= INHERITED or rpg.node(target).path != rpg.node(one).path
            if shared and target not in chosen:
                chosen.add(target)
                waiting.append(target)
    return chosen


def _features(rpg: RPG, node: Node) -> Iterable[Feature]:
    """Return what a definition and its public methods are for."""
    planned = rpg.descendants(node.id, NodeKind.FEATURE)
    if planned or BASE_TYPE in node.tags:
        yield from (Feature(one.feature or one.name, one.doc) for one in planned)
        return
    yield Feature(node.feature or f"provide {node.name.replace('_', ' ').strip().lower()}")
    for method in rpg.children(node.id, NodeKind.METHOD):
        if not method.name.startswith("_") and method.feature:
            yield Feature(method.feature)


def _home(rpg: RPG, node: Node) -> tuple[str, str]:
    area = rpg.ancestor(node.id, NodeKind.AREA)
    category = rpg.ancestor(node.id, NodeKind.CATEGORY)
    return area.name if area else _ANY_AREA, category.name if category else ""


def _areas(rpg: RPG, files: Iterable[OriginalFile]) -> tuple[Area, ...]:
    said = {node.name: node.doc or node.feature for node in rpg.nodes(NodeKind.AREA)}
    names = dict.fromkeys(file.area for file in files)
    return tuple(Area(name, " ".join(said.get(name, "").split())) for name in names)


def _entry(rpg: RPG, package: Package) -> str:
    marked = [node.id for node in rpg.nodes(NodeKind.FUNCTION) if ENTRY_POINT in node.tags]
    if marked and HAS_ENTRY_POINT in rpg.root.tags:
        return min(marked)
    return entry_of(rpg, package.folder)


def _purpose(rpg: RPG, package: Package) -> str:
    marker = rpg.find(f"{package.folder}/__init__.py")
    said = rpg.root.doc or rpg.root.feature or (marker.feature if marker else "")
    return " ".join(said.split()) or f"The Python package {package.name}"
