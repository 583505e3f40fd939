"""A planning stage: draft, lint, and draft again with the findings, a bounded number of rounds.

What is still wrong after the last round is reported in the state and the events, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel

from repowright.agent.events import LintRound
from repowright.agent.llm import Message
from repowright.agent.workflows.generate.asking import ask_model, findings_message, graph_problems, texts
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.state import DraftState
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.lint import lint

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Draft(Generic[M]):
    """One planning stage.

    Parameters
    ----------
    holes
        What the prompt is filled with, from the plan so far.
    apply
        Enters an answer into a copy of the plan; raises ``Unusable`` or ``GraphError`` where it cannot.
    wanted
        Whether the stage has anything to ask; a stage that has not leaves the plan as it is.
    """

    stage: str
    prompt: str
    answer: type[M]
    holes: Callable[[Plan, Studio], Mapping[str, object]]
    apply: Callable[[Plan, M, Studio], Plan]
    wanted: Callable[[Plan], bool] = lambda plan: True

    def subgraph(self) -> CompiledStateGraph[DraftState, Studio, DraftState, DraftState]:
        """Build the stage's LangGraph subgraph."""
        builder = StateGraph(DraftState, context_schema=Studio)
        builder.add_node("draft", self._draft)
        builder.add_node("lint", self._lint)
        builder.add_edge(START, "draft")
        builder.add_edge("draft", "lint")
        builder.add_conditional_edges("lint", self._route, ["draft", END])
        return builder.compile()

    async def _draft(self, state: DraftState, runtime: Runtime[Studio]) -> DraftState:
        studio = runtime.context
        address = state.get("base") or state["plan"]
        base = studio.load(address)
        if not self.wanted(base):
            return {"base": address, "reply": "", "findings": []}
        holes = dict(self.holes(base, studio))
        answer = await ask_model(
            studio,
            self.prompt,
            self.answer,
            holes,
            subject=base.name,
            check=lambda found: graph_problems(lambda: self.apply(base.copy(), found, studio)),
            follow_up=self._follow_up(state, studio),
        )
        plan = self.apply(base.copy(), answer, studio)
        return {
            "base": address,
            "plan": studio.save(plan),
            "reply": studio.store.put(answer.model_dump_json().encode()),
        }

    def _follow_up(self, state: DraftState, studio: Studio) -> tuple[Message, ...]:
        if not state.get("findings"):
            return ()
        previous = studio.store.get(state["reply"]).decode()
        return Message(role="assistant", content=previous), findings_message(state["findings"])

    async def _lint(self, state: DraftState, runtime: Runtime[Studio]) -> DraftState:
        studio = runtime.context
        findings = lint(studio.load(state["plan"]).rpg, self.stage)
        errors, warnings = texts(findings), texts(findings, "warning")
        number = state.get("round", 0) + 1
        studio.emit(LintRound(stage=self.stage, round=number, findings=[*errors, *warnings]))
        return {
            "findings": errors,
            "round": number,
            "open_findings": {self.stage: "\n".join([*errors, *warnings])},
        }

    def _route(self, state: DraftState, runtime: Runtime[Studio]) -> Any:
        again = state["findings"] and state["reply"] and state["round"] <= runtime.context.settings.lint_rounds
        return "draft" if again else END
