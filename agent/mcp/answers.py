"""What a tool of the server answers: words for a model, and the same as a typed record for a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio.from_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel

from repowright.agent.errors import AgentError
from repowright.agent.mcp.folder_graph import FolderGraph, Look
from repowright.agent.mcp.shelf import Cut, Shelf
from repowright.graph.encode.pipeline import Progress
from repowright.graph.errors import GraphError
from repowright.repo_tools.errors import RepoToolsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")

MOST_RECORDED = 40_000
"""Characters of a typed record as JSON; a longer one is left out and the words alone remain."""

_TOO_LONG = "the typed record is left out because it is long; read the text"
_EVERY = 200
"""Files between two words on progress."""


class Answer(BaseModel, Generic[R]):
    """The typed half of an answer."""

    found: R | None
    """The record; left out where it would be too long."""
    cut: Cut | None = None
    """Where the words were cut, and how to read on."""
    note: str = ""
    """What to know of the answer."""


class Desk:
    """What every tool works with: the folder's graph and the shelf of long texts."""

    def __init__(self, graph: FolderGraph, shelf: Shelf) -> None:
        self.graph = graph
        self.shelf = shelf

    async def answer(self, context: Context, act: Callable[[Look], tuple[DataclassInstance, str]]) -> CallToolResult:
        """Return what ``act`` finds in the graph; it gives a record and its words.

        Raises
        ------
        ToolError
            With one line that says what was wrong and what to ask instead.
        """

        def acted(look: Look) -> CallToolResult:
            record, words = act(look)
            return self.told(record, words, look.note)

        try:
            return await self.graph.ask(acted, _listener(context))
        except (GraphError, RepoToolsError, AgentError) as err:
            raise ToolError(str(err)) from err

    def told(self, record: DataclassInstance, words: str, note: str = "") -> CallToolResult:
        """Return a record and its words as the result of a tool, both of bounded length."""
        shown, cut = self.shelf.shown(_speakable(words))
        body = _speakable(json.dumps(asdict(record), ensure_ascii=False))
        fits = len(body) <= MOST_RECORDED
        notes = [each for each in (note, "" if fits else _TOO_LONG) if each]
        answer = Answer[object](found=json.loads(body) if fits else None, cut=cut, note="; ".join(notes))
        lines = [shown, *([cut.text()] if cut else []), *([f"note: {note}"] if note else [])]
        content = TextContent(type="text", text="\n".join(lines))
        return CallToolResult(content=[content], structured_content=answer.model_dump(mode="json"))


def _speakable(text: str) -> str:
    """Return a text without what UTF-8 cannot hold, such as names of files in another encoding."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _listener(context: Context) -> Progress:
    """Return a listener that tells the client of progress; its numbers only grow, as the protocol wants."""
    told = 0

    def tell(stage: str, done: int, of: int) -> None:
        nonlocal told
        if done % _EVERY and done != of:
            return
        told += 1
        anyio.from_thread.run(context.report_progress, float(told), None, f"{stage} {done:,} of {of:,} files")

    return tell
