"""The tools of other servers: started beside the conversation, whose first turn waits until they serve."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.events import Note
from repowright.agent.chat.permission import Permission
from repowright.agent.chat.state import Hand
from repowright.agent.chat.wishes import Refused, Wish
from repowright.agent.events import Event
from repowright.agent.mcp.chat_servers import ChatServers, start_servers
from repowright.agent.mcp.config import ServerConfig


class Outfit:
    """The servers of one session.

    Parameters
    ----------
    environ
        Where variables come from that the configuration of a server names.
    log
        File for what servers write to standard error.
    """

    def __init__(
        self,
        configs: Sequence[ServerConfig],
        environ: Mapping[str, str],
        log: Path,
        permission: Permission,
        emit: Callable[[Event], object],
    ) -> None:
        self._configs = [config for config in configs if config.enabled]
        self._environ = environ
        self._log = log
        self._permission = permission
        self._emit = emit
        self._task: asyncio.Task[None] | None = None
        self._served = ChatServers()

    def begin(self, hand: Hand) -> None:
        """Start the servers in the background; the hand gets their tools once all serve or failed."""
        if self._configs:
            self._task = asyncio.create_task(self._start(hand))

    async def ready(self) -> None:
        """Wait until every server serves, failed, or was refused."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """End the servers; one that is being started is given up."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._served.close()

    async def _start(self, hand: Hand) -> None:
        self._served = await start_servers(self._configs, self._environ, self._log, self._may_start)
        for note in self._served.notes:
            self._emit(Note(level="warning", text=note))
        found = {**{tool.name: tool for tool in self._served.tools}, **hand.tools}
        hand.tools = dict(sorted(found.items()))
        hand.setting = replace(hand.setting, tools=tuple(tool.spec for tool in hand.tools.values()))

    async def _may_start(self, config: ServerConfig) -> bool:
        """Ask about a server that the project brings; what is kept holds for exactly what it is now."""
        wish = Wish("", Call(rule_name(config), "reach"), f"start the MCP server {config.name}", _detail(config))
        try:
            await self._permission.ask_if_attended(wish)
        except Refused:
            return False
        return True


def rule_name(config: ServerConfig) -> str:
    """Return the name that approvals know a server by: another command, or address, is another server to them."""
    digest = hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:16]
    return f"mcp.start.{config.name}.{digest}"


def _detail(config: ServerConfig) -> str:
    lines = ["The project brings this server. It runs outside of the sandbox, with your rights:", "", config.shown]
    lines += [f"with the variable {name} of your environment" for name in config.env_from]
    lines += [f"with {name}={value}" for name, value in sorted(config.env.items())]
    lines += [f"with the header {name} from your variable {value}" for name, value in config.headers_from.items()]
    lines += [f"in the folder {config.cwd}"] if config.cwd else []
    return "\n".join(lines)
