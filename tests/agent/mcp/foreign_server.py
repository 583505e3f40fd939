"""A server for the tests of the client: tools that work, fail, sleep, die and ask too much."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ImageContent, TextContent

server: MCPServer[Any] = MCPServer("foreign", log_level="ERROR")


@server.tool()
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
async def refuse() -> str:
    """Say no."""
    raise ToolError("it is not to be")


@server.tool()
async def sleep(seconds: float) -> str:
    """Take a while."""
    await asyncio.sleep(seconds)
    return "awake"


@server.tool()
async def die() -> str:
    """End the process."""
    os._exit(1)


@server.tool()
async def variable(name: str) -> str:
    """Read a variable of the environment."""
    return os.environ.get(name, "(not set)")


@server.tool()
async def header(name: str, context: Context) -> str:
    """Read a header of the request."""
    return str((context.headers or {}).get(name, "(not set)"))


@server.tool()
async def picture() -> CallToolResult:
    """Give a picture with words."""
    image = ImageContent(type="image", data="aGk=", mime_type="image/png")
    return CallToolResult(content=[TextContent(type="text", text="see"), image])


if __name__ == "__main__":
    if sys.argv[1:2] == ["mute"]:
        sys.stdin.read()
    elif sys.argv[1:2] == ["babble"]:
        sys.stdout.write("this is no protocol\n" * 100)
        sys.stdout.flush()
        sys.stdin.read()
    elif sys.argv[1:2] == ["http"]:
        server.run("streamable-http", port=int(sys.argv[2]))
    else:
        sys.stderr.write("the server begins\n")
        server.run("stdio")
