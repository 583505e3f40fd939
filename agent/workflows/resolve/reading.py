"""The tool that reads a file as it stands now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, Field

from repowright.agent.graph_tools import graph_tools
from repowright.agent.llm import Tool
from repowright.agent.tools import GraphTool
from repowright.agent.workflows.resolve.atlas import Atlas
from repowright.agent.workflows.resolve.working_copy import WorkingCopy
from repowright.graph.sources import lines_of, numbered
from repowright.repo_tools.errors import RepoToolsError

MOST_LINES = 300

A = TypeVar("A", bound=BaseModel)


class Read(BaseModel):
    """What `read` takes."""

    path: str = Field(description="a file's path")
    first: int = Field(default=1, ge=1, description="first line")
    last: int = Field(default=0, ge=0, description=f"last line; 0 for {MOST_LINES} lines")


def reading_tools(atlas: Atlas, copy: WorkingCopy) -> dict[str, Tool]:
    """Return search, fetch and explore over the repository as it was, and read over the copy as it is."""

    async def read(arguments: Read) -> str:
        text = copy.text(arguments.path)
        if text is None:
            near = [node.path for node in atlas.references.files(arguments.path)]
            hint = f"; there is {', '.join(near[:3])}" if near else ""
            return f"error: there is no text file {arguments.path}{hint}"
        lines = lines_of(text)
        first = min(arguments.first, max(len(lines), 1))
        last = min(arguments.last or first + MOST_LINES - 1, first + MOST_LINES - 1, len(lines))
        more = f"\n({len(lines)} lines in all)" if last < len(lines) or first > 1 else ""
        return (numbered(lines[first - 1 : last], first) or "(the file is empty)") + more

    described = "Read lines of a file as it stands now, your edits included."
    tools: dict[str, Tool] = {tool.spec.name: tool for tool in graph_tools(atlas.rpg, atlas.sources)}
    tools["read"] = GraphTool("read", described, Read, read)
    return tools


def in_words(act: Callable[[A], Awaitable[str]]) -> Callable[[A], Awaitable[str]]:
    """Turn an error of an edit into words for the model, who can then do better."""

    async def acted(arguments: A) -> str:
        try:
            return await act(arguments)
        except RepoToolsError as error:
            return f"error: {error}"

    return acted
