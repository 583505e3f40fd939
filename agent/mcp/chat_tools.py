"""Tools of other servers as tools of a conversation; each call passes the same gate as the conversation's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.tool import ChatTool, Site, Told
from repowright.agent.chat.wishes import Wish
from repowright.agent.llm import ToolSpec
from repowright.agent.mcp.client import ForeignServers, ForeignTool
from repowright.agent.mcp.connection import ForeignResult

_EVIDENCE = "answer"
_MOST_TITLE = 160


class Given(BaseModel):
    """Arguments as the model gave them; the server that knows their schema checks them."""

    model_config = ConfigDict(frozen=True, extra="allow")


@dataclass(frozen=True)
class ForeignChatTool:
    """One tool of one server."""

    tool: ForeignTool
    servers: ForeignServers
    arguments: type[BaseModel] = Given

    @property
    def name(self) -> str:
        """The name that the model calls it by."""
        return self.tool.model_name

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        return ToolSpec(self.name, self.tool.description, self.tool.parameters)

    def title(self, arguments: BaseModel) -> str:
        """Return ``server.tool`` and the arguments on one line."""
        return f"{self.tool.name} {_shown(arguments)}"[:_MOST_TITLE]

    async def call(self, arguments: BaseModel, site: Site) -> Told:
        """Ask for leave, then ask the server; a call that a killed sitting had answered is not made again."""
        known = site.known(_EVIDENCE)
        if known is not None:
            result = ForeignResult.model_validate_json(known)
            return Told(text=result.text, failed=result.failed)
        detail = f"{self.tool.name} {_shown(arguments)}"
        wanted = Call(self.tool.name, "reach")
        await site.permit(Wish(site.call, wanted, self.title(arguments), detail))
        result = await self.servers.call(self.tool.server, self.tool.tool, arguments.model_dump())
        site.keep(_EVIDENCE, result.model_dump_json())
        return Told(text=result.text, failed=result.failed)


def chat_tools(servers: ForeignServers) -> Sequence[ChatTool]:
    """Return the tools of all servers that serve."""
    return [ForeignChatTool(tool, servers) for tool in servers.tools]


def _shown(arguments: BaseModel) -> str:
    return json.dumps(arguments.model_dump(), ensure_ascii=False, sort_keys=True)
