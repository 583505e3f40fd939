"""Features from the specification: propose, look for what is missing, check, until two rounds add nothing.

ZeroRepo (section 3.1, algorithm 2) samples a feature tree; without one its ablation reaches the same coverage
when the missing / self-check loop runs longer, so the loop is what is built here.
"""

from __future__ import annotations

import keyword
import re
import sys
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel

from repowright.agent.events import Decision, LintRound
from repowright.agent.workflows.generate.asking import ask_model, texts
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.state import ProposalState
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.kinds import NodeKind
from repowright.graph.lint import lint
from repowright.graph.model import RPG
from repowright.graph.tags import HAS_ENTRY_POINT

UNSORTED = "Unsorted"
ENOUGH_DRY_ROUNDS = 2


class Feature(BaseModel):
    phrase: str
    detail: str


class Proposal(BaseModel):
    name: str
    package: str
    purpose: str
    command_line: bool
    features: list[Feature]


class Rejected(BaseModel):
    id: str
    why: str


class Check(BaseModel):
    rejected: list[Rejected]


class Missing(BaseModel):
    missing: list[Feature]


def proposal_problems(answer: Proposal) -> list[str]:
    """Return what keeps a proposal from becoming a plan."""
    problems = []
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", answer.name):
        problems.append(f"`name` {answer.name!r} is not lower case with hyphens")
    taken = keyword.iskeyword(answer.package) or answer.package in sys.stdlib_module_names
    if not re.fullmatch(r"[a-z][a-z0-9_]*", answer.package) or taken:
        problems.append(f"`package` {answer.package!r} is not a free lower-case identifier")
    if not answer.features:
        problems.append("`features` is empty")
    return problems


async def propose(state: ProposalState, runtime: Runtime[Studio]) -> ProposalState:
    studio = runtime.context
    answer = await ask_model(
        studio,
        "generate/propose",
        Proposal,
        {"spec": studio.spec},
        subject="proposal",
        check=proposal_problems,
    )
    tags = (HAS_ENTRY_POINT,) if answer.command_line else ()
    rpg = RPG.new(answer.name, answer.purpose, package=f"src/{answer.package}", tags=tags)
    rpg.update(rpg.root.id, doc=answer.purpose)
    rpg.add(NodeKind.AREA, UNSORTED, rpg.root.id)
    return {
        "plan": studio.save(Plan(rpg)),
        "candidates": _rows(answer.features),
        "round": 0,
        "dry": 0,
        "rejected": [],
    }


async def find_missing(state: ProposalState, runtime: Runtime[Studio]) -> ProposalState:
    studio, number = runtime.context, state["round"] + 1
    plan = studio.load(state["plan"])
    answer = await ask_model(
        studio,
        "generate/missing",
        Missing,
        {
            "spec": studio.spec,
            "features": _accepted(plan),
            "rejected": "\n".join(f"- {row}" for row in state["rejected"]),
        },
        subject=f"round {number}",
        sample=number,
    )
    known = {_normal(node.feature) for node in plan.rpg.nodes(NodeKind.FEATURE)}
    new = [row for row in _rows(answer.missing) if _normal(row.split("\t")[0]) not in known]
    return {"candidates": new, "round": number, "dry": 0 if new else state["dry"] + 1}


async def check(state: ProposalState, runtime: Runtime[Studio]) -> ProposalState:
    """Keep the candidates that the self-check does not reject."""
    studio = runtime.context
    plan = studio.load(state["plan"]).copy()
    rows = {f"C{number}": row for number, row in enumerate(state["candidates"], 1)}
    listed = "\n".join(f"- {one}: {row.replace(chr(9), '. ')}" for one, row in rows.items())
    answer = await ask_model(
        studio,
        "generate/check",
        Check,
        {
            "spec": studio.spec,
            "accepted": _accepted(plan) if plan.rpg.nodes(NodeKind.FEATURE) else "",
            "candidates": listed,
        },
        subject=f"round {state['round']}",
        check=lambda found: [f"no candidate {one.id!r}" for one in found.rejected if one.id not in rows],
    )
    refused = {one.id: one.why for one in answer.rejected}
    added = 0
    known = {_normal(node.feature) for node in plan.rpg.nodes(NodeKind.FEATURE)}
    for one, row in rows.items():
        phrase, _, detail = row.partition("\t")
        if one in refused:
            _decide(studio, phrase, "left out", refused[one], state["round"])
        else:
            added += _enter(plan, known, phrase, detail)
    dry = 0 if added else state["dry"] + 1
    rejected = [*state["rejected"], *(rows[one].split("\t")[0] for one in refused)]
    return {"plan": studio.save(plan), "candidates": [], "dry": dry, "rejected": rejected}


async def close(state: ProposalState, runtime: Runtime[Studio]) -> ProposalState:
    studio = runtime.context
    findings = lint(studio.load(state["plan"]).rpg, "proposal")
    found = [*texts(findings), *texts(findings, "warning")]
    studio.emit(LintRound(stage="proposal", round=1, findings=found))
    if state["dry"] < ENOUGH_DRY_ROUNDS:
        why = f"{state['round']} rounds are the limit (proposal_rounds)"
        _decide(studio, "features", "search for missing features ended", why, state["round"])
    return {"open_findings": {"proposal": "\n".join(found)}}


def _enter(plan: Plan, known: set[str], phrase: str, detail: str) -> int:
    if _normal(phrase) in known:
        return 0
    known.add(_normal(phrase))
    area = plan.area(UNSORTED)
    parent = area.id if area else plan.rpg.root.id
    plan.rpg.add(NodeKind.FEATURE, phrase, parent, feature=phrase, doc=detail)
    return 1


def _accepted(plan: Plan) -> str:
    features = sorted(plan.rpg.nodes(NodeKind.FEATURE), key=lambda node: node.feature)
    return "\n".join(f"- {node.feature}. {node.doc}" for node in features)


def _decide(studio: Studio, subject: str, what: str, why: str, number: int) -> None:
    studio.emit(Decision(stage="proposal", subject=subject, what=what, why=why, evidence=[f"round {number}"]))


def _rows(features: list[Feature]) -> list[str]:
    return [f"{_one_line(one.phrase)}\t{_one_line(one.detail)}" for one in features if one.phrase.strip()]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _normal(phrase: str) -> str:
    return " ".join(phrase.lower().split())


def _after_check(state: ProposalState, runtime: Runtime[Studio]) -> Any:
    finished = state["dry"] >= ENOUGH_DRY_ROUNDS or state["round"] >= runtime.context.settings.proposal_rounds
    return "close" if finished else "find_missing"


def _after_missing(state: ProposalState, runtime: Runtime[Studio]) -> Any:
    return "check" if state["candidates"] else _after_check(state, runtime)


def subgraph() -> CompiledStateGraph[ProposalState, Studio, ProposalState, ProposalState]:
    """Build the stage's LangGraph subgraph."""
    builder = StateGraph(ProposalState, context_schema=Studio)
    for name, node in (
        ("propose", propose),
        ("check", check),
        ("find_missing", find_missing),
        ("close", close),
    ):
        builder.add_node(name, node)
    builder.add_edge(START, "propose")
    builder.add_edge("propose", "check")
    builder.add_conditional_edges("check", _after_check, ["find_missing", "close"])
    builder.add_conditional_edges("find_missing", _after_missing, ["check", "find_missing", "close"])
    builder.add_edge("close", END)
    return builder.compile()
