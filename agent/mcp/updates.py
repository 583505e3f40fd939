"""The tools that make the graph and follow the repository: encode, evolve."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from repowright.agent.mcp.answers import Answer, Desk
from repowright.agent.mcp.folder_graph import Look
from repowright.graph.diff import GraphDiff, diff
from repowright.graph.encode import UpdateReport, evolve
from repowright.graph.errors import StoreLocked
from repowright.graph.model import RPG
from repowright.repo_tools.git_objects import GitObjects
from repowright.repo_tools.snapshot_revision import RevisionSnapshot

_MOST_ERRORS = 10

Revision = Annotated[str, Field(description="a commit, branch or tag; empty for the files as they lie on the disk")]


class Updates:
    """Tools that work on the stored graph; the files of the repository are never written."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def encode(self, context: Context) -> Annotated[CallToolResult, Answer[UpdateReport]]:
        """Make the graph of the folder or bring it up to date, and say what that took; the other tools do so too."""
        return await self._desk.answer(context, _encoded)

    async def evolve(
        self,
        context: Context,
        since: Annotated[str, Field(description="the commit, branch or tag to compare with")] = "HEAD",
        until: Revision = "",
    ) -> Annotated[CallToolResult, Answer[GraphDiff]]:
        """Say which definitions and dependencies were added, removed, changed or moved since a revision."""

        def act(look: Look) -> tuple[GraphDiff, str]:
            now = _at(look, until) if until else look.rpg
            found = diff(_at(look, since), now)
            return found, found.text()

        return await self._desk.answer(context, act)


def _encoded(look: Look) -> tuple[UpdateReport, str]:
    if look.report is None:
        raise StoreLocked(f"another process encodes {look.folder}", "ask again when it is done")
    return look.report, f"{look.store_path}\n{_summary(look.report)}"


def _summary(report: UpdateReport) -> str:
    lines = [
        f"{report.files:,} files, {report.nodes:,} nodes, {report.edges:,} edges",
        f"{report.read:,} files read, {report.parsed:,} parsed, {report.removed:,} removed",
        f"{report.others:,} files are no source",
        f"nodes +{report.nodes_added:,} -{report.nodes_removed:,} ~{report.nodes_changed:,}, "
        f"edges +{report.edges_added:,} -{report.edges_removed:,} ~{report.edges_changed:,}",
    ]
    lines += [f"{path}: {problem}" for path, problem in (*report.errors, *report.unfit)[:_MOST_ERRORS]]
    left = len(report.errors) + len(report.unfit) - _MOST_ERRORS
    return "\n".join(lines + ([f"and {left:,} more files with problems"] if left > 0 else []))


def _at(look: Look, revision: str) -> RPG:
    """Return the graph of a revision, evolved from a copy of the stored one so that little is parsed anew."""
    objects = GitObjects.find(look.folder)
    commit = objects.commit(revision)
    with tempfile.TemporaryDirectory(prefix="repowright-") as folder:
        copy = Path(folder) / look.store_path.name
        shutil.copyfile(look.store_path, copy)
        with RevisionSnapshot(objects, commit, look.snapshot.name) as snapshot:
            return evolve(copy, snapshot).graph()
