"""Mending what was blamed: code with graph-guided tools, tests and plan by a new text (ZeroRepo, section 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from repowright.agent.llm import run_tools
from repowright.agent.tools import Desk, editing_tools, lookup_tools
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.asking import CODE_TOKENS, ask_code, request
from repowright.agent.workflows.generate.code.attribution import Verdict
from repowright.agent.workflows.generate.code.writing import (
    code_problems,
    failure_text,
    gate,
    test_problems,
    unit_holes,
)
from repowright.agent.workflows.generate.interface_checks import import_problems
from repowright.agent.workflows.generate.plan import Plan, UnitRecord
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import TestReport
from repowright.repo_tools import outline, python_source, unit_parts

TURNS = 8
"""How many times the model may answer in one repair."""

RunTests = Callable[[str], Awaitable[TestReport]]
"""Runs what must pass over the unit's code as it stands."""


@dataclass(frozen=True)
class Mended:
    """The code a repair ended with and what the tests said of it last."""

    code: str
    report: TestReport


async def repair_code(
    plan: Plan,
    record: UnitRecord,
    report: TestReport,
    verdict: Verdict,
    studio: Studio,
    *,
    attempt: int,
    run: RunTests,
    tests: str = "",
) -> Mended:
    """Let the model look things up and edit one unit until its tests pass or its turns are used up."""
    desk = Desk(record.code, lambda code: code_problems(plan, record, code), run, failure_text, report)
    asked = request(
        "generate/repair_code",
        {
            **unit_holes(plan, record, studio),
            "code": record.code.strip(),
            "tests": (tests or record.tests).strip(),
            "failures": failure_text(report),
            "reasons": _listed(verdict),
            "attempt": attempt,
            "attempts": studio.settings.unit_repairs,
        },
        subject=record.name,
        max_tokens=CODE_TOKENS,
        sample=attempt,
    )
    tools = {tool.spec.name: tool for tool in [*lookup_tools(plan.rpg, _source_of(plan, studio)), *editing_tools(desk)]}
    await run_tools(studio.gateway, asked, tools, TURNS)
    if desk.code != desk.tested:
        await desk.test()
    # An edit that cannot go into its file was never tested: what was tested last is what the repair ended with.
    return Mended(desk.tested, desk.report)


def _source_of(plan: Plan, studio: Studio) -> Callable[[str], str]:
    """Return how a tool reads a unit's source: its code where it is written, its skeleton where not."""

    def source(unit_id: str) -> str:
        address = plan.units.get(unit_id)
        record = studio.library.get(address) if address else None
        return (record.code or record.skeleton) if record else ""

    return source


async def repair_tests(
    plan: Plan,
    record: UnitRecord,
    report: TestReport,
    verdict: Verdict,
    studio: Studio,
    *,
    attempt: int,
    holes: Mapping[str, object] | None = None,
) -> str:
    """Ask for mended tests; they pass the stub gate like all others. Empty if none is usable.

    Parameters
    ----------
    holes
        What stands in for the unit's usual slice of the plan.
    """
    source = await ask_code(
        studio,
        "generate/repair_tests",
        {
            **(holes or unit_holes(plan, record, studio)),
            "tests": record.tests.strip(),
            "failures": failure_text(report),
            "reasons": _listed(verdict),
        },
        subject=record.name,
        sample=attempt,
        check=lambda text: test_problems(plan, text),
    )
    kept, _ = await gate(plan, record, source, studio)
    return kept


async def revise_skeleton(
    plan: Plan, record: UnitRecord, report: TestReport, verdict: Verdict, studio: Studio, *, attempt: int
) -> str:
    """Ask for a unit's new specification; its name, kind and what it may import stay."""
    return await ask_code(
        studio,
        "generate/revise_plan",
        {
            **unit_holes(plan, record, studio),
            "spec": studio.spec,
            "failures": failure_text(report),
            "reasons": _listed(verdict),
        },
        subject=record.name,
        sample=attempt,
        check=lambda text: _skeleton_problems(plan, record, text),
    )


def _skeleton_problems(plan: Plan, record: UnitRecord, text: str) -> list[str]:
    broken = python_source.syntax_error(text)
    if broken:
        return [f"the skeleton does not parse: {broken}"]
    problems = unit_parts.unit_problems(text, record.name)
    if problems:
        return problems
    if not outline.docstring_of(text, record.name):
        problems.append("the docstring, which is the specification, is missing")
    return problems + import_problems(plan, record.path, record.name, text)


def _listed(verdict: Verdict) -> str:
    return "\n".join(f"- {reason}" for reason in verdict.reasons) or describe.NOTHING
