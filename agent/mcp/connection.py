"""The connection to one server: a task of its own holds it, so whatever the server does ends that task alone."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, CallToolResult, ContentBlock, EmbeddedResource, TextContent, Tool
from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.errors import AgentError
from repowright.agent.mcp.config import ServerConfig

_log = logging.getLogger(__name__)

MOST_TEXT = 1_000_000
"""Characters of one result; what is beyond is left out, and said to be."""

_MOST_PAGES = 20


class ServerFailed(AgentError):
    """Another program's server did not start, died, or did not answer; the conversation goes on."""


class ForeignResult(BaseModel):
    """What a tool of another server said, as words."""

    model_config = ConfigDict(frozen=True)

    text: str
    failed: bool = False


class Connection:
    """One server; it is started when it is needed, and started anew after it died.

    Parameters
    ----------
    log
        File that gets what the command writes to standard error; it is dropped if there is none.
    """

    def __init__(self, config: ServerConfig, environ: Mapping[str, str], log: Path | None = None) -> None:
        self.config = config
        self._environ = environ
        self._log = log
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._starting = asyncio.Lock()

    async def start(self) -> list[Tool]:
        """Start the server and return the tools it offers that the configuration lets through.

        Raises
        ------
        ServerFailed
            If it cannot be started, or says nothing in time.
        """
        await self.close()
        self._stop = asyncio.Event()
        ready: asyncio.Future[list[Tool]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(ready), name=f"mcp {self.config.name}")
        limit = self.config.start_timeout_s
        await asyncio.wait({ready}, timeout=limit)
        if not ready.done():
            ready.cancel()
            await self.close()
            raise ServerFailed(
                f"the MCP server {self.config.name} did not start in {limit:g} s", "raise its start_timeout_s"
            )
        return ready.result()

    async def call(self, tool: str, arguments: Mapping[str, object]) -> ForeignResult:
        """Call a tool.

        Raises
        ------
        ServerFailed
            If the server is dead and does not start again, or does not answer in time or as the protocol wants.
        """
        name, limit = f"{self.config.name}.{tool}", self.config.timeout_s
        client = await self._ready()
        try:
            async with asyncio.timeout(limit):
                return _told(await client.call_tool(tool, dict(arguments)))
        except TimeoutError as err:
            raise ServerFailed(f"{name} took longer than {limit:g} s", "ask for less, or raise its timeout_s") from err
        except MCPError as err:
            # A session behind an address may be lost while the address still answers; a new one costs little.
            if err.code == CONNECTION_CLOSED or self.config.url:
                await self.close()
            raise ServerFailed(f"{name}: {err.message}", "another call starts the server anew") from err
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError) as err:
            await self.close()
            raise ServerFailed(f"{name}: the server is gone", "another call starts it anew") from err
        except (ValidationError, RuntimeError, ValueError) as err:
            raise ServerFailed(f"{name} answered what the protocol does not allow", "report it to its author") from err

    async def close(self) -> None:
        """End the server; safe to call twice."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stop.set()
        done, _ = await asyncio.wait({task}, timeout=self.config.start_timeout_s)
        if not done:
            task.cancel()
            await asyncio.wait({task})

    async def _ready(self) -> Client:
        async with self._starting:
            if self._client is None:
                await self.start()
        if self._client is None:
            raise ServerFailed(f"the MCP server {self.config.name} ended as soon as it started", "see its own log")
        return self._client

    async def _hold(self, ready: asyncio.Future[list[Tool]]) -> None:
        try:
            async with AsyncExitStack() as stack:
                client = await self._connected(stack)
                tools = await self._offered(client)
                self._client = client
                if not ready.done():
                    ready.set_result(tools)
                await self._stop.wait()
        except Exception as err:  # the top loop of a foreign program's work: nothing of it may reach the conversation
            said = _cause(err)
            _log.info("the MCP server %s ended: %s", self.config.name, said)
            if not ready.done():
                failed = ServerFailed(f"the MCP server {self.config.name} did not start: {said}", self.config.shown)
                ready.set_exception(failed)
        finally:
            self._client = None

    async def _connected(self, stack: AsyncExitStack) -> Client:
        config = self.config
        if config.url:
            headers = dict(config.headers) | {name: self._variable(each) for name, each in config.headers_from.items()}
            timeout = httpx2.Timeout(config.start_timeout_s, read=config.timeout_s)
            web = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=timeout))
            return await stack.enter_async_context(Client(streamable_http_client(config.url, http_client=web)))
        env = dict(config.env) | {name: self._variable(name) for name in config.env_from}
        errors = stack.enter_context(_appending(self._log))
        command = StdioServerParameters(command=config.command, args=list(config.args), env=env, cwd=config.cwd)
        return await stack.enter_async_context(Client(stdio_client(command, errors)))

    def _variable(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            raise ServerFailed(f"the variable {name} is not set", f"export {name}")
        return value

    async def _offered(self, client: Client) -> list[Tool]:
        found: list[Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        return [tool for tool in found if any(fnmatch.fnmatchcase(tool.name, each) for each in self.config.tools)]


@contextmanager
def _appending(path: Path | None) -> Iterator[TextIO]:
    with open(path or os.devnull, "a", encoding="utf-8") as stream:
        yield stream


def _told(result: CallToolResult) -> ForeignResult:
    parts = [_words(block) for block in result.content]
    if not parts and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, ensure_ascii=False)]
    text = "\n".join(parts) or "(nothing was said)"
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]}\n({len(text) - MOST_TEXT:,} more characters are left out)"
    return ForeignResult(text=text, failed=result.is_error)


def _words(block: ContentBlock) -> str:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, EmbeddedResource):
        text = getattr(block.resource, "text", None)
        return text if isinstance(text, str) else f"(binary resource {block.resource.uri})"
    return f"({block.type} {getattr(block, 'uri', '') or getattr(block, 'mime_type', '')})"


def _cause(error: BaseException) -> str:
    """Return what was wrong on one line; of errors that came together, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = error.message if isinstance(error, AgentError | MCPError) else str(error)
    return " ".join(said.split())[:300] or type(error).__name__
