"""The whole workflow: one subgraph a stage, each leaving the plan valid, written out and open to be edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from repowright.agent.events import StageEnd, StageStart
from repowright.agent.workflows.generate import delivery, integration, interfaces, proposal, schedule
from repowright.agent.workflows.generate.code import stage as code_stage
from repowright.agent.workflows.generate.layout import AREAS, STRUCTURE
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.plan_files import write_plan_files
from repowright.agent.workflows.generate.shared_data import BASE_TYPES, FLOWS
from repowright.agent.workflows.generate.stages import STAGES, Stage
from repowright.agent.workflows.generate.state import GenerateState
from repowright.agent.workflows.generate.studio import Studio

Workflow = CompiledStateGraph[GenerateState, Studio, GenerateState, GenerateState]
StageNode = Any
"""An async function of state and runtime; LangGraph's own type for it is private."""

_SUBGRAPHS: dict[str, Callable[[], CompiledStateGraph[Any, Studio, Any, Any]]] = {
    "proposal": proposal.subgraph,
    "areas": AREAS.subgraph,
    "structure": STRUCTURE.subgraph,
    "flows": FLOWS.subgraph,
    "base_types": BASE_TYPES.subgraph,
    "interfaces": interfaces.subgraph,
    "units": schedule.subgraph,
    "code": code_stage.subgraph,
    "integration": integration.subgraph,
    "delivery": delivery.subgraph,
}


def end_node(stage: str) -> str:
    """Return the node after which a run that shall stop after a stage is interrupted."""
    return f"end_{stage}"


def build(checkpointer: BaseCheckpointSaver[str] | None) -> Workflow:
    """Build the workflow; between two stages it can be interrupted, edited and resumed."""
    builder = StateGraph(GenerateState, context_schema=Studio)
    before = START
    for stage in STAGES:
        builder.add_node(f"begin_{stage.name}", _begin(stage))
        builder.add_node(stage.name, _SUBGRAPHS[stage.name]())
        builder.add_node(end_node(stage.name), _end(stage))
        builder.add_edge(before, f"begin_{stage.name}")
        builder.add_edge(f"begin_{stage.name}", stage.name)
        builder.add_edge(stage.name, end_node(stage.name))
        before = end_node(stage.name)
    builder.add_edge(before, END)
    return builder.compile(checkpointer=checkpointer)


def _begin(stage: Stage) -> StageNode:
    async def begin(state: GenerateState, runtime: Runtime[Studio]) -> GenerateState:
        studio = runtime.context
        studio.stage_began(stage.name)
        plan = studio.load(state["plan"]) if state.get("plan") else None
        total = _total(stage.name, plan) if plan else 0
        studio.emit(StageStart(stage=stage.name, title=stage.title, total=total))
        return {}

    return begin


def _end(stage: Stage) -> StageNode:
    async def end(state: GenerateState, runtime: Runtime[Studio]) -> GenerateState:
        studio = runtime.context
        left = state.get("open_findings", {}).get(stage.name, "")
        exported = write_plan_files(studio.load(state["plan"]), studio.run)
        studio.emit(
            StageEnd(
                stage=stage.name,
                seconds=studio.stage_seconds(stage.name),
                graph=exported.partition(" ")[0],
                open_findings=len(left.splitlines()),
            )
        )
        return {"exported": exported}

    return end


def _total(stage: str, plan: Plan) -> int:
    if stage == "interfaces":
        return sum(len(files) for files in interfaces.file_generations(plan))
    if stage == "code":
        return len(plan.unit_nodes())
    return len(integration.areas(plan)) if stage == "integration" else 0
