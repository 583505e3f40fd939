"""Server-sent events over ASGI, and noticing that a client has left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from starlette.types import Receive, Send

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
_Result = TypeVar("_Result")


class ClientLeft(Exception):
    """The client closed its connection before the answer was complete."""


class EventStream:
    """A stream of events; begins with the first one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = asyncio.Lock()
        self.sent = 0

    @property
    def has_begun(self) -> bool:
        """Whether the client has its status already."""
        return self.sent > 0

    async def event(self, body: Mapping[str, Any]) -> None:
        """Send a JSON object."""
        await self._write(f"data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n")

    async def comment(self) -> None:
        """Send what clients ignore, so that nobody takes the silence for the end."""
        await self._write(": waiting\n\n")

    async def close(self) -> None:
        """End the stream as OpenAI does."""
        await self._write("data: [DONE]\n\n")
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, text: str) -> None:
        async with self._turn:
            self.sent += 1
            if self.sent == 1:
                await self._send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def unless_left(receive: Receive, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what the work comes to; it is cancelled when the client leaves.

    Parameters
    ----------
    receive
        Of a request whose body was read.

    Raises
    ------
    ClientLeft
        If the client left first.
    """
    task = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeft("the client left before its answer was complete")
        return task.result()
    finally:
        task.cancel()
        leaving.cancel()
        await asyncio.gather(task, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
