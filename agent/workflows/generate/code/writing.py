"""Asking for a unit's tests and code, and what each must satisfy before a sandbox is started."""

from __future__ import annotations

from repowright.agent.events import TestsRejected
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.asking import ask_code
from repowright.agent.workflows.generate.code.workspace import (
    files_under_test,
    path_of_tests,
)
from repowright.agent.workflows.generate.interface_checks import import_problems
from repowright.agent.workflows.generate.plan import Plan, UnitRecord
from repowright.agent.workflows.generate.studio import Studio
from repowright.executors import Ended, TestOutcome, TestReport
from repowright.graph import context
from repowright.repo_tools import python_source, tests, unit_parts

TEST_ROUNDS = 3
"""How often tests are asked for before a unit is given up as untestable."""


class NoUsableTests(Exception):
    """No test that fails on the stub came in the rounds there are."""


def unit_holes(plan: Plan, record: UnitRecord, studio: Studio) -> dict[str, object]:
    """Return the slice of the plan that every prompt about a unit is filled from."""
    return {
        "unit": record.name,
        "path": record.path,
        "import_line": describe.import_line(record.path, record.name),
        "skeleton": record.skeleton.strip(),
        "features": describe.unit_features(plan, record.id),
        "base_types": describe.base_types(plan, studio.library),
        "dependencies": describe.interfaces(plan, studio.library, describe.direct_dependencies(plan, record.id)),
        "dependents": describe.signatures(plan, describe.direct_dependents(plan, record.id)),
    }


def with_neighbours(plan: Plan, record: UnitRecord, studio: Studio) -> dict[str, object]:
    """Return a unit's slice with the other units of its file among what it builds on.

    A specification may lean on its neighbour's words ("the layout that the writer describes"); who judges the
    tests of such a unit must see both.
    """
    beside = [node.id for node in context.siblings(plan.rpg, record.id)]
    below = describe.direct_dependencies(plan, record.id)
    shown = describe.interfaces(plan, studio.library, plan.in_order([*below, *beside]))
    return unit_holes(plan, record, studio) | {"dependencies": shown}


def code_problems(plan: Plan, record: UnitRecord, code: str) -> list[str]:
    """Return why a unit's code cannot go into its file."""
    broken = python_source.syntax_error(code)
    if broken:
        return [f"the code does not parse: {broken}"]
    problems = unit_parts.unit_problems(code, record.name)
    if problems:
        return problems
    problems = python_source.signature_problems(record.skeleton, code, record.name)
    siblings = [node.name for node in plan.file_units(plan.file_of(record.id).id)]
    for problem in python_source.undefined_names(code):
        if not any(f"'{sibling}'" in problem for sibling in siblings):
            problems.append(problem)
    problems += import_problems(plan, record.path, record.name, code)
    problems += _undeclared(plan, record, code)
    return problems


def _undeclared(plan: Plan, record: UnitRecord, code: str) -> list[str]:
    """Return uses of units the plan does not let this one stand on: their code may not be there yet."""
    from repowright.agent.workflows.generate.interface_checks import used_units

    allowed = plan.closure([record.id])
    problems = []
    for path, name in sorted(used_units(plan, record.path, record.name, code)):
        target = plan.rpg.find(path, name)
        if target is not None and target.id in plan.units and target.id not in allowed:
            problems.append(f"{record.name} uses {name} of {path}; the plan does not list it among what it builds on")
    return problems


def test_problems(plan: Plan, source: str) -> list[str]:
    """Return why a test module cannot be run as it is."""
    broken = python_source.syntax_error(source)
    if broken:
        return [f"the tests do not parse: {broken}"]
    problems = tests.test_problems(source, (plan.package,))
    return problems + python_source.undefined_names(source)


async def write_code(plan: Plan, record: UnitRecord, studio: Studio) -> str:
    return await ask_code(
        studio,
        "generate/code",
        {
            **unit_holes(plan, record, studio),
            "tests": record.tests.strip(),
        },
        subject=record.name,
        check=lambda code: code_problems(plan, record, code),
    )


async def write_tests(plan: Plan, record: UnitRecord, studio: Studio) -> str:
    """Ask for a unit's tests and keep those that fail on its stub.

    Raises
    ------
    NoUsableTests
        If no round brings one.
    """
    problems = ""
    for number in range(TEST_ROUNDS):
        source = await ask_code(
            studio,
            "generate/tests",
            {
                **unit_holes(plan, record, studio),
                "problems": problems,
            },
            subject=record.name,
            sample=number,
            check=lambda text: test_problems(plan, text),
        )
        kept, problems = await gate(plan, record, source, studio)
        if kept:
            return kept
    raise NoUsableTests(problems)


async def gate(plan: Plan, record: UnitRecord, source: str, studio: Studio) -> tuple[str, str]:
    """Run tests against the stub of their unit; return those that fail there, or why none is usable."""
    path = path_of_tests(plan, record.id)
    files = files_under_test(plan, studio.library, record.id, source, stubbed=True)
    report = await studio.bench.run(files, [path], purpose="stub gate", subject=record.name)
    if report.ended is not Ended.EXITED:
        return "", f"The tests did not end on an unimplemented unit: stopped by the limit on {report.ended}."
    if not report.results or _not_collected(report, path):
        return "", f"The tests cannot be collected:\n{failure_text(report)}"
    passing = sorted({function_name(result.test) for result in report.results if result.outcome is TestOutcome.PASSED})
    return reject(record, source, passing, studio)


def reject(record: UnitRecord, source: str, passing: list[str], studio: Studio) -> tuple[str, str]:
    """Take tests that pass on a stub out of a module: they cannot tell right code from none."""
    if not passing:
        return source, ""
    reason = "passes although the unit is not implemented"
    studio.emit(TestsRejected(unit=record.id, name=record.name, tests=passing, reason=reason))
    kept = tests.without_tests(source, passing)
    if tests.test_functions(kept):
        return kept, ""
    return "", "Every test passes on an unimplemented unit: " + ", ".join(passing)


def _not_collected(report: TestReport, path: str) -> bool:
    return any(result.outcome is TestOutcome.ERROR and result.test == path for result in report.results)


def function_name(test: str) -> str:
    """Return a test's name in its module: ``t.py::TestA::test_b[x]`` is ``TestA::test_b``."""
    return test.partition("::")[2].partition("[")[0]


def failure_text(report: TestReport, most: int = 6, width: int = 2500) -> str:
    """Return what happened as a prompt shows it: each failing test, its traceback, and what ended the run."""
    parts = []
    if report.ended is not Ended.EXITED:
        parts.append(f"The run was stopped: it passed the limit on {report.ended}.")
    parts.extend(f"Denied by the sandbox: {note}" for note in report.notes)
    failing = [result for result in report.results if result.outcome in (TestOutcome.FAILED, TestOutcome.ERROR)]
    for result in failing[:most]:
        parts.append(f"{result.outcome} {result.test}: {result.message}\n{result.detail[:width]}".rstrip())
    if len(failing) > most:
        parts.append(f"and {len(failing) - most} more")
    if not failing and not report.passed:
        parts.append(report.output[-width:])
    return "\n\n".join(parts)
