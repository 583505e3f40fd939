"""The last stage: README, a full run with coverage, and the repository handed over."""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict

from repowright.agent.events import Decision, FileWritten
from repowright.agent.llm import Reply, Unusable
from repowright.agent.results import RunResults, write_results
from repowright.agent.workflows.generate import delivery_files, describe
from repowright.agent.workflows.generate.asking import PLAN_TOKENS, request
from repowright.agent.workflows.generate.code.commits import append
from repowright.agent.workflows.generate.code.writing import failure_text
from repowright.agent.workflows.generate.plan import settle_states
from repowright.agent.workflows.generate.state import GenerateState
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import FileCoverage, TestOutcome, TestReport
from repowright.graph.serial import to_json
from repowright.repo_tools.history import CommitSpec


class Outcome(BaseModel):
    """The closing figures of a generation."""

    model_config = ConfigDict(frozen=True)

    head: str
    units_total: int
    units_verified: int
    tests_passed: int
    tests_failed: int
    line_coverage: float | None
    green: bool


async def write_readme(state: GenerateState, runtime: Runtime[Studio]) -> GenerateState:
    """Have the README written and commit it with the graph."""
    studio = runtime.context
    plan = studio.load(state["plan"])
    asked = request(
        "generate/readme",
        {
            "spec": studio.spec,
            "structure": describe.structure(plan),
            "interfaces": describe.interfaces(plan, studio.library, [node.id for node in plan.unit_nodes()]),
            "command_line": delivery_files.entry_point(plan) is not None,
            "name": plan.name,
            "package": plan.package,
        },
        subject=plan.name,
        max_tokens=PLAN_TOKENS,
    )
    text = await studio.gateway.ask(asked, _readme, max_repairs=studio.settings.reply_repairs)
    plan = plan.copy()
    records = studio.library.records(plan, [node.id for node in plan.unit_nodes()])
    settle_states(plan, all_verified=all(record.state == "verified" for record in records.values()))
    files: dict[str, bytes | None] = {
        "README.md": text.encode(),
        delivery_files.GRAPH_FILE: to_json(plan.rpg).encode(),
    }
    when = studio.epoch + len(plan.units) + len(plan.integration) + 1
    spec = CommitSpec(files, "Describe the project", "README, and the graph the project was planned on.", when)
    return {"plan": studio.save(plan), "head": append(studio, state["head"], [spec])}


async def final_run(state: GenerateState, runtime: Runtime[Studio]) -> GenerateState:
    """Run all that was delivered, coverage measured, and keep the figures."""
    studio = runtime.context
    plan = studio.load(state["plan"])
    files = studio.history.files(state["head"])
    report = await studio.bench.run(files, [], purpose="final", subject=plan.name, coverage_of="src")
    write_results(studio.run, RunResults.of(report))
    records = studio.library.records(plan, [node.id for node in plan.unit_nodes()])
    verified = sum(record.state == "verified" for record in records.values())
    if not report.passed:
        evidence = [failure_text(report, most=5, width=800)]
        studio.emit(
            Decision(
                stage="delivery",
                subject=plan.name,
                what="delivered with failing tests",
                why="the final run",
                evidence=evidence,
            )
        )
    outcome = Outcome(
        head=state["head"],
        units_total=len(records),
        units_verified=verified,
        tests_passed=report.count(TestOutcome.PASSED),
        tests_failed=report.count(TestOutcome.FAILED) + report.count(TestOutcome.ERROR),
        line_coverage=line_coverage(report),
        green=report.passed and verified == len(records),
    )
    return {"outcome": studio.store.put(outcome.model_dump_json().encode())}


async def hand_over(state: GenerateState, runtime: Runtime[Studio]) -> GenerateState:
    """Put the repository where the user wants it."""
    studio = runtime.context
    studio.history.deliver(state["head"], studio.out)
    for path, content in sorted(studio.history.files(state["head"]).items()):
        studio.emit(FileWritten(path=path, lines=content.count(b"\n")))
    return {}


def line_coverage(report: TestReport) -> float | None:
    """Return the share of the code's lines that the tests execute, 0 to 1."""
    if not report.coverage:
        return None
    files: list[FileCoverage] = list(report.coverage.values())
    executed = sum(len(file.executed) for file in files)
    total = executed + sum(len(file.missing) for file in files)
    return executed / total if total else None


def outcome_of(state: GenerateState, studio: Studio) -> Outcome | None:
    """Return the closing figures, once the final run has been made."""
    address = state.get("outcome")
    return Outcome.model_validate_json(studio.store.get(address)) if address else None


def _readme(reply: Reply) -> str:
    text = reply.text.strip()
    if text.startswith("```"):
        text = text.split("\n", 1)[-1].rsplit("```", 1)[0].strip()
    if not text.startswith("# "):
        raise Unusable(["the README does not start with a heading of level 1"])
    return text + "\n"


def subgraph() -> CompiledStateGraph[GenerateState, Studio, GenerateState, GenerateState]:
    """Build the stage's LangGraph subgraph."""
    builder = StateGraph(GenerateState, context_schema=Studio)
    for name, node in (("write_readme", write_readme), ("final_run", final_run), ("hand_over", hand_over)):
        builder.add_node(name, node)
    builder.add_edge(START, "write_readme")
    builder.add_edge("write_readme", "final_run")
    builder.add_edge("final_run", "hand_over")
    builder.add_edge("hand_over", END)
    return builder.compile()
