"""Signatures and specifications, file by file in topological order; files of one generation side by side."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send
from pydantic import BaseModel

from repowright.agent.events import LintRound, StageProgress
from repowright.agent.llm import Message, Unusable
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.asking import ask_model, findings_message, graph_problems, texts
from repowright.agent.workflows.generate.interface_checks import unit_problems, used_base_types, used_units
from repowright.agent.workflows.generate.layout import entry_function
from repowright.agent.workflows.generate.plan import UNIT_KINDS, HasLibrary, Plan, UnitRecord, module_name
from repowright.agent.workflows.generate.state import FanState, Subject
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.lint import Finding, lint
from repowright.graph.records import Node, Place
from repowright.graph.tags import BASE_TYPE, ENTRY_POINT
from repowright.repo_tools import outline, python_source


class Unit(BaseModel):
    name: str
    kind: str
    skeleton: str
    features: list[str]
    uses: list[str]


class Interface(BaseModel):
    units: list[Unit]


def file_generations(plan: Plan) -> list[list[str]]:
    """Return the files to design, those that others stand on first."""
    files = [node.id for node in plan.rpg.nodes(NodeKind.FILE) if BASE_TYPE not in node.tags]
    return plan.rpg.generations(files, EdgeKind.IMPORTS)


def apply_interface(plan: Plan, file_id: str, answer: Interface, studio: HasLibrary) -> Plan:
    """Enter a file's units, the features they implement and what they use."""
    file = plan.rpg.node(file_id)
    known = {short: node for node, short in describe.feature_numbers(plan).items()}
    problems = _answer_problems(plan, file, answer, known)
    if problems:
        raise Unusable(problems)
    for order, unit in enumerate(answer.units):
        _enter_unit(plan, file, unit, order, known, studio)
    for unit in answer.units:
        _enter_uses(plan, file, unit)
    return plan


def _enter_unit(plan: Plan, file: Node, unit: Unit, order: int, known: dict[str, str], studio: HasLibrary) -> None:
    path = file.path
    skeleton = unit.skeleton.strip() + "\n"
    tags = (ENTRY_POINT,) if entry_function(file) == unit.name else ()
    node = plan.rpg.add(
        NodeKind(unit.kind),
        unit.name,
        file.id,
        place=Place(path, unit.name, signature=python_source.signature_of(skeleton, unit.name)),
        doc=outline.docstring_of(skeleton, unit.name),
        tags=tags,
    )
    for one in unit.features:
        plan.rpg.move(known[one], node.id)
    if unit.features:
        plan.rpg.update(node.id, feature=plan.rpg.node(known[unit.features[0]]).feature)
    for method in outline.methods_of(skeleton, unit.name):
        plan.rpg.add(
            NodeKind.METHOD,
            method.name,
            node.id,
            place=Place(path, method.qualname, signature=method.signature),
            doc=method.doc,
        )
    record = UnitRecord(id=node.id, name=unit.name, path=path, order=order, skeleton=skeleton)
    plan.units[node.id] = studio.library.put(record)


def _enter_uses(plan: Plan, file: Node, unit: Unit) -> None:
    path = file.path
    node = plan.rpg.find(path, unit.name)
    assert node is not None
    for target_path, name in sorted(used_units(plan, path, unit.name, unit.skeleton, unit.uses)):
        target = plan.rpg.find(target_path, name)
        if target is None or target.id == node.id:
            continue
        plan.rpg.connect(node.id, target.id, EdgeKind.USES if target.kind is NodeKind.CLASS else EdgeKind.CALLS)
        _enter_import(plan, file, plan.file_of(target.id))
    for base in used_base_types(plan, unit.skeleton):
        plan.rpg.connect(node.id, base.id, EdgeKind.USES)
        _enter_import(plan, file, plan.file_of(base.id))


def _enter_import(plan: Plan, file: Node, target: Node) -> None:
    known = {one.id for one in plan.rpg.dependencies(file.id, EdgeKind.IMPORTS)}
    if target.id not in known | {file.id}:
        plan.rpg.connect(file.id, target.id, EdgeKind.IMPORTS)


