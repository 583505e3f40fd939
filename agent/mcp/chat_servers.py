"""The servers of one conversation, from configuration to tools; a part that many installations do without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from repowright.agent.chat.tools.tool import ChatTool
from repowright.agent.mcp.config import ServerConfig

MayStart = Callable[[ServerConfig], Awaitable[bool]]
"""Asks the user about a server that a project brings."""


async def nobody_asked(config: ServerConfig) -> bool:
    """Refuse a server that a project brings, where the user cannot be asked."""
    return False


async def _nothing() -> None:
    """Hold nothing."""


@dataclass(frozen=True)
class ChatServers:
    """What a conversation gets of its servers.

    Parameters
    ----------
    notes
        What the user should know of servers that do not serve.
    close
        Ends them, once the conversation is closed.
    """

    tools: Sequence[ChatTool] = ()
    notes: tuple[str, ...] = ()
    close: Callable[[], Awaitable[None]] = _nothing


async def start_servers(
    configs: Sequence[ServerConfig],
    environ: Mapping[str, str],
    log: Path | None = None,
    may_start: MayStart = nobody_asked,
) -> ChatServers:
    """Start the servers of a conversation; whatever goes wrong with one is a note.

    Parameters
    ----------
    environ
        Where variables come from that the configuration names.
    log
        File for what servers write to standard error.
    """
    if not any(config.enabled for config in configs):
        return ChatServers()
    if find_spec("mcp") is None:
        return ChatServers(notes=("MCP servers are configured but not used; pip install 'repowright[mcp]'",))
    from repowright.agent.mcp.chat_tools import chat_tools
    from repowright.agent.mcp.client import ForeignServers

    servers = ForeignServers(configs, environ, log)
    try:
        notes = await servers.start(may_start)
    except BaseException:
        await servers.close()
        raise
    return ChatServers(chat_tools(servers), tuple(notes), servers.close)
