"""Areas and files: the features sorted by responsibility, then laid out as modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel

from repowright.agent.llm import Unusable
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.drafting import Draft
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.proposal import UNSORTED
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.records import Node, Place
from repowright.graph.tags import ENTRY_POINT


class Category(BaseModel):
    name: str
    features: list[str]


class Area(BaseModel):
    name: str
    purpose: str
    categories: list[Category]


class Areas(BaseModel):
    areas: list[Area]


class File(BaseModel):
    path: str
    area: str
    purpose: str
    features: list[str]
    depends_on: list[str]


class EntryPoint(BaseModel):
    path: str
    function: str


class Structure(BaseModel):
    files: list[File]
    entry_point: EntryPoint | None


def assignment_problems(plan: Plan, assigned: Iterable[str]) -> list[str]:
    """Return features that an answer forgets, names twice or invents."""
    known = {short: node for node, short in describe.feature_numbers(plan).items()}
    counted = Counter(assigned)
    problems = [f"there is no feature {one}" for one in sorted(counted.keys() - known.keys())]
    problems += [f"{one} is assigned {count} times; assign it once" for one, count in counted.items() if count > 1]
    for one in sorted(known.keys() - counted.keys(), key=lambda short: int(short[1:])):
        problems.append(f"{one} ({plan.rpg.node(known[one]).feature}) is not assigned")
    return problems


def apply_areas(plan: Plan, answer: Areas, studio: Studio) -> Plan:
    """Build areas and categories and move each feature below its category."""
    problems = assignment_problems(
        plan, (one for area in answer.areas for category in area.categories for one in category.features)
    )
    problems += [f"area {name!r} is named twice" for name in _twice(area.name.lower() for area in answer.areas)]
    if problems:
        raise Unusable(problems)
    known = {short: node for node, short in describe.feature_numbers(plan).items()}
    for area in answer.areas:
        node = plan.rpg.add(NodeKind.AREA, area.name, plan.rpg.root.id, feature=area.purpose, doc=area.purpose)
        for category in area.categories:
            below = plan.rpg.add(NodeKind.CATEGORY, category.name, node.id)
            for one in category.features:
                plan.rpg.move(known[one], below.id)
    unsorted = plan.area(UNSORTED)
    if unsorted is not None and not plan.rpg.children(unsorted.id):
        plan.rpg.remove(unsorted.id)
    plan.rpg.prune_empty((NodeKind.CATEGORY,))
    return plan


def apply_structure(plan: Plan, answer: Structure, studio: Studio) -> Plan:
    """Add the files below the categories most of their features come from, and what they depend on."""
    problems = assignment_problems(plan, (one for file in answer.files for one in file.features))
    problems += _path_problems(plan, answer)
    if problems:
        raise Unusable(problems)
    known = {short: node for node, short in describe.feature_numbers(plan).items()}
    entry = answer.entry_point.path if answer.entry_point else ""
    for file in answer.files:
        ids = [known[one] for one in file.features]
        tags = (ENTRY_POINT,) if file.path == entry else ()
        qualname = answer.entry_point.function if answer.entry_point and tags else ""
        place = Place(file.path)
        node = plan.rpg.add(
            NodeKind.FILE,
            file.path,
            _home(plan, file, ids),
            place=place,
            feature=file.purpose,
            doc=file.purpose,
            tags=(*tags, *_main(qualname)),
        )
        for one in ids:
            plan.rpg.move(one, node.id)
    for file in answer.files:
        for target in file.depends_on:
            plan.rpg.connect(_file(plan, file.path).id, _file(plan, target).id, EdgeKind.IMPORTS)
    plan.rpg.prune_empty((NodeKind.CATEGORY,))
    return plan


def entry_function(node: Node) -> str:
    """Return the name of the entry point a file holds, or the empty string."""
    found = [tag.removeprefix("main:") for tag in node.tags if tag.startswith("main:")]
    return found[0] if found else ""


def _main(function: str) -> tuple[str, ...]:
    return (f"main:{function}",) if function else ()


def _home(plan: Plan, file: File, features: list[str]) -> str:
    area = plan.area(file.area)
    assert area is not None  # _path_problems has seen to it
    parents = Counter(
        parent.id for one in features if (parent := plan.rpg.parent(one)) and plan.area_of(parent.id) == area
    )
    categories = [(count, one) for one, count in parents.items() if plan.rpg.node(one).kind is NodeKind.CATEGORY]
    return max(categories)[1] if categories else area.id


def _file(plan: Plan, path: str) -> Node:
    node = plan.rpg.find(path)
    assert node is not None
    return node


def _path_problems(plan: Plan, answer: Structure) -> list[str]:
    paths = [file.path for file in answer.files]
    prefix = f"src/{plan.package}/"
    problems = [f"file {path} is planned twice" for path in _twice(paths)]
    for file in answer.files:
        if not file.path.startswith(prefix) or not file.path.endswith(".py"):
            problems.append(f"{file.path} is not a .py file below {prefix}")
        if file.path.endswith(("/__init__.py", "/__main__.py")):
            problems.append(f"{file.path} is made from the plan; put its units into another file")
        if plan.area(file.area) is None:
            problems.append(f"{file.path}: there is no area {file.area!r}")
        unknown = sorted(set(file.depends_on) - set(paths))
        problems += [f"{file.path} depends on {path}, which is no file of the plan" for path in unknown]
        if file.path in file.depends_on:
            problems.append(f"{file.path} depends on itself")
    if plan.command_line and answer.entry_point is None:
        problems.append("the project has a command line: name its `entry_point`")
    if answer.entry_point and answer.entry_point.path not in paths:
        problems.append(f"entry point {answer.entry_point.path} is no file of the plan")
    return problems


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


AREAS = Draft(
    stage="areas",
    prompt="generate/areas",
    answer=Areas,
    holes=lambda plan, studio: {
        "name": plan.name,
        "purpose": plan.purpose,
        "features": describe.feature_lines(plan, plan.rpg.nodes(NodeKind.FEATURE)),
    },
    apply=apply_areas,
)

STRUCTURE = Draft(
    stage="structure",
    prompt="generate/structure",
    answer=Structure,
    holes=lambda plan, studio: {
        "name": plan.name,
        "purpose": plan.purpose,
        "package": plan.package,
        "command_line": plan.command_line,
        "spec": studio.spec,
        "areas": describe.areas(plan),
    },
    apply=apply_structure,
)