def _answer_problems(plan: Plan, file: Node, answer: Interface, known: dict[str, str]) -> list[str]:
    numbers = describe.feature_numbers(plan)
    own = {numbers[node.id] for node in describe.features_below(plan, file.id)}
    named = [one for unit in answer.units for one in unit.features]
    problems = [f"feature {one} is not one of this file" for one in sorted(set(named) - own)]
    problems += [f"feature {one} is implemented by no unit" for one in sorted(own - set(named))]
    problems += [
        f"feature {one} is named by two units; name it once" for one in sorted({x for x in named if named.count(x) > 1})
    ]
    names = [unit.name for unit in answer.units]
    problems += [f"unit {name} is designed twice" for name in sorted({x for x in names if names.count(x) > 1})]
    entry = entry_function(file)
    if entry and entry not in names:
        problems.append(f"the entry point `{entry}` is missing")
    if not answer.units:
        problems.append("`units` is empty")
    for unit in answer.units:
        problems += unit_problems(plan, file, unit.name, unit.kind, unit.skeleton, unit.uses, siblings=names)
    return problems


async def design(state: Subject, runtime: Runtime[Studio]) -> FanState:
    """Design one file; the answer is kept by address and entered when its generation joins."""
    studio = runtime.context
    plan = studio.load(state["plan"])
    file = plan.rpg.node(state["subject"])
    base = _without_units(plan, file.id) if state["findings"] else plan
    scratch = base if state["findings"] else studio.scratch(state["plan"])
    try:
        answer = await ask_model(
            studio,
            "generate/interface",
            Interface,
            _holes(base, file, studio),
            subject=file.name,
            check=lambda found: _trial_problems(scratch, file.id, found, studio),
            follow_up=_follow_up(plan, file, state["findings"], studio),
        )
    except Exception as error:
        if not studio.halts(error):
            raise
        return {}
    return {"built": {file.id: studio.store.put(answer.model_dump_json().encode())}}


def _holes(plan: Plan, file: Node, studio: Studio) -> dict[str, object]:
    path = file.path
    area = plan.area_of(file.id)
    below = [node.id for node in plan.rpg.dependencies(file.id, EdgeKind.IMPORTS)]
    buildable = [unit.id for one in sorted(below) for unit in plan.file_units(one)]
    above = plan.rpg.dependents(file.id, EdgeKind.IMPORTS)
    callers = [f"- `{node.path}`: {node.doc}" for node in above]
    return {
        "name": plan.name,
        "purpose": plan.purpose,
        "package": plan.package,
        "spec": studio.spec,
        "path": path,
        "module": module_name(path),
        "area": area.name if area else plan.name,
        "purpose_of_file": file.doc,
        "features": describe.feature_lines(plan, describe.features_below(plan, file.id)),
        "entry_point": entry_function(file),
        "flows": describe.flows(plan, area.id if area else None),
        "base_types": describe.base_types(plan, studio.library),
        "dependencies": describe.interfaces(plan, studio.library, buildable),
        "dependents": "\n".join(sorted(callers)) or describe.NOTHING,
    }


def _follow_up(plan: Plan, file: Node, findings: list[str], studio: Studio) -> tuple[Message, ...]:
    if not findings:
        return ()
    numbers = describe.feature_numbers(plan)
    units = []
    for node in plan.file_units(file.id):
        record = studio.library.get(plan.units[node.id])
        uses = [plan.rpg.node(one).place for one in describe.direct_dependencies(plan, node.id)]
        units.append(
            Unit(
                name=node.name,
                kind=str(node.kind),
                skeleton=record.skeleton,
                features=sorted(numbers[one.id] for one in describe.features_below(plan, node.id)),
                uses=[f"{place.path}:{place.qualname}" for place in uses if place],
            )
        )
    previous = Interface(units=units).model_dump_json()
    return Message(role="assistant", content=previous), findings_message(findings)


def _trial_problems(scratch: Plan, file_id: str, answer: Interface, studio: Studio) -> list[str]:
    """Return what keeps an answer from being entered, found by entering it and taking it back out."""
    imports = {edge.dst for edge in scratch.rpg.out_edges(file_id, EdgeKind.IMPORTS)}
    try:
        return graph_problems(lambda: apply_interface(scratch, file_id, answer, studio))
    finally:
        _strip(scratch, file_id)
        for edge in scratch.rpg.out_edges(file_id, EdgeKind.IMPORTS):
            if edge.dst not in imports:
                scratch.rpg.disconnect(edge.src, edge.dst, EdgeKind.IMPORTS)


def _without_units(plan: Plan, file_id: str) -> Plan:
    """Return the plan with a file as it was before it was designed."""
    fresh = plan.copy()
    _strip(fresh, file_id)
    return fresh


def _strip(plan: Plan, file_id: str) -> None:
    """Take a file's units out of the plan, their features back below the file."""
    for node in plan.rpg.children(file_id, *UNIT_KINDS):
        for feature in describe.features_below(plan, node.id):
            plan.rpg.move(feature.id, file_id)
        plan.rpg.remove(node.id)
        plan.units.pop(node.id, None)


