"""Areas working together: tests for each area through its public interfaces, then what they bring to light.

Tests are written side by side; they are run, and the code they blame is mended, area after area, because
areas share units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from repowright.agent.errors import ModelRefused, ReplyInvalid
from repowright.agent.events import Decision, StageProgress, TestsRejected, UnitEnd
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.asking import ask_code
from repowright.agent.workflows.generate.code.attribution import Case, Verdict, attribute
from repowright.agent.workflows.generate.code.commits import append
from repowright.agent.workflows.generate.code.merge import mend_shared
from repowright.agent.workflows.generate.code.workspace import (
    file_source,
    imported_units,
    integration_path,
    package_files,
)
from repowright.agent.workflows.generate.code.writing import failure_text, function_name, test_problems
from repowright.agent.workflows.generate.delivery_files import entry_point
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.state import FanState, Subject
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import Ended, TestOutcome, TestReport
from repowright.graph.kinds import NodeKind
from repowright.graph.records import Node
from repowright.repo_tools import tests
from repowright.repo_tools.history import CommitSpec

TEST_ROUNDS = 2
INTEGRATED = 1
CODE_SHOWN = 24_000
"""Characters of an area's code that the judges are shown."""


def areas(plan: Plan) -> list[Node]:
    """Return the areas that have units, in tree order."""
    return [area for area in plan.rpg.nodes(NodeKind.AREA) if area_units(plan, area.id)]


def area_units(plan: Plan, area_id: str) -> list[str]:
    return plan.roots(area_id)


async def dispatch(state: FanState) -> FanState:
    return {}


async def write(state: Subject, runtime: Runtime[Studio]) -> FanState:
    """Write one area's tests and keep those that fail while the area is stubs."""
    studio = runtime.context
    plan = studio.load(state["plan"])
    area = plan.rpg.node(state["subject"])
    try:
        source = await _tests_of(plan, area, studio)
    except (ModelRefused, ReplyInvalid) as error:
        source = ""
        why = str(error)
        studio.emit(Decision(stage="integration", subject=area.name, what="no integration tests", why=why))
    except Exception as error:
        if not studio.halts(error):
            raise
        return {}
    return {"built": {area.id: studio.store.put(source.encode())}}


async def _tests_of(plan: Plan, area: Node, studio: Studio) -> str:
    problems = ""
    units = area_units(plan, area.id)
    below = sorted(plan.closure(units).difference(units))
    entry = entry_point(plan)
    holds_entry = entry is not None and any(
        node.path.endswith(f"{entry[0].split('.')[-1]}.py") for node in map(plan.rpg.node, units)
    )
    for number in range(TEST_ROUNDS):
        source = await ask_code(
            studio,
            "generate/integration_tests",
            {
                "spec": studio.spec,
                "area": area.name,
                "purpose": area.doc,
                "flows": describe.flows(plan, area.id),
                "units": describe.interfaces(plan, studio.library, units),
                "base_types": describe.base_types(plan, studio.library),
                "dependencies": describe.interfaces(plan, studio.library, below),
                "entry_point": ".".join(entry) if entry and holds_entry else "",
                "problems": problems,
            },
            subject=area.name,
            sample=number,
            check=lambda text: test_problems(plan, text),
        )
        kept, problems = await _gate(plan, area, units, source, studio)
        if kept:
            return kept
    studio.emit(Decision(stage="integration", subject=area.name, what="no integration tests", why=problems))
    return ""


async def _gate(plan: Plan, area: Node, units: list[str], source: str, studio: Studio) -> tuple[str, str]:
    """Run an area's tests with the area stubbed; tests that pass there test something else."""
    path = integration_path(area)
    standing_on = plan.closure([*units, *imported_units(plan, source)])
    files = package_files(plan, studio.library, sorted(standing_on), standing_on.difference(units))
    files |= {path: source.encode()}
    report = await studio.bench.run(files, [path], purpose="stub gate", subject=area.name)
    if report.ended is not Ended.EXITED:
        return "", f"The tests did not end on unimplemented units: stopped by the limit on {report.ended}."
    if not report.results or any(one.outcome is TestOutcome.ERROR and one.test == path for one in report.results):
        return "", f"The tests cannot be collected:\n{failure_text(report)}"
    passing = sorted({function_name(one.test) for one in report.results if one.outcome is TestOutcome.PASSED})
    if not passing:
        return source, ""
    reason = "passes although no unit of the area is implemented"
    studio.emit(TestsRejected(unit=area.id, name=area.name, tests=passing, reason=reason))
    kept = tests.without_tests(source, passing)
    return (kept, "") if tests.test_functions(kept) else ("", "Every test passes on unimplemented units.")


async def join(state: FanState, runtime: Runtime[Studio]) -> FanState:
    """Run each area's tests on the real code, mend what they blame, and commit them."""
    studio = runtime.context
    studio.raise_halt()
    plan = studio.load(state["plan"])
    built = state.get("built", {})
    todo = areas(plan)
    if any(area.id not in built for area in todo):
        return {}
    plan, head = plan.copy(), state["head"]
    for number, area in enumerate(todo, 1):
        source = studio.store.get(built[area.id]).decode()
        if source:
            plan, head = await _settle(plan, area, source, head, studio)
        studio.emit(StageProgress(stage="integration", done=number, total=len(todo)))
    return {"plan": studio.save(plan), "head": head, "built": None, "generation": INTEGRATED}  # type: ignore[typeddict-item]


