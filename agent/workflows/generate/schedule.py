"""The order of the work: units in topological generations, each needing only units of earlier ones."""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from repowright.agent.errors import PlanError
from repowright.agent.events import Decision
from repowright.agent.workflows.generate.state import GenerateState
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.errors import CycleError
from repowright.graph.kinds import State


async def order(state: GenerateState, runtime: Runtime[Studio]) -> GenerateState:
    """Settle the order, or end the run where the units stand on each other in a circle.

    Raises
    ------
    PlanError
        If there is no order.
    """
    studio = runtime.context
    plan = studio.load(state["plan"]).copy()
    try:
        generations = plan.generations()
    except CycleError as error:
        raise PlanError(str(error), "edit plan.md or graph.json of the run and resume it") from error
    for number, generation in enumerate(generations, 1):
        names = [plan.rpg.node(one).label for one in generation]
        why = "they stand on nothing" if number == 1 else "they stand on units of earlier generations alone"
        studio.emit(
            Decision(
                stage="units",
                subject=f"generation {number}",
                what=f"{len(names)} units",
                why=why,
                evidence=names,
            )
        )
        for one in generation:
            plan.rpg.update(one, state=State.STUBBED)
    return {"plan": studio.save(plan)}


def subgraph() -> CompiledStateGraph[GenerateState, Studio, GenerateState, GenerateState]:
    """Build the stage's LangGraph subgraph."""
    builder = StateGraph(GenerateState, context_schema=Studio)
    builder.add_node("order", order)
    builder.add_edge(START, "order")
    builder.add_edge("order", END)
    return builder.compile()
