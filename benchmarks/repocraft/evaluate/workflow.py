"""The evaluation as a LangGraph workflow: probe the repository, then a branch a task, then the result."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from repowright.agent.events import StageEnd, StageProgress, StageStart
from repowright.benchmarks.repocraft.evaluate.branch import branch, close_task
from repowright.benchmarks.repocraft.evaluate.probe import unusable
from repowright.benchmarks.repocraft.evaluate.state import EvaluationState, TaskInput
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.verdicts import TaskVerdict
from repowright.graph.serial import content_hash

STAGES = (("probe", "Read and import the repository"), ("tasks", "Judge the tasks"))
"""Name and title of each stage."""

Workflow = CompiledStateGraph[EvaluationState, Studio, EvaluationState, EvaluationState]


async def probe(state: EvaluationState, runtime: Runtime[Studio]) -> EvaluationState:
    """See whether anything of the repository can be run."""
    studio = runtime.context
    studio.emit(StageStart(stage=STAGES[0][0], title=STAGES[0][1]))
    began = studio.clock()
    shared = await unusable(studio)
    graph = content_hash(studio.atlas.rpg)
    studio.emit(StageEnd(stage=STAGES[0][0], seconds=studio.clock() - began, graph=graph))
    studio.emit(StageStart(stage=STAGES[1][0], title=STAGES[1][1], total=len(studio.tasks)))
    return {"unusable": studio.store.put_text(shared.model_dump_json()) if shared else "", "verdicts": {}}


async def dispatch(state: EvaluationState, runtime: Runtime[Studio]) -> EvaluationState:
    """Close all tasks at once where nothing can be run."""
    if not state.get("unusable"):
        return {}
    studio = runtime.context
    shared = TaskVerdict.model_validate_json(studio.store.get_text(state["unusable"]))
    verdicts = {name: shared.model_copy(update={"task": name}) for name in studio.tasks}
    return {"verdicts": {name: close_task(verdict, 0.0, studio) for name, verdict in verdicts.items()}}


async def join(state: EvaluationState, runtime: Runtime[Studio]) -> EvaluationState:
    """Take the branches over, or end the run where one of them could not go on."""
    studio = runtime.context
    studio.raise_halt()
    done = len(state.get("verdicts", {}))
    studio.emit(StageProgress(stage=STAGES[1][0], done=done, total=len(studio.tasks)))
    if done == len(studio.tasks):
        began = min(studio.began.values(), default=studio.clock())
        studio.emit(StageEnd(stage=STAGES[1][0], seconds=studio.clock() - began))
    return {}


def _dispatch(state: EvaluationState, runtime: Runtime[Studio]) -> Any:
    todo = [name for name in runtime.context.tasks if name not in state.get("verdicts", {})]
    return [Send("task", TaskInput(task=name)) for name in todo] or "join"


def _again(state: EvaluationState, runtime: Runtime[Studio]) -> str:
    return END if len(state.get("verdicts", {})) >= len(runtime.context.tasks) else "dispatch"


def build(checkpointer: BaseCheckpointSaver[str] | None) -> Workflow:
    """Build the workflow; a run that was ended at any point goes on from its last checkpoint."""
    builder = StateGraph(EvaluationState, context_schema=Studio)
    builder.add_node("probe", probe)
    builder.add_node("dispatch", dispatch)
    builder.add_node("task", branch(), input_schema=TaskInput)
    builder.add_node("join", join)
    builder.add_edge(START, "probe")
    builder.add_edge("probe", "dispatch")
    builder.add_conditional_edges("dispatch", _dispatch, ["task", "join"])
    builder.add_edge("task", "join")
    builder.add_conditional_edges("join", _again, ["dispatch", END])
    return builder.compile(checkpointer=checkpointer)