async def _settle(plan: Plan, area: Node, source: str, head: str, studio: Studio) -> tuple[Plan, str]:
    report = await run_area(plan, area, source, studio)
    attempt, changed = 0, []
    while not report.passed and attempt < studio.settings.unit_repairs:
        attempt += 1
        case = _case(plan, area, source, report, studio)
        verdict = await attribute(plan, case, report, studio, attempt=attempt)
        if verdict.blame == "test":
            source = await _mended_tests(plan, area, case, report, verdict, studio, attempt) or source
        else:
            tests_of_area = {integration_path(area): source}
            plan, fixed = await mend_shared(
                plan,
                verdict.culprit,
                tests_of_area,
                verdict.reasons,
                studio,
                attempt=attempt,
                needed_by=area.id,
            )
            changed += [verdict.culprit] if fixed else []
        report = await run_area(plan, area, source, studio)
    studio.emit(_area_end(area, report, attempt))
    plan = plan.copy()
    plan.integration[area.id] = studio.store.put(source.encode())
    return plan, _commit(plan, area, source, changed, report, head, studio)


def _area_end(area: Node, report: TestReport, attempts: int) -> UnitEnd:
    return UnitEnd(
        unit=area.id,
        name=f"{area.name} (integration)",
        path=integration_path(area),
        state="verified" if report.passed else "failed",
        tests=len(report.results),
        attempts=attempts,
        reason="" if report.passed else failure_text(report, most=3, width=600),
    )


def _case(plan: Plan, area: Node, source: str, report: TestReport, studio: Studio) -> Case:
    units = area_units(plan, area.id)
    below = sorted(plan.closure(units).difference(units))
    code = "\n\n".join(studio.library.get(plan.units[one]).code.strip() for one in units)
    holes = {
        "unit": area.name,
        "skeleton": describe.interfaces(plan, studio.library, units).replace("```python\n", "").replace("```", ""),
        "dependencies": describe.interfaces(plan, studio.library, below),
    }
    suspects = plan.closure(units)
    return Case(area.id, area.name, code[:CODE_SHOWN], source, holes, suspects, _traced(plan, units, suspects, report))


def _traced(plan: Plan, units: list[str], suspects: set[str], report: TestReport) -> str:
    """Return the suspect whose file the first failing traceback ends in; the area's first unit without one."""
    for result in report.results:
        files = re.findall(r"(src/\S+?\.py):\d+", result.detail)
        found = [one for one in sorted(suspects) if files and plan.rpg.node(one).path == files[-1]]
        if found:
            return found[0]
    return units[0]


async def _mended_tests(
    plan: Plan, area: Node, case: Case, report: TestReport, verdict: Verdict, studio: Studio, attempt: int
) -> str:
    """Ask for mended tests; those that pass while the area is stubs are refused as before."""
    source = await ask_code(
        studio,
        "generate/repair_tests",
        {
            **{name: text for name, text in case.holes.items() if name != "unit"},
            "import_line": f"The functional area {area.name}: several units, tested together.",
            "base_types": describe.base_types(plan, studio.library),
            "tests": case.tests.strip(),
            "failures": failure_text(report),
            "reasons": "\n".join(f"- {reason}" for reason in verdict.reasons),
        },
        subject=area.name,
        sample=attempt,
        check=lambda text: test_problems(plan, text),
    )
    kept, _ = await _gate(plan, area, area_units(plan, area.id), source, studio)
    return kept


async def run_area(plan: Plan, area: Node, source: str, studio: Studio) -> TestReport:
    """Run an area's integration tests on the code as it is."""
    units = plan.closure([*area_units(plan, area.id), *imported_units(plan, source)])
    path = integration_path(area)
    files = package_files(plan, studio.library, sorted(units), units) | {path: source.encode()}
    return await studio.bench.run(files, [path], purpose="integration", subject=area.name)


def _commit(
    plan: Plan, area: Node, source: str, changed: Sequence[str], report: TestReport, head: str, studio: Studio
) -> str:
    files: dict[str, bytes | None] = {integration_path(area): source.encode()}
    written = set(plan.units)
    for one in sorted(set(changed)):
        home = plan.file_of(one)
        files[home.path] = file_source(plan, studio.library, home, written, {}).encode()
    mended = ", ".join(sorted(plan.rpg.node(one).name for one in set(changed)))
    body = f"{area.doc}\n\n{f'Mends {mended}. ' if mended else ''}{len(report.results)} integration tests."
    when = studio.epoch + len(plan.units) + len(plan.integration)
    return append(studio, head, [CommitSpec(files, f"Test {area.name} as a whole"[:72], body, when)])


def _dispatch(state: FanState, runtime: Runtime[Studio]) -> Any:
    plan = runtime.context.load(state["plan"])
    if state.get("generation", 0) >= INTEGRATED:
        return END
    todo = [area.id for area in areas(plan) if area.id not in state.get("built", {})]
    return [Send("write", Subject(plan=state["plan"], subject=one, findings=[])) for one in todo] or "join"


async def begin(state: FanState) -> FanState:
    return {"generation": 0}


def subgraph() -> CompiledStateGraph[FanState, Studio, FanState, FanState]:
    """Build the stage's LangGraph subgraph."""
    builder = StateGraph(FanState, context_schema=Studio)
    builder.add_node("begin", begin)
    builder.add_node("dispatch", dispatch)
    builder.add_node("write", write, input_schema=Subject)
    builder.add_node("join", join)
    builder.add_edge(START, "begin")
    builder.add_edge("begin", "dispatch")
    builder.add_conditional_edges("dispatch", _dispatch, ["write", "join", END])
    builder.add_edge("write", "join")
    builder.add_edge("join", "dispatch")
    return builder.compile()
