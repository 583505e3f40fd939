"""The third stage: a model changes a copy of the repository, with exact edits and real test runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from repowright.agent.llm import Finished, Tool, run_tools
from repowright.agent.tools import GraphTool
from repowright.agent.workflows.locate.workflow import shortened
from repowright.agent.workflows.resolve.affected import Selection, affected_tests
from repowright.agent.workflows.resolve.comparing import told
from repowright.agent.workflows.resolve.reading import in_words, reading_tools
from repowright.agent.workflows.resolve.records import Change, Comparison, Reproduction, Suspect
from repowright.agent.workflows.resolve.reproducing import environment_of
from repowright.agent.workflows.resolve.studio import Studio
from repowright.agent.workflows.resolve.working_copy import WorkingCopy
from repowright.executors import TestReport
from repowright.graph.fetch import fetch

TURNS = 24
REPLY_TOKENS = 8_000
REFUSALS = 2
"""How often a change whose test still fails is given back."""

SHOWN = 3
"""Functions whose code the model gets at once."""

_MOST_CODE = 12_000
_TESTS = 60


class Replace(BaseModel):
    """What `replace` takes."""

    path: str = Field(description="a file's path")
    old: str = Field(description="text that stands exactly once in the file, copied exactly, without line numbers")
    new: str = Field(description="what takes its place")


class Create(BaseModel):
    """What `create` takes."""

    path: str = Field(description="path of a new file")
    content: str = Field(description="the whole file")


class ShowDiff(BaseModel):
    """What `diff` takes."""


class RunTests(BaseModel):
    """What `run_tests` takes."""

    tests: list[str] = Field(
        default_factory=list,
        description="test files, or tests as path::Class::name; empty for the test of the issue and the affected tests",
    )


class HandIn(BaseModel):
    """What `hand_in` takes."""

    wrong: str = Field(description="what was wrong, and where: the cause, in one to three sentences")
    change: str = Field(description="what the change does about it, in one to three sentences")


@dataclass
class EditDesk:
    """The copy under work."""

    studio: Studio
    copy: WorkingCopy
    reproduction: Reproduction
    refused: int = field(default=0)

    async def replace(self, arguments: Replace) -> str:
        """Replace text in a file."""
        return self.copy.replace(arguments.path, arguments.old, arguments.new) or "nothing differs"

    async def create(self, arguments: Create) -> str:
        """Make a new file."""
        return self.copy.create(arguments.path, arguments.content) or "made, empty"

    async def diff(self, arguments: ShowDiff) -> str:
        """Show all changes."""
        return self.copy.diff() or "nothing is changed yet"

    async def run_tests(self, arguments: RunTests) -> str:
        """Run tests on the copy as it is."""
        if self.studio.untestable:
            return f"no tests can be run: {self.studio.untestable}"
        unknown = [test for test in arguments.tests if not self._is_there(test.partition("::")[0])]
        if unknown:
            return f"error: there is no test file {unknown[0].partition('::')[0]}; give its path in the repository"
        chosen = arguments.tests[:_TESTS] or [*self._own_test(), *self._affected().tests]
        if not chosen:
            return "nothing to run: no test shows the issue, and the graph knows no test that reaches the change"
        return told(await self._run(chosen))

    async def hand_in(self, arguments: HandIn) -> str:
        """End the work with the copy as it is.

        Raises
        ------
        Finished
            With the change.
        """
        problems = await self._problems()
        if problems and self.refused < REFUSALS:
            self.refused += 1
            return f"not taken; mend this, or hand in again if it cannot be mended:\n\n{problems}"
        raise Finished(self.change(arguments.wrong, arguments.change, finished=True))

    def change(self, wrong: str = "", said: str = "", *, finished: bool = False) -> Change:
        """Return the copy as a record."""
        return Change(files=dict(sorted(self.copy.changed.items())), wrong=wrong, change=said, finished=finished)

    async def _problems(self) -> str:
        if not self.copy.changed:
            return "nothing is changed"
        broken = self.copy.problems()
        if broken:
            return "\n".join(broken)
        if not self.reproduction.path:
            return ""
        report = await self._run(self._own_test())
        return "" if report.passed else f"the test of the issue does not pass:\n\n{told(report)}"

    async def _run(self, chosen: Sequence[str]) -> TestReport:
        beside = {self.reproduction.path: self.reproduction.code} if self.reproduction.path else {}
        files = self.copy.files(beside)
        return await self.studio.bench.run(files, chosen, purpose="tests of the copy", subject="the copy")

    def _is_there(self, path: str) -> bool:
        return path == self.reproduction.path != "" or self.copy.text(path) is not None

    def _own_test(self) -> list[str]:
        return [self.reproduction.path] if self.reproduction.path else []

    def _affected(self) -> Selection:
        return affected_tests(self.studio.atlas, self.copy.changed_lines())


async def edit(
    studio: Studio,
    suspects: Sequence[Suspect],
    reproduction: Reproduction,
    before: Change,
    comparison: Comparison | None,
) -> Change:
    """Return what the model made of the copy; what it had come to where it never handed in.

    Parameters
    ----------
    before, comparison
        The change of an earlier round, and what its tests said.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    kept = studio.atlas.tests | ({reproduction.path} if reproduction.path else frozenset())
    desk = EditDesk(studio, WorkingCopy(studio.atlas.tree, kept, before.files), reproduction)
    holes: dict[str, object] = {
        "turns": TURNS,
        "environment": environment_of(studio) if not studio.untestable else f"No tests can be run: {studio.untestable}",
        "repository": studio.atlas.tree.name,
        "issue": shortened(studio.subject.issue),
        "suspects": suspect_lines(suspects),
        "code": code_of(studio, suspects),
        "test": reproduction.code,
        "path": reproduction.path,
        "failure": reproduction.failure,
        "diff": desk.copy.diff(),
        "broken": comparison.failures if comparison is not None else "",
    }
    tools = {**reading_tools(studio.atlas, desk.copy), **_tools(desk)}
    done = await run_tools(studio.gateway, studio.request("edit", holes, REPLY_TOKENS), tools, TURNS)
    return done.result if isinstance(done.result, Change) else desk.change(before.wrong, before.change)


def suspect_lines(suspects: Sequence[Suspect]) -> str:
    """Return the suspects for a model, the likeliest first."""
    return "\n".join(f"- {each.entity}" + (f": {each.reason}" if each.reason else "") for each in suspects)


def code_of(studio: Studio, suspects: Sequence[Suspect]) -> str:
    """Return the code of the likeliest functions, bounded."""
    named = [each.entity for each in suspects[:SHOWN]]
    found = fetch(studio.atlas.rpg, named, [], sources=studio.atlas.sources, references=studio.atlas.references)
    text = found.text(problems=False)
    return text if len(text) <= _MOST_CODE else f"{text[:_MOST_CODE]}\n[... cut; fetch or read the rest ...]"


def _tools(desk: EditDesk) -> dict[str, Tool]:
    tools: list[Tool] = [
        GraphTool("replace", "Replace text in a file; shows the change as a diff.", Replace, in_words(desk.replace)),
        GraphTool("create", "Make a new file.", Create, in_words(desk.create)),
        GraphTool("diff", "Show all changes so far.", ShowDiff, desk.diff),
        GraphTool("run_tests", "Run tests on the copy in the sandbox.", RunTests, desk.run_tests),
        GraphTool("hand_in", "Hand in the copy as it is now, with what was wrong.", HandIn, desk.hand_in),
    ]
    return {tool.spec.name: tool for tool in tools}
