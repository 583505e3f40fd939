"""The servers of a conversation: started together, each on its own, their tools named ``server.tool``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_types import Tool

from repowright.agent.mcp.chat_servers import MayStart
from repowright.agent.mcp.config import ServerConfig
from repowright.agent.mcp.connection import Connection, ForeignResult, ServerFailed

MOST_TOOLS = 64
"""Tools of one server that are offered to a model."""

_MOST_WORDS = 1_000
_MODEL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class ForeignTool:
    """A tool of another server.

    Parameters
    ----------
    parameters
        JSON Schema of its arguments.
    """

    server: str
    tool: str
    description: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """``server.tool``: what people and the rules of approvals call it."""
        return f"{self.server}.{self.tool}"

    @property
    def model_name(self) -> str:
        """The same for endpoints, which allow no dot in the name of a tool."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", f"{self.server}__{self.tool}")


class ForeignServers:
    """Every configured server; one that fails is a note, and the others and the conversation go on.

    Parameters
    ----------
    environ
        Where variables come from that the configuration names; nothing else of it reaches a server.
    log
        File for what servers write to standard error.
    """

    def __init__(self, configs: Sequence[ServerConfig], environ: Mapping[str, str], log: Path | None = None) -> None:
        enabled = [config for config in configs if config.enabled]
        self._connections = {config.name: Connection(config, environ, log) for config in enabled}
        self._tools: dict[str, ForeignTool] = {}

    @property
    def tools(self) -> tuple[ForeignTool, ...]:
        """The tools of all servers that started, by name."""
        return tuple(self._tools[name] for name in sorted(self._tools))

    async def start(self, may_start: MayStart) -> list[str]:
        """Start all servers at once and return, in words, what there is to know of those that do not serve."""
        allowed = [each for each in self._connections.values() if each.config.trusted or await may_start(each.config)]
        left = sorted(self._connections.keys() - {each.config.name for each in allowed})
        self._connections = {each.config.name: each for each in allowed}
        notes = await asyncio.gather(*(self._started(each) for each in allowed))
        refused = [f"the MCP server {name} was not started: not agreed to" for name in left]
        return [*refused, *(note for each in notes for note in each)]

    async def call(self, server: str, tool: str, arguments: Mapping[str, object]) -> ForeignResult:
        """Call a tool; a server that died is started anew first.

        Raises
        ------
        ServerFailed
            If there is no such server, or it does not answer.
        """
        connection = self._connections.get(server)
        if connection is None:
            raise ServerFailed(
                f"there is no MCP server {server}", f"there are {', '.join(self._connections) or 'none'}"
            )
        return await connection.call(tool, arguments)

    async def close(self) -> None:
        """End all servers; safe to call twice."""
        await asyncio.gather(*(each.close() for each in self._connections.values()))

    async def _started(self, connection: Connection) -> list[str]:
        try:
            offered = await connection.start()
        except ServerFailed as err:
            return [str(err)]
        return self._take(connection.config.name, offered)

    def _take(self, server: str, offered: Sequence[Tool]) -> list[str]:
        notes = []
        if len(offered) > MOST_TOOLS:
            notes.append(f"the MCP server {server} offers {len(offered)} tools; the first {MOST_TOOLS} are used")
        for each in offered[:MOST_TOOLS]:
            words = " ".join((each.description or "").split())[:_MOST_WORDS]
            tool = ForeignTool(server, each.name, words, each.input_schema)
            if _MODEL_NAME.fullmatch(tool.model_name) and tool.model_name not in self._tools:
                self._tools[tool.model_name] = tool
            else:
                notes.append(f"a tool of the MCP server {server} is left out: {each.name[:80]!r} is no name to use")
        return notes
