"""What areas share: typed data flow between them, and the base types that carry it."""

from __future__ import annotations

from pydantic import BaseModel

from repowright.agent.llm import Unusable
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.drafting import Draft
from repowright.agent.workflows.generate.plan import HasLibrary, Plan, UnitRecord, module_name
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.records import Place
from repowright.graph.tags import BASE_TYPE
from repowright.repo_tools import outline, python_source


class Flow(BaseModel):
    source: str
    target: str
    name: str
    data_type: str
    transformation: str


class Flows(BaseModel):
    flows: list[Flow]


class BaseTypeFile(BaseModel):
    path: str
    area: str
    purpose: str
    code: str


class BaseTypes(BaseModel):
    files: list[BaseTypeFile]


def apply_flows(plan: Plan, answer: Flows, studio: Studio) -> Plan:
    """Enter the flows as typed edges between areas."""
    problems = []
    for flow in answer.flows:
        names = [name for name in (flow.source, flow.target) if plan.area(name) is None]
        problems += [f"flow {flow.name!r}: there is no area {name!r}" for name in names]
        if not outline.is_expression(flow.data_type):
            problems.append(f"flow {flow.name!r}: {flow.data_type!r} is no Python type expression")
    if problems:
        raise Unusable(problems)
    for flow in answer.flows:
        source, target = (plan.area(name) for name in (flow.source, flow.target))
        assert source is not None and target is not None
        plan.rpg.connect(
            source.id,
            target.id,
            EdgeKind.FLOWS,
            name=flow.name,
            data_type=flow.data_type,
            transformation=flow.transformation,
        )
    return plan


def apply_base_types(plan: Plan, answer: BaseTypes, studio: Studio) -> Plan:
    """Enter base type files, each class of them a node, the source kept whole."""
    problems = []
    earlier: list[str] = []
    for file in answer.files:
        problems += base_type_problems(plan, file, earlier)
        earlier.append(module_name(file.path))
    if problems:
        raise Unusable(problems)
    for order, file in enumerate(answer.files):
        enter_base_types(plan, file, order, studio)
    return plan


def enter_base_types(plan: Plan, file: BaseTypeFile, order: int, studio: HasLibrary) -> None:
    """Enter one file of base types, which `base_type_problems` finds nothing wrong with."""
    area = plan.area(file.area)
    parent = area.id if area else plan.rpg.root.id
    node = plan.rpg.add(
        NodeKind.FILE,
        file.path,
        parent,
        place=Place(file.path),
        feature=file.purpose,
        doc=file.purpose,
        tags=(BASE_TYPE,),
        state=State.IMPLEMENTED,
    )
    for name in outline.class_names(file.code):
        plan.rpg.add(
            NodeKind.CLASS,
            name,
            node.id,
            place=Place(file.path, name, signature=python_source.signature_of(file.code, name)),
            doc=outline.docstring_of(file.code, name),
            tags=(BASE_TYPE,),
            state=State.IMPLEMENTED,
        )
    record = UnitRecord(
        id=node.id,
        name=file.path,
        path=file.path,
        order=order,
        skeleton=file.code,
        code=file.code,
        state="verified",
    )
    plan.units[node.id] = studio.library.put(record)


def base_type_problems(plan: Plan, file: BaseTypeFile, earlier: list[str]) -> list[str]:
    """Return why a file of base types cannot enter the plan; ``earlier`` are the modules of those that have."""
    problems = []
    if not file.path.startswith(f"src/{plan.package}/") or not file.path.endswith(".py"):
        problems.append(f"{file.path} is not a .py file below src/{plan.package}/")
    if file.path.endswith("/__init__.py") or plan.rpg.find(file.path) is not None:
        problems.append(f"{file.path} is a file of the plan already; choose another one")
    if plan.area(file.area) is None:
        problems.append(f"{file.path}: there is no area {file.area!r}")
    broken = python_source.syntax_error(file.code)
    if broken:
        return [*problems, f"{file.path}: {broken}"]
    problems += [f"{file.path}: {problem}" for problem in python_source.undefined_names(file.code)]
    if not outline.class_names(file.code):
        problems.append(f"{file.path} defines no type")
    for module in python_source.imported_modules(file.code):
        if not python_source.is_stdlib(module.top) and module.module not in earlier:
            problems.append(
                f"{file.path} imports {module.module}: only the standard library and earlier base type files"
            )
    return problems


FLOWS = Draft(
    stage="flows",
    prompt="generate/flows",
    answer=Flows,
    holes=lambda plan, studio: {
        "name": plan.name,
        "purpose": plan.purpose,
        "structure": describe.structure(plan),
        "dependencies": describe.file_dependencies(plan),
    },
    apply=apply_flows,
    wanted=lambda plan: len(plan.rpg.nodes(NodeKind.AREA)) > 1,
)

BASE_TYPES = Draft(
    stage="base_types",
    prompt="generate/base_types",
    answer=BaseTypes,
    holes=lambda plan, studio: {
        "name": plan.name,
        "purpose": plan.purpose,
        "package": plan.package,
        "spec": studio.spec,
        "structure": describe.structure(plan),
        "flows": describe.flows(plan),
    },
    apply=apply_base_types,
)
