"""The branch of one task: localise, vote, adapt, run; each step is a checkpoint, each end a verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from repowright.agent.errors import ModelRefused, ReplyInvalid
from repowright.agent.events import Decision, TaskEnd
from repowright.benchmarks.repocraft.evaluate.adapting import LastVersion, adapt
from repowright.benchmarks.repocraft.evaluate.localise import localise
from repowright.benchmarks.repocraft.evaluate.renaming import judge_renamed
from repowright.benchmarks.repocraft.evaluate.state import TaskInput, TaskOutput, TaskState
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.evaluate.trial import misuse, run_adapted, verdict_of
from repowright.benchmarks.repocraft.evaluate.voting import vote
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict

Step = Callable[[TaskState, Studio], Awaitable[TaskState]]
_DETAIL = 300


async def localise_step(state: TaskState, studio: Studio) -> TaskState:
    """Find the units, or end with nothing found."""
    task = studio.tasks[state["task"]]
    studio.began.setdefault(task.id, studio.clock())
    number = state.get("round", 0) + 1
    reached: TaskState = {**state, "round": number}
    try:
        located = await localise(task, studio, state.get("located", []), state.get("objections", []))
    except (ReplyInvalid, ModelRefused) as error:
        return _closed(reached, studio, State.NOT_LOCATED, error.message)
    _decided(studio, task.id, f"{len(located)} units in round {number}", "the model's answer", located)
    if located:
        return {"round": number, "located": located}
    if state.get("ballots"):
        return _closed(reached, studio, State.VOTED_DOWN, _first(state.get("objections", [])))
    return _closed(reached, studio, State.NOT_LOCATED, "the model finds nothing that provides it")


async def vote_step(state: TaskState, studio: Studio) -> TaskState:
    """Vote; what is voted down is localised again as often as the terms say."""
    task = studio.tasks[state["task"]]
    held = await vote(task, state["located"], studio)
    ballots = [ballot.implements for ballot in held.ballots]
    said = f"{sum(ballots)} of {len(ballots)} ballots for it"
    _decided(studio, task.id, said, "a majority decides", [ballot.reason for ballot in held.ballots])
    found: TaskState = {"ballots": ballots, "objections": held.objections}
    if held.carried or state["round"] <= studio.terms.retries:
        return found
    return found | _closed({**state, **found}, studio, State.VOTED_DOWN, _first(held.objections))


async def adapt_step(state: TaskState, studio: Studio) -> TaskState:
    """Rewrite the test, or mend how its last version used the API."""
    task = studio.tasks[state["task"]]
    last = LastVersion()
    if state.get("failure"):
        last = LastVersion(studio.store.get_text(state["code"]), studio.store.get_text(state["failure"]))
    try:
        code = await adapt(task, state["located"], last, studio)
    except (ReplyInvalid, ModelRefused) as error:
        return _closed(state, studio, State.NOT_ADAPTED, error.message)
    return {"code": studio.store.put_text(code), "version": state.get("version", 0) + 1}


async def run_step(state: TaskState, studio: Studio) -> TaskState:
    """Run the test; only an error of the test's own may be mended."""
    code = studio.store.get_text(state["code"])
    report = await run_adapted(state["task"], code, studio)
    verdict = await verdict_of(state["task"], code, state["located"], report, studio)
    failure = misuse(report, code) if verdict.state is not State.PASSED else ""
    if failure and state["version"] <= studio.terms.mends:
        return {"failure": studio.store.put_text(failure)}
    return {"failure": "", **_closed(state, studio, verdict.state, verdict.detail, verdict)}


async def rename_step(state: TaskState, studio: Studio) -> TaskState:
    """Run the real tests under the repository's name; nobody is asked."""
    task = studio.tasks[state["task"]]
    studio.began.setdefault(task.id, studio.clock())
    verdict = await judge_renamed(task, studio.renamed, studio.atlas.tree, studio.bench)
    return _closed(
        {**state, "version": int(bool(studio.renamed.files))}, studio, verdict.state, verdict.detail, verdict
    )


def _closed(state: TaskState, studio: Studio, ended: State, detail: str, found: TaskVerdict | None = None) -> TaskState:
    """End a task with a verdict."""
    ballots = state.get("ballots", [])
    began = studio.began.get(state["task"], studio.clock())
    verdict = (found or TaskVerdict(task=state["task"], state=ended)).model_copy(
        update={
            "state": ended,
            "detail": " ".join(detail.split())[:_DETAIL],
            "voted": 2 * sum(ballots) > len(ballots) if ballots else None,
            "ballots": tuple(ballots),
            "located": tuple(state.get("located", [])),
            "attempts": state.get("round", 0),
            "adaptations": state.get("version", 0),
        }
    )
    return {"verdicts": {verdict.task: close_task(verdict, studio.clock() - began, studio)}}


def close_task(verdict: TaskVerdict, seconds: float, studio: Studio) -> str:
    """Keep a verdict, tell of it, and return its address."""
    studio.emit(
        TaskEnd(
            task=verdict.task,
            state=str(verdict.state),
            detail=verdict.detail,
            votes=list(verdict.ballots),
            seconds=round(seconds, 3),
        )
    )
    return studio.store.put_text(verdict.model_dump_json())


def _decided(studio: Studio, task: str, what: str, why: str, evidence: list[str]) -> None:
    studio.emit(Decision(stage="tasks", subject=task, what=what, why=why, evidence=evidence))


def _first(objections: list[str]) -> str:
    return objections[0] if objections else ""


def _node(step: Step) -> Any:
    """Make a node of a step: an error that ends the run waits until the branches beside it are done."""

    async def node(state: TaskState, runtime: Runtime[Studio]) -> TaskState:
        studio = runtime.context
        if studio.halt is not None:
            return {}
        try:
            return await step(state, studio)
        except Exception as error:
            if not studio.halts(error):
                raise
            return {}

    return node


def _after(following: str) -> Any:
    """Lead to the step that follows, unless the task has its verdict or the run is to end."""

    def lead(state: TaskState, runtime: Runtime[Studio]) -> str:
        ended = bool(state.get("verdicts")) or runtime.context.halt is not None
        return END if ended else following

    return lead


def _first_step(state: TaskState, runtime: Runtime[Studio]) -> str:
    return "rename" if runtime.context.terms.adapter == "rename" else "localise"


def _after_vote(state: TaskState, runtime: Runtime[Studio]) -> str:
    if state.get("verdicts") or runtime.context.halt is not None:
        return END
    ballots = state["ballots"]
    return "adapt" if 2 * sum(ballots) > len(ballots) else "localise"


def branch() -> CompiledStateGraph[TaskState, Studio, TaskInput, TaskOutput]:
    """Build the LangGraph subgraph of one task."""
    builder = StateGraph(TaskState, context_schema=Studio, input_schema=TaskInput, output_schema=TaskOutput)
    builder.add_node("localise", _node(localise_step))
    builder.add_node("vote", _node(vote_step))
    builder.add_node("adapt", _node(adapt_step))
    builder.add_node("run", _node(run_step))
    builder.add_node("rename", _node(rename_step))
    builder.add_conditional_edges(START, _first_step, ["localise", "rename"])
    builder.add_edge("rename", END)
    builder.add_conditional_edges("localise", _after("vote"), ["vote", END])
    builder.add_conditional_edges("vote", _after_vote, ["adapt", "localise", END])
    builder.add_conditional_edges("adapt", _after("run"), ["run", END])
    builder.add_conditional_edges("run", _after("adapt"), ["adapt", END])
    return builder.compile()
