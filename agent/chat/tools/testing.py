"""Running the project's tests: those that changes may reach, chosen by the graph, or any others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.events import TestsReport
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.chat.wishes import Wish
from repowright.agent.chat.workbox import LIMITS
from repowright.agent.errors import UserError
from repowright.executors import (
    Ended,
    TestOutcome,
    TestReport,
    TestRequest,
    detect_frameworks,
    framework_named,
    run_tests,
)
from repowright.graph.errors import GraphError
from repowright.graph.impact import impact
from repowright.graph.model import RPG

MOST_TOLD = 8
"""Failures whose details the model is given."""

_DETAIL = 2_500
_COLLECTED = re.compile(r"(.*/)?(test_[^/]*|[^/]*_test)\.py")
_WRONG = (TestOutcome.FAILED, TestOutcome.ERROR)


class RunTests(BaseModel):
    """What ``run_tests`` takes."""

    which: Literal["affected", "all"] = Field(
        default="affected", description="affected: those that may notice what changed since the last commit"
    )
    targets: list[str] = Field(default_factory=list, description="test files or ids to run instead")


def testing_tools() -> list[ChatTool]:
    """Return the tool that runs tests."""
    about = "Run tests in a sandbox over the project as it is now, and say which fail and why."
    return [acting("run_tests", about, RunTests, _run_tests, _subject)]


def _subject(asked: RunTests) -> str:
    return " ".join(asked.targets) or asked.which


async def _run_tests(asked: RunTests, site: Site) -> Told:
    told = site.known("tests")
    if told is not None:
        return Told.model_validate_json(told)
    desk = site.desk
    chosen: Literal["affected", "named", "all"] = "named" if asked.targets else asked.which
    targets = list(asked.targets)
    if chosen == "affected":
        targets = await affected_tests(site)
        if not targets:
            return Told(text="no test depends on what changed, as far as the graph knows; run which=all, or name some")
    wanted = Call("run_tests", "run", subject=" ".join(targets) or "all")
    title = f"run tests: {wanted.subject[:160]}"
    await site.permit(Wish(site.call, wanted, title, "\n".join(targets) or "all tests"))
    site.progress(f"running {len(targets) or 'all'} test targets")
    files = await asyncio.to_thread(desk.workspace.files)
    report = await asyncio.to_thread(_run, site, files, targets)
    desk.emit(_event(report, site.call, chosen, targets))
    result = Told(text=told_of(report), failed=not report.passed)
    site.keep("tests", result.model_dump_json())
    return result


async def affected_tests(site: Site) -> list[str]:
    """Return the test files that depend on what changed since the last commit, or by the agent."""
    desk = site.desk
    changed = sorted({*desk.git.changed(), *desk.paths_changed()})
    if not changed:
        raise UserError("nothing changed since the last commit", "name the tests, or run which=all")
    rpg = await desk.graph.fresh()
    found = {path for each in changed for path in _tests_of(rpg, each)}
    there = sorted(path for path in found if (desk.root / path).is_file())
    # A base class of tests in a file of another name is a test to the graph, and nothing to pytest. A project whose
    # tests all have other names has said so to pytest itself.
    return [path for path in there if _COLLECTED.fullmatch(path) or not path.endswith(".py")] or there


def _tests_of(rpg: RPG, path: str) -> set[str]:
    node = rpg.find(path)
    if node is None:
        return set()
    try:
        reached = impact(rpg, path, depth=4, limit=2_000)
    except GraphError:
        return set()
    own = {path} if any(card.is_test for card in reached.changed) else set()
    return own | {each.card.label.partition(":")[0] for each in reached.tests}


def _run(site: Site, files: Mapping[str, bytes], targets: Sequence[str]) -> TestReport:
    found = detect_frameworks(files)
    if not found:
        raise UserError("the project declares no test framework that is known", "run its tests with shell")
    first = found[0]
    inside = f"{first.folder}/" if first.folder else ""
    tree = {path.removeprefix(inside): data for path, data in files.items() if path.startswith(inside)}
    select = tuple(target.removeprefix(inside) for target in targets)
    return run_tests(site.desk.box.sandbox, tree, framework_named(first.name), TestRequest(select), LIMITS)


def _event(
    report: TestReport, call: str, chosen: Literal["affected", "named", "all"], targets: list[str]
) -> TestsReport:
    return TestsReport(
        call=call,
        chosen=chosen,
        targets=targets,
        passed=report.count(TestOutcome.PASSED),
        failed=report.count(TestOutcome.FAILED),
        errors=report.count(TestOutcome.ERROR),
        skipped=report.count(TestOutcome.SKIPPED),
        seconds=report.duration_s,
        failing=[result.test for result in report.results if result.outcome in _WRONG],
    )


def told_of(report: TestReport) -> str:
    """Return a report for the model: counts, then what is wrong, in a few thousand characters."""
    counts = ", ".join(f"{report.count(each)} {each.value}" for each in TestOutcome if report.count(each))
    lines = [counts or "no test ran"]
    if report.ended is not Ended.EXITED:
        lines.append(f"the run was ended: {report.ended}")
    wrong = [result for result in report.results if result.outcome in _WRONG]
    for result in wrong[:MOST_TOLD]:
        said = result.message if result.message not in result.detail else ""
        lines += ["", f"{result.outcome.value}: {result.test}", *filter(None, [said, result.detail[-_DETAIL:]])]
    if len(wrong) > MOST_TOLD:
        lines += ["", *(f"{result.outcome.value}: {result.test}" for result in wrong[MOST_TOLD:])]
    if not report.results:
        lines += ["", report.output[-_DETAIL:]]
    return "\n".join([*lines, *report.notes])
