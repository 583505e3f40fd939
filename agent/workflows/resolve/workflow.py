"""A resolution as a LangGraph workflow: locate, reproduce, edit and verify in turns, deliver."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict

from repowright.agent.events import Decision
from repowright.agent.workflows.locate.workflow import Judged, Task, judge
from repowright.agent.workflows.resolve.delivering import deliver
from repowright.agent.workflows.resolve.editing import edit
from repowright.agent.workflows.resolve.records import Change, Comparison, Reproduction, Suspect
from repowright.agent.workflows.resolve.reproducing import reproduce
from repowright.agent.workflows.resolve.state import ResolveState
from repowright.agent.workflows.resolve.studio import Studio
from repowright.agent.workflows.resolve.verifying import ROUNDS, is_wanting, verify

MOST_SUSPECTS = 10

Workflow = CompiledStateGraph[ResolveState, Studio, ResolveState, ResolveState]


class Suspects(BaseModel):
    """The functions that localisation names, the likeliest first."""

    model_config = ConfigDict(frozen=True)

    functions: tuple[Suspect, ...] = ()


async def locate_step(state: ResolveState, runtime: Runtime[Studio]) -> ResolveState:
    """Rank the code without a model, then let the model choose among the candidates."""
    studio = runtime.context
    with studio.stage("locate"):
        atlas, issue = studio.atlas, studio.subject.issue
        found = atlas.located(issue)
        files, functions = ([each.label for each in ranked] for ranked in (found.files, found.functions))
        judged = await _judged(studio, Task(atlas.tree.name, issue, atlas.rpg, atlas.sources, files, functions))
        suspects = suspects_of(judged)
        _tell_suspects(studio, judged, suspects)
    return {
        "files": list(judged.files[:MOST_SUSPECTS]),
        "functions": [each.entity for each in suspects],
        "suspects": studio.keep(Suspects(functions=tuple(suspects))),
    }


async def _judged(studio: Studio, task: Task) -> Judged:
    # In the context of this node the graph inside would share its checkpoints, and would go on after a kill without
    # the picks, which it holds in memory alone.
    work = judge(task, studio.gateway)
    return await asyncio.get_running_loop().create_task(work, context=Context())


async def reproduce_step(state: ResolveState, runtime: Runtime[Studio]) -> ResolveState:
    """Let the model write a test that fails because of the issue."""
    studio = runtime.context
    with studio.stage("reproduce"):
        found = await reproduce(studio, state["files"], state["functions"])
    return {"reproduction": studio.keep(found)}


async def edit_step(state: ResolveState, runtime: Runtime[Studio]) -> ResolveState:
    """Let the model change a copy, from where an earlier round left it."""
    studio = runtime.context
    comparison = studio.kept(state["comparison"], Comparison) if state.get("comparison") else None
    with studio.stage("edit"):
        change = await edit(
            studio,
            studio.kept(state["suspects"], Suspects).functions,
            studio.kept(state["reproduction"], Reproduction),
            studio.kept(state.get("change", ""), Change),
            comparison,
        )
    return {"change": studio.keep(change), "round": state.get("round", 0) + 1}


async def verify_step(state: ResolveState, runtime: Runtime[Studio]) -> ResolveState:
    """Run the affected tests before and after the change."""
    studio = runtime.context
    change = studio.kept(state["change"], Change)
    if not change.files:
        return {"comparison": studio.keep(Comparison(why="there is no change to test"))}
    with studio.stage("verify"):
        found = await verify(studio, change, studio.kept(state["reproduction"], Reproduction))
    return {"comparison": studio.keep(found)}


async def deliver_step(state: ResolveState, runtime: Runtime[Studio]) -> ResolveState:
    """Write the patch, the report and the record."""
    studio = runtime.context
    with studio.stage("deliver"):
        resolution = deliver(
            studio,
            studio.kept(state["suspects"], Suspects).functions,
            studio.kept(state["reproduction"], Reproduction),
            studio.kept(state["change"], Change),
            studio.kept(state["comparison"], Comparison),
            state["round"],
        )
    return {"resolution": studio.keep(resolution)}


def suspects_of(judged: Judged) -> list[Suspect]:
    """Return the functions that come first, with the model's reasons where it named them."""
    reasons = {pick.entity: pick.reason for pick in judged.picks}
    return [Suspect(entity=name, reason=reasons.get(name, "")) for name in judged.functions[:MOST_SUSPECTS]]


def build(checkpointer: BaseCheckpointSaver[str] | None) -> Workflow:
    """Build the workflow; a run that was ended at any point goes on from its last checkpoint."""
    builder = StateGraph(ResolveState, context_schema=Studio)
    builder.add_node("locate", locate_step)
    builder.add_node("reproduce", reproduce_step)
    builder.add_node("edit", edit_step)
    builder.add_node("verify", verify_step)
    builder.add_node("deliver", deliver_step)
    builder.add_edge(START, "locate")
    builder.add_edge("locate", "reproduce")
    builder.add_edge("reproduce", "edit")
    builder.add_edge("edit", "verify")
    builder.add_conditional_edges("verify", _after_verify, ["edit", "deliver"])
    builder.add_edge("deliver", END)
    return builder.compile(checkpointer=checkpointer)


def _after_verify(state: ResolveState, runtime: Runtime[Studio]) -> Literal["edit", "deliver"]:
    studio = runtime.context
    wanting = is_wanting(studio.kept(state["comparison"], Comparison), studio.kept(state["reproduction"], Reproduction))
    return "edit" if wanting and state["round"] < ROUNDS else "deliver"


def _tell_suspects(studio: Studio, judged: Judged, suspects: Sequence[Suspect]) -> None:
    why = "the model has read them" if judged.picks else "retrieval ranks them first; the model named none"
    what = suspects[0].entity if suspects else "nothing"
    evidence = [f"{each.entity}: {each.reason}" if each.reason else each.entity for each in suspects]
    studio.emit(Decision(stage="locate", subject="the issue", what=what, why=why, evidence=evidence))