async def join(state: FanState, runtime: Runtime[Studio]) -> FanState:
    """Enter the answers of a generation in the order of their files."""
    studio = runtime.context
    studio.raise_halt()
    plan = studio.load(state["plan"]).copy()
    generations = file_generations(plan)
    again = bool(state.get("findings"))
    current = sorted(state["findings"]) if again else generations[state.get("generation", 0)]
    if any(one not in state.get("built", {}) for one in current):
        return {}
    for one in current:
        answer = Interface.model_validate_json(studio.store.get(state["built"][one]))
        base = _without_units(plan, one) if again else plan
        users = _users_outside(plan, one) if again else []
        plan = apply_interface(base, one, answer, studio)
        _restore_users(plan, users)
    done = len(file_generations(plan)) if again else state.get("generation", 0) + 1
    finished = sum(len(files) for files in generations[:done])
    studio.emit(StageProgress(stage="interfaces", done=finished, total=sum(map(len, generations))))
    return {"plan": studio.save(plan), "generation": done, "built": None, "findings": {}}  # type: ignore[typeddict-item]


def _users_outside(plan: Plan, file_id: str) -> list[tuple[str, str, str, EdgeKind]]:
    """Return edges from other files into a file that is designed anew, by path and name."""
    found = []
    for node in plan.file_units(file_id):
        for edge in plan.rpg.in_edges(node.id, EdgeKind.CALLS, EdgeKind.USES, EdgeKind.INHERITS):
            if node.place and plan.file_of(edge.src).id != file_id:
                found.append((edge.src, node.place.path, node.place.qualname, edge.kind))
    return found


def _restore_users(plan: Plan, users: list[tuple[str, str, str, EdgeKind]]) -> None:
    for source, path, name, kind in users:
        target = plan.rpg.find(path, name)
        if target is not None:
            plan.rpg.connect(source, target.id, kind)


async def check(state: FanState, runtime: Runtime[Studio]) -> FanState:
    """Lint all interfaces together; errors go back to the files they name."""
    studio = runtime.context
    plan = studio.load(state["plan"])
    findings = lint(plan.rpg, "interfaces")
    errors, warnings = texts(findings), texts(findings, "warning")
    number = state.get("round", 0) + 1
    studio.emit(LintRound(stage="interfaces", round=number, findings=[*errors, *warnings]))
    blamed = _by_file(plan, [finding for finding in findings if finding.severity == "error"])
    left = "\n".join([*errors, *warnings])
    return {"findings": blamed, "round": number, "open_findings": {"interfaces": left}}


def _by_file(plan: Plan, findings: list[Finding]) -> dict[str, list[str]]:
    blamed: dict[str, list[str]] = {}
    for finding in findings:
        for one in finding.nodes:
            if any(node.kind is NodeKind.FILE for node in (plan.rpg.node(one), *plan.rpg.ancestors(one))):
                blamed.setdefault(plan.file_of(one).id, []).append(finding.message)
                break
    return {one: sorted(set(messages)) for one, messages in sorted(blamed.items())}


def _dispatch(state: FanState, runtime: Runtime[Studio]) -> Any:
    plan = runtime.context.load(state["plan"])
    generations = file_generations(plan)
    number = state.get("generation", 0)
    if state.get("findings"):
        waiting, notes = sorted(state["findings"]), state["findings"]
    elif number < len(generations):
        waiting, notes = generations[number], {}
    else:
        return "check"
    todo = [one for one in waiting if one not in state.get("built", {})]
    sends = [Send("design", Subject(plan=state["plan"], subject=one, findings=notes.get(one, []))) for one in todo]
    return sends or "join"


async def dispatch(state: FanState) -> FanState:
    return {}


def _after_check(state: FanState, runtime: Runtime[Studio]) -> Any:
    again = state["findings"] and state["round"] <= runtime.context.settings.lint_rounds
    return "dispatch" if again else END


def subgraph() -> CompiledStateGraph[FanState, Studio, FanState, FanState]:
    """Build the stage's LangGraph subgraph."""
    builder = StateGraph(FanState, context_schema=Studio)
    builder.add_node("dispatch", dispatch)
    builder.add_node("design", design, input_schema=Subject)
    builder.add_node("join", join)
    builder.add_node("check", check)
    builder.add_edge(START, "dispatch")
    builder.add_conditional_edges("dispatch", _dispatch, ["design", "join", "check"])
    builder.add_edge("design", "join")
    builder.add_edge("join", "dispatch")
    builder.add_conditional_edges("check", _after_check, ["dispatch", END])
    return builder.compile()
