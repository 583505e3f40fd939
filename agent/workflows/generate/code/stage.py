"""The code stage: generation by generation, the units of one side by side."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from repowright.agent.events import StageProgress
from repowright.agent.workflows.generate.code.commits import first_commit, unit_commits
from repowright.agent.workflows.generate.code.merge import take_over
from repowright.agent.workflows.generate.code.unit import UnitBuilder
from repowright.agent.workflows.generate.state import FanState, Subject
from repowright.agent.workflows.generate.studio import Studio


async def begin(state: FanState, runtime: Runtime[Studio]) -> FanState:
    """Commit the plan with a stub for every unit."""
    return {"head": first_commit(runtime.context.load(state["plan"]), runtime.context), "generation": 0}


async def dispatch(state: FanState) -> FanState:
    return {}


async def build(state: Subject, runtime: Runtime[Studio]) -> FanState:
    """Build one unit; an error that ends the run waits until the units beside it are done."""
    studio = runtime.context
    if studio.halt is not None:
        return {}
    try:
        record = await UnitBuilder(studio.load(state["plan"]), state["subject"], studio).build()
    except Exception as error:
        if not studio.halts(error):
            raise
        return {}
    return {"built": {record.id: studio.library.put(record)}}


async def join(state: FanState, runtime: Runtime[Studio]) -> FanState:
    """Take a generation over, or end the run where one of its units could not be asked for."""
    studio = runtime.context
    studio.raise_halt()
    plan = studio.load(state["plan"])
    generations = plan.generations()
    number = state.get("generation", 0)
    current = generations[number]
    built = state.get("built", {})
    if any(one not in built for one in current):
        return {}
    plan, changed = await take_over(plan, [studio.library.get(built[one]) for one in current], studio)
    head = unit_commits(plan, state["head"], current, changed, studio)
    done = sum(len(units) for units in generations[: number + 1])
    studio.emit(StageProgress(stage="code", done=done, total=sum(map(len, generations))))
    return {"plan": studio.save(plan), "head": head, "generation": number + 1, "built": None}  # type: ignore[typeddict-item]


def _dispatch(state: FanState, runtime: Runtime[Studio]) -> Any:
    generations = runtime.context.load(state["plan"]).generations()
    number = state.get("generation", 0)
    if number >= len(generations):
        return END
    todo = [one for one in generations[number] if one not in state.get("built", {})]
    return [Send("build", Subject(plan=state["plan"], subject=one, findings=[])) for one in todo] or "join"


def subgraph() -> CompiledStateGraph[FanState, Studio, FanState, FanState]:
    """Build the stage's LangGraph subgraph."""
    builder = StateGraph(FanState, context_schema=Studio)
    builder.add_node("begin", begin)
    builder.add_node("dispatch", dispatch)
    builder.add_node("build", build, input_schema=Subject)
    builder.add_node("join", join)
    builder.add_edge(START, "begin")
    builder.add_edge("begin", "dispatch")
    builder.add_conditional_edges("dispatch", _dispatch, ["build", "join", END])
    builder.add_edge("build", "join")
    builder.add_edge("join", "dispatch")
    return builder.compile()
