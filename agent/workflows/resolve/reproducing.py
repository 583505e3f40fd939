"""The second stage: a test that fails because of the issue, written by the model and really run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from repowright.agent.events import Decision
from repowright.agent.llm import Finished, Tool, run_tools
from repowright.agent.tools import GraphTool
from repowright.agent.workflows.locate.workflow import shortened
from repowright.agent.workflows.resolve.comparing import has_run, told
from repowright.agent.workflows.resolve.reading import in_words, reading_tools
from repowright.agent.workflows.resolve.records import Reproduction
from repowright.agent.workflows.resolve.studio import Studio
from repowright.agent.workflows.resolve.working_copy import WorkingCopy, check_path, steers_tests
from repowright.executors import TestOutcome, TestReport
from repowright.repo_tools.errors import EditError, SourceError
from repowright.repo_tools.python_source import syntax_error
from repowright.repo_tools.tests import test_functions

TURNS = 12
REPLY_TOKENS = 8_000
EXAMPLES = 6
"""Test files named as examples of how this repository writes tests."""


class TryTest(BaseModel):
    """What `try_test` takes."""

    path: str = Field(description="path of a new test file, such as tests/test_issue_rounding.py")
    code: str = Field(description="the whole file")


class Reproduced(BaseModel):
    """What `reproduced` takes."""

    reason: str = Field(description="why this failure is the one the issue reports, in a sentence or two")


class GiveUp(BaseModel):
    """What `cannot_reproduce` takes."""

    reason: str = Field(description="why no test can show the issue here")


@dataclass
class TestDesk:
    """The test under work and how its last run ended."""

    __test__ = False

    studio: Studio
    last: Reproduction | None = None

    async def try_test(self, arguments: TryTest) -> str:
        """Run a test on the repository as it is."""
        self.last = None
        check_new_test(arguments.path, arguments.code, self.studio)
        report = await self._run(arguments)
        said = told(report)
        failing = [each.test for each in report.results if each.outcome is TestOutcome.FAILED]
        if _unusable(report):
            return f"the test itself cannot be run, which shows nothing of the issue:\n\n{said}"
        if not failing:
            return f"it passes, so it does not show the issue:\n\n{said}"
        self.last = Reproduction(path=arguments.path, code=_ended(arguments.code), failing=tuple(failing), failure=said)
        return f"{said}\n\nIf this is the failure that the issue reports, call reproduced; else mend the test."

    async def accept(self, arguments: Reproduced) -> str:
        """End the work with the test that was run last.

        Raises
        ------
        Finished
            With the reproduction.
        """
        if self.last is None:
            return "not taken: no test has failed as it should in the last run; call try_test"
        raise Finished(self.last.model_copy(update={"reason": arguments.reason}))

    async def give_up(self, arguments: GiveUp) -> str:
        """End the work without a test.

        Raises
        ------
        Finished
            With the reason.
        """
        raise Finished(Reproduction(reason=arguments.reason or "the model gives no reason"))

    async def _run(self, arguments: TryTest) -> TestReport:
        tree = {**self.studio.atlas.tree.files, arguments.path: _ended(arguments.code).encode()}
        return await self.studio.bench.run(tree, [arguments.path], purpose="reproduction", subject=arguments.path)


async def reproduce(studio: Studio, files: Sequence[str], functions: Sequence[str]) -> Reproduction:
    """Return a test that fails because of the issue, or the reason why there is none.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    if studio.untestable:
        return Reproduction(reason=studio.untestable)
    atlas, desk = studio.atlas, TestDesk(studio)
    holes: dict[str, object] = {
        "turns": TURNS,
        "environment": environment_of(studio),
        "repository": atlas.tree.name,
        "issue": shortened(studio.subject.issue),
        "functions": "\n".join(f"- {name}" for name in functions),
        "tests": "\n".join(f"- {path}" for path in atlas.test_files(files, EXAMPLES)) or "- (none)",
    }
    tools = {**reading_tools(atlas, WorkingCopy(atlas.tree)), **_tools(desk)}
    done = await run_tools(studio.gateway, studio.request("reproduce", holes, REPLY_TOKENS), tools, TURNS)
    found = done.result if isinstance(done.result, Reproduction) else None
    if found is None:
        found = Reproduction(reason=f"the model handed in no test (ended by: {done.ended})")
    _tell(studio, found)
    return found


def environment_of(studio: Studio) -> str:
    """Return what tests can import, for a model."""
    if studio.subject.lock:
        return "The packages of the repository's lock are installed, and pytest."
    return "Only the standard library and pytest are installed: a test that imports another package cannot run."


def check_new_test(path: str, code: str, studio: Studio) -> None:
    """Check a test before it is run.

    Raises
    ------
    EditError
        If it is no new test file, does not parse, or has no tests.
    """
    check_path(path)
    name = path.rpartition("/")[2]
    if steers_tests(path) or not (name.startswith("test") and name.endswith(".py")):
        raise EditError(f"{path} is no test file that pytest finds", "name it test_<what>.py")
    if path in studio.atlas.tree.files:
        raise EditError(f"{path} is there already", "write a new file")
    problem = syntax_error(code)
    if problem:
        raise EditError(f"the test does not parse: {problem}")
    try:
        tests = test_functions(code)
    except SourceError as error:
        raise EditError(f"the test does not parse: {error.message}") from error
    if not tests:
        raise EditError("the file has no test function", "write def test_<what>()")


def _tools(desk: TestDesk) -> dict[str, Tool]:
    return {
        "try_test": GraphTool(
            "try_test", "Run a new test file on the code as it is.", TryTest, in_words(desk.try_test)
        ),
        "reproduced": GraphTool("reproduced", "Hand in the test that was run last.", Reproduced, desk.accept),
        "cannot_reproduce": GraphTool("cannot_reproduce", "End without a test.", GiveUp, desk.give_up),
    }


def _unusable(report: TestReport) -> bool:
    return not has_run(report) or any(each.outcome is TestOutcome.ERROR for each in report.results)


def _tell(studio: Studio, found: Reproduction) -> None:
    what = f"{found.path} fails as the issue says" if found.path else "no test shows the issue"
    studio.emit(
        Decision(
            stage="reproduce",
            subject=found.path or "the issue",
            what=what,
            why=found.reason,
            evidence=list(found.failing),
        )
    )


def _ended(code: str) -> str:
    return code if code.endswith("\n") else f"{code}\n"
