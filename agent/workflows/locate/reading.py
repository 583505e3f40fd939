"""What a model has read: an answer counts only once its first pick is among it."""

from __future__ import annotations

import re

from repowright.agent.graph_tools import FetchArguments
from repowright.agent.llm import Tool, ToolSpec
from repowright.graph.errors import GraphError
from repowright.graph.kinds import UNIT_KINDS
from repowright.graph.model import RPG
from repowright.graph.references import References

_LINES = re.compile(r"(?P<path>.+?)(?::|#L)(?P<first>\d+)[-:]L?(?P<last>\d+)")


class ReadingTool:
    """The ``fetch`` tool, which notes what it showed."""

    arguments = FetchArguments

    def __init__(self, fetch: Tool, rpg: RPG) -> None:
        self._fetch = fetch
        self._rpg = rpg
        self._references = References(rpg)
        self._read: set[str] = set()

    @property
    def spec(self) -> ToolSpec:
        return self._fetch.spec

    async def call(self, arguments: FetchArguments) -> str:
        """Show code, and note of which definitions."""
        for entity in arguments.code_entities:
            self._note(entity)
        return await self._fetch.call(arguments)

    def has_read(self, label: str) -> bool:
        """Tell whether the definition, or what it lies in, was shown."""
        return any(label == read or label.startswith(f"{read}.") for read in self._read)

    def _note(self, entity: str) -> None:
        lines = _LINES.fullmatch(entity.strip())
        try:
            if lines is None:
                self._read.update(node.label for node in self._references.nodes(entity))
            else:
                self._note_lines(lines["path"], int(lines["first"]), int(lines["last"]))
        except GraphError:
            return

    def _note_lines(self, path: str, first: int, last: int) -> None:
        for file in self._references.files(path):
            for unit in self._rpg.descendants(file.id, *UNIT_KINDS):
                span = unit.place.span if unit.place else None
                if span and span[0] <= last and first <= span[1]:
                    self._read.add(unit.label)
