"""The plan up to its features or its files, as a repository has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from repowright.agent.workflows.generate.from_graph.naming import project_name
from repowright.agent.workflows.generate.from_graph.original import LeftOut, Original, OriginalFile
from repowright.agent.workflows.generate.from_graph.phrases import Phrases
from repowright.agent.workflows.generate.plan import Plan
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import RPG
from repowright.graph.records import Place
from repowright.graph.tags import ENTRY_POINT, HAS_ENTRY_POINT

DECLARED = "declarations: the types that files share are designed anew"


@dataclass
class Planted:
    """A plan without interfaces.

    Parameters
    ----------
    features
        Ids of the features in the plan, by the id that the definition they belong to has in the original.
    """

    plan: Plan
    left_out: LeftOut = field(default_factory=LeftOut)
    features: dict[str, list[str]] = field(default_factory=dict)


def plant_features(original: Original) -> Planted:
    """Return a plan of areas, categories and features; what two parts say alike is one feature."""
    planted = plant_areas(original)
    rpg, phrases = planted.plan.rpg, Phrases()
    for file in original.files:
        home = _category(planted, file, file.category or file.area)
        for unit in file.units:
            if unit.declared:
                planted.left_out.add(DECLARED, f"{file.path}:{unit.name}")
                continue
            for feature in unit.features:
                if phrases.is_new(feature):
                    rpg.add(NodeKind.FEATURE, feature.phrase, home, feature=feature.phrase, doc=feature.detail)
                else:
                    planted.left_out.add("a feature that another one says already", feature.phrase)
    prune(planted.plan)
    return planted


def plant_files(original: Original, planted: Planted | None = None) -> Planted:
    """Return a plan of areas, files, what these depend on, and the features of each.

    Files that only declare types are left to the stage that designs those.

    Parameters
    ----------
    planted
        A plan that holds the base types already; all other files are then planted, whatever they hold.
    """
    given = planted is not None
    planted = planted or plant_areas(original)
    rpg, phrases = planted.plan.rpg, Phrases()
    for file in original.files:
        if rpg.find(file.path) is None and (given or not file.declares):
            _plant_file(planted, file, phrases)
        elif not given:
            planted.left_out.add(DECLARED, file.path)
    for file in original.files:
        node = rpg.find(file.path)
        found = [rpg.find(path) for path in original.needs[file.path]]
        for needed in found if node is not None else []:
            if needed is not None and node is not None:
                rpg.connect(node.id, needed.id, EdgeKind.IMPORTS)
    return planted


def plant_areas(original: Original) -> Planted:
    """Return a plan of a repository and its areas, which hold nothing yet."""
    return Planted(Plan(_bare(original)))


def prune(plan: Plan) -> None:
    """Take areas and categories out that hold nothing any more."""
    plan.rpg.prune_empty((NodeKind.CATEGORY,))
    plan.rpg.prune_empty((NodeKind.AREA,))


def _bare(original: Original) -> RPG:
    tags = (HAS_ENTRY_POINT,) if original.command_line else ()
    package = f"src/{original.package}"
    rpg = RPG.new(project_name(original.package), original.purpose, package=package, tags=tags)
    rpg.update(rpg.root.id, doc=original.purpose)
    for area in original.areas:
        if not rpg.by_name(NodeKind.AREA, area.name):
            rpg.add(NodeKind.AREA, area.name, rpg.root.id, feature=area.purpose, doc=area.purpose)
    return rpg


def _category(planted: Planted, file: OriginalFile, name: str) -> str:
    """Return the id of a category of the file's area; it is made where it is missing."""
    rpg = planted.plan.rpg
    area = rpg.by_name(NodeKind.AREA, file.area)[0]
    held = [child for child in rpg.children(area.id, NodeKind.CATEGORY) if child.name.lower() == name.lower()]
    return (held[0] if held else rpg.add(NodeKind.CATEGORY, name, area.id)).id


def _plant_file(planted: Planted, file: OriginalFile, phrases: Phrases) -> None:
    rpg = planted.plan.rpg
    stem = PurePosixPath(file.path).stem.replace("_", " ").strip()
    home = _category(planted, file, file.category) if file.category else rpg.by_name(NodeKind.AREA, file.area)[0].id
    purpose = file.purpose or f"hold {stem}"
    tags = (ENTRY_POINT, f"main:{file.entry}") if file.entry else ()
    place = Place(file.path)
    node = rpg.add(NodeKind.FILE, file.path, home, place=place, feature=purpose, doc=purpose, tags=tags)
    for unit in file.units:
        for number, feature in enumerate(unit.features):
            homes = (stem, f"{stem} {unit.name}", f"{file.path} {unit.name} {number}")
            free = phrases.free(feature, homes)
            if free is None:
                planted.left_out.add("a feature without words", f"{file.path}:{unit.name}")
                continue
            added = rpg.add(NodeKind.FEATURE, free.phrase, node.id, feature=free.phrase, doc=free.detail)
            planted.features.setdefault(unit.node, []).append(added.id)
