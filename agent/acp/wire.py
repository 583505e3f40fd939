"""JSON-RPC over standard input and output, one message a line; what is no message is answered, never fatal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

LONGEST_LINE = 50 * 1024 * 1024
"""Bytes of one message; a longer one is refused."""

GRACE_S = 2.0
"""Seconds for which answers are still given after the input has ended."""

_PARSE_ERROR = (-32700, "Parse error")
_INVALID_REQUEST = (-32600, "Invalid request")


class Wire:
    """A transport of the protocol's package over two streams of bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sending = asyncio.Lock()
        self._owed: set[int | str | None] = set()
        self._answered = asyncio.Event()

    async def receive(self) -> dict[str, Any] | None:
        """Return the next message; `None` when the input has ended and what was asked is answered, or takes long."""
        while (line := await self._line()) is not None:
            if not line.strip():
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                await self.send(_refusal(None, *_PARSE_ERROR))
                continue
            if _is_message(message):
                found: dict[str, Any] = message
                if "method" in found and "id" in found:
                    self._owed.add(found["id"])
                return found
            await self.send(_refusal(_id_of(message), *_INVALID_REQUEST))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                while self._owed:
                    self._answered.clear()
                    await self._answered.wait()
        return None

    async def send(self, message: dict[str, Any]) -> None:
        """Write a message.

        Raises
        ------
        ConnectionError
            If nobody reads any more.
        """
        data = json.dumps(message, separators=(",", ":"), ensure_ascii=False, default=str)
        async with self._sending:
            self._writer.write(data.encode("utf-8", "backslashreplace") + b"\n")
            await self._writer.drain()
        if "method" not in message:
            self._owed.discard(message.get("id"))
            self._answered.set()

    async def close(self) -> None:
        """Close the output."""
        self._writer.close()

    async def _line(self) -> bytes | None:
        """Return the next line; of one that is too long its end, which is no message either."""
        while True:
            try:
                return await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError as err:
                return err.partial or None
            except asyncio.LimitOverrunError as err:
                await self._reader.readexactly(err.consumed)


@asynccontextmanager
async def standard_wire() -> AsyncIterator[Wire]:
    """Take standard input and output for the protocol alone.

    Whatever else of this process, or of one it starts, reads standard input finds it empty, and whatever writes to
    standard output writes to standard error.
    """
    loop = asyncio.get_running_loop()
    sys.stdout.flush()
    source, sink = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    incoming, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
    outgoing, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sink)
    try:
        yield Wire(reader, asyncio.StreamWriter(outgoing, flow, reader, loop))
    finally:
        incoming.close()
        outgoing.close()


def _is_message(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("id", 0), int | str | None):
        return False
    if "method" in value:
        return isinstance(value["method"], str) and isinstance(value.get("params"), dict | list | None)
    return "id" in value and ("result" in value or isinstance(value.get("error"), dict))


def _id_of(value: object) -> int | str | None:
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, int | str) else None


def _refusal(request: int | str | None, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": message}}
