"""Conversations of the product for editors, and the servers their users configured."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from repowright.agent.acp.agent import serve
from repowright.agent.acp.engines import Opened, SessionLine
from repowright.agent.acp.wire import standard_wire
from repowright.agent.chat.opening import open_chat
from repowright.agent.chat.options import ChatOptions
from repowright.agent.chat.session import find_session, sessions_of
from repowright.agent.errors import UserError
from repowright.agent.manifest import read_manifest
from repowright.agent.mcp.chat_servers import start_servers
from repowright.agent.mcp.config import ServerConfig, load_servers
from repowright.agent.runs import RunSummary, list_runs, runs_root
from repowright.agent.settings import Flags, RunSettings, load_settings

_SERVER_LOG = "mcp-servers.log"


class ChatEngines:
    """Opens conversations as ``repowright chat`` does.

    Parameters
    ----------
    environ
        Where settings and keys come from.
    """

    def __init__(self, flags: Flags, environ: Mapping[str, str]) -> None:
        self._flags = flags
        self._environ = environ
        self._runs = runs_root(environ)

    async def new(self, folder: Path, servers: Sequence[ServerConfig]) -> Opened:
        """See ``Engines.new``."""
        return await self._open(folder, servers, "", None)

    async def resume(self, session: str, folder: Path, servers: Sequence[ServerConfig]) -> Opened:
        """See ``Engines.resume``."""
        run = find_session(session, self._runs)
        if run.out.resolve() != folder.resolve():
            raise UserError(f"the session {run.id} works in {run.out}", "open it there")
        return await self._open(folder, servers, run.id, run.manifest.settings)

    def listed(self, folder: Path | None) -> list[SessionLine]:
        """See ``Engines.listed``."""
        return [_line(each) for each in self._summaries(folder)]

    def _summaries(self, folder: Path | None) -> list[RunSummary]:
        if folder is not None:
            return sessions_of(folder, self._runs)
        whole = [each for each in reversed(list_runs(self._runs)) if not each.problem]
        return [each for each in whole if read_manifest(each.folder).workflow == "chat"]

    async def _open(
        self, folder: Path, servers: Sequence[ServerConfig], session: str, remembered: RunSettings | None
    ) -> Opened:
        settings = load_settings(self._flags, self._environ, folder, remembered)
        settings.require_model(self._environ)
        named = {each.name: each for each in [*load_servers(self._environ, folder), *servers]}
        # A project's own server is not started: before a session is open the editor cannot ask its user.
        served = await start_servers(list(named.values()), self._environ, await asyncio.to_thread(self._log))
        try:
            options = ChatOptions(session=session, tools=served.tools)
            engine = await open_chat(folder, settings, self._runs, options, self._environ)
        except BaseException:
            await served.close()
            raise
        return Opened(engine, served.notes, served.close)

    def _log(self) -> Path:
        self._runs.mkdir(parents=True, exist_ok=True)
        return self._runs.parent / _SERVER_LOG


async def serve_editor(flags: Flags, environ: Mapping[str, str]) -> None:
    """Serve an editor over standard input and output until it ends."""
    async with standard_wire() as wire:
        await serve(ChatEngines(flags, environ), wire)


def _line(summary: RunSummary) -> SessionLine:
    log = summary.folder / "events.jsonl"
    updated = log.stat().st_mtime if log.is_file() else summary.created
    return SessionLine(summary.id, Path(summary.out), summary.title, updated)
