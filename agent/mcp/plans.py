"""The tools that read the plan of a run: check it without a model, and show it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from repowright.agent.errors import AgentError, PlanError
from repowright.agent.manifest import Status
from repowright.agent.mcp.answers import Answer, Desk
from repowright.agent.run import Run
from repowright.agent.runs import find_run, runs_root
from repowright.graph.errors import GraphError
from repowright.graph.lint import ENCODED, STAGES, Finding, lint, stage_of
from repowright.graph.model import RPG
from repowright.graph.render import tree
from repowright.graph.serial import load

RunName = Annotated[str, Field(description="the id of a run, the start of one, or last")]


@dataclass(frozen=True, slots=True)
class PlanFindings:
    """What is wrong with a plan; without errors it can be built."""

    run: str
    stage: str
    errors: int
    warnings: int
    findings: tuple[Finding, ...]

    def text(self) -> str:
        """Return the findings, one a line, and how many there are."""
        lines = [str(finding) for finding in self.findings]
        return "\n".join([*lines, f"{self.errors} errors, {self.warnings} warnings after the stage {self.stage}"])


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A run and how far its plan has come; the plan itself is in the words."""

    run: str
    title: str
    status: Status
    stage: str
    nodes: int


class Plans:
    """Tools on the runs of the user who started the server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def plan_check(
        self,
        run: RunName = "last",
        stage: Annotated[
            str, Field(description=f"check as after this stage: {', '.join([*STAGES, ENCODED])}; empty for where it is")
        ] = "",
    ) -> Annotated[CallToolResult, Answer[PlanFindings]]:
        """Check the plan of a run without a model and list what is wrong with it."""

        def act() -> CallToolResult:
            found = _checked(run, stage)
            return self._desk.told(found, found.text())

        return await _acted(act)

    async def plan_show(self, run: RunName = "last") -> Annotated[CallToolResult, Answer[PlanFacts]]:
        """Show the plan of a run: areas, features, files and definitions as a tree."""

        def act() -> CallToolResult:
            opened, rpg = _opened(run)
            manifest = opened.manifest
            facts = PlanFacts(opened.id, manifest.title, opened.status, stage_of(rpg), len(rpg))
            return self._desk.told(facts, f"{opened.id}: {manifest.title} ({opened.status})\n{tree(rpg)}")

        return await _acted(act)


async def _acted(act: Callable[[], CallToolResult]) -> CallToolResult:
    try:
        return await anyio.to_thread.run_sync(act)
    except (GraphError, AgentError) as err:
        raise ToolError(str(err)) from err


def _checked(run: str, stage: str) -> PlanFindings:
    if stage and stage not in (*STAGES, ENCODED):
        raise PlanError(f"there is no stage {stage!r}", f"the stages are {', '.join([*STAGES, ENCODED])}")
    opened, rpg = _opened(run)
    after = stage or stage_of(rpg)
    found = tuple(lint(rpg, after))
    errors = sum(finding.severity == "error" for finding in found)
    return PlanFindings(opened.id, after, errors, len(found) - errors, found)


def _opened(name: str) -> tuple[Run, RPG]:
    run = find_run(name, runs_root(os.environ))
    if not run.graph.is_file():
        raise PlanError(f"the run {run.id} has no graph yet", "see repowright runs show")
    return run, load(run.graph)
