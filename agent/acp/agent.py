"""The agent that an editor speaks to: sessions, prompts, modes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from acp import (
    PROTOCOL_VERSION,
    Agent,
    Client,
    InitializeResponse,
    LoadSessionResponse,
    NewSessionResponse,
    PromptResponse,
    RequestError,
    SetSessionModeResponse,
)
from acp.agent.connection import AgentSideConnection
from acp.helpers import ContentBlock
from acp.schema import (
    AcpMcpServer,
    AgentCapabilities,
    HttpMcpServer,
    Implementation,
    ListSessionsResponse,
    McpCapabilities,
    McpServerStdio,
    PromptCapabilities,
    SessionCapabilities,
    SessionInfo,
    SessionListCapabilities,
    SseMcpServer,
)
from pydantic import ValidationError

from repowright.agent.acp.engines import Engines, Opened
from repowright.agent.acp.prompts import prompt_text
from repowright.agent.acp.session import EditorSession
from repowright.agent.acp.updates import MODES, mode_state
from repowright.agent.acp.wire import Wire
from repowright.agent.errors import AgentError, UserError
from repowright.agent.mcp.config import ServerConfig
from repowright.executors.sandbox import SandboxError

McpServers = Sequence[HttpMcpServer | SseMcpServer | AcpMcpServer | McpServerStdio]

_INVALID = -32602
_INTERNAL = -32603


class EditorAgent:
    """Answers an editor; the names of its methods and arguments are the protocol's."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._client: Client | None = None
        self._sessions: dict[str, EditorSession] = {}

    def on_connect(self, conn: Client) -> None:
        """Take the editor's side of the connection."""
        self._client = conn

    async def initialize(self, protocol_version: int, **more: Any) -> InitializeResponse:
        """Say what this agent is and can; the editor decides whether the version will do."""
        return InitializeResponse(
            protocol_version=min(protocol_version, PROTOCOL_VERSION) or PROTOCOL_VERSION,
            agent_capabilities=AgentCapabilities(
                load_session=True,
                prompt_capabilities=PromptCapabilities(embedded_context=True),
                mcp_capabilities=McpCapabilities(http=True),
                session_capabilities=SessionCapabilities(list=SessionListCapabilities()),
            ),
            agent_info=Implementation(name="repowright", title="Repowright", version=version("repowright")),
            auth_methods=[],
        )

    async def new_session(self, cwd: str, mcp_servers: McpServers | None = None, **more: Any) -> NewSessionResponse:
        """Open a conversation in a folder."""
        with _refusals():
            folder = _folder(cwd)
            session = await self._opened(await self._engines.new(folder, _servers(mcp_servers)), folder)
        return NewSessionResponse(session_id=session.id, modes=mode_state(session.mode))

    async def load_session(
        self, cwd: str, session_id: str, mcp_servers: McpServers | None = None, **more: Any
    ) -> LoadSessionResponse:
        """Open an earlier conversation; all of it is told before the answer."""
        with _refusals():
            folder = _folder(cwd)
            if session_id in self._sessions:
                raise UserError(f"the session {session_id} is open here", "go on with it")
            opened = await self._engines.resume(session_id, folder, _servers(mcp_servers))
            session = await self._opened(opened, folder)
        return LoadSessionResponse(modes=mode_state(session.mode))

    async def list_sessions(self, cwd: str | None = None, **more: Any) -> ListSessionsResponse:
        """List the conversations in a folder, or all."""
        with _refusals():
            found = await asyncio.to_thread(self._engines.listed, _folder(cwd) if cwd else None)
        sessions = [
            SessionInfo(
                session_id=each.session,
                cwd=str(each.folder),
                title=each.title,
                updated_at=datetime.fromtimestamp(each.updated, UTC).isoformat(),
            )
            for each in found
        ]
        return ListSessionsResponse(sessions=sessions)

    async def set_session_mode(self, session_id: str, mode_id: str, **more: Any) -> SetSessionModeResponse:
        """Say what the agent may do unasked."""
        with _refusals():
            mode = next((each for each in MODES if each == mode_id), None)
            if mode is None:
                raise UserError(f"there is no mode {mode_id!r}", f"the modes are {', '.join(MODES)}")
            await self._session(session_id).set_mode(mode)
        return SetSessionModeResponse()

    async def prompt(self, session_id: str, prompt: Sequence[ContentBlock], **more: Any) -> PromptResponse:
        """Say something; the answer comes when the turn is over."""
        with _refusals():
            session = self._session(session_id)
            return PromptResponse(stop_reason=await session.prompt(prompt_text(prompt, session.folder)))

    async def cancel(self, session_id: str, **more: Any) -> None:
        """Stop the turn under way."""
        session = self._sessions.get(session_id)
        if session is not None:
            await session.cancel()

    async def close(self) -> None:
        """Close every conversation; each can be loaded again."""
        sessions, self._sessions = list(self._sessions.values()), {}
        await asyncio.gather(*(each.close() for each in sessions), return_exceptions=True)

    async def _opened(self, opened: Opened, folder: Path) -> EditorSession:
        if self._client is None:
            raise UserError("no editor is connected", "connect first")
        session = EditorSession(opened, self._client, folder)
        try:
            await session.open()
        except BaseException:
            await session.close()
            raise
        self._sessions[session.id] = session
        return session

    def _session(self, session_id: str) -> EditorSession:
        session = self._sessions.get(session_id)
        if session is None:
            raise UserError(f"there is no open session {session_id!r}", "open it with session/load")
        return session


async def serve(engines: Engines, wire: Wire) -> None:
    """Serve an editor over a wire until its side ends, then close every conversation."""
    agent = EditorAgent(engines)
    # The protocol's optional methods are left out; a call of one is answered as unknown.
    connection = AgentSideConnection(cast(Agent, agent), wire, listening=False)
    try:
        with suppress(ConnectionError):
            await connection.listen()
    finally:
        await agent.close()
        await connection.close()


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what cannot be done into the protocol's errors, each one line."""
    try:
        yield
    except UserError as err:
        raise RequestError(_INVALID, str(err)) from err
    except (AgentError, SandboxError) as err:
        raise RequestError(_INTERNAL, str(err)) from err


def _folder(cwd: str) -> Path:
    folder = Path(cwd)
    if not folder.is_absolute() or not folder.is_dir():
        raise UserError(f"{cwd!r} is no absolute path of a folder", "open a folder in the editor")
    return folder


def _servers(given: McpServers | None) -> list[ServerConfig]:
    """Return the editor's servers; its user named them, so they are trusted."""
    try:
        return [_server(each) for each in given or () if isinstance(each, McpServerStdio | HttpMcpServer)]
    except ValidationError as err:
        raise UserError(f"an MCP server of the editor does not fit: {err.errors()[0]['msg']}", "correct it") from err


def _server(given: McpServerStdio | HttpMcpServer) -> ServerConfig:
    name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-") else "-" for sign in given.name)[:32]
    if isinstance(given, McpServerStdio):
        env = {each.name: each.value for each in given.env}
        return ServerConfig(name=name, command=given.command, args=tuple(given.args), env=env, trusted=True)
    return ServerConfig(name=name, url=given.url, headers={e.name: e.value for e in given.headers}, trusted=True)
