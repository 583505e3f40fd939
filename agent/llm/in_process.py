"""An HTTP client's way to an ASGI application in this process, streamed as over a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx2

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class InProcess(httpx2.AsyncBaseTransport):
    """Hands requests to an application, and its answers back while it still writes them.

    The client library's own transport for this waits for the whole answer, which would hold back what is streamed,
    and would not tell the application that its client has left.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response as soon as it begins."""
        exchange = _Exchange(await request.aread())
        work = self._application(_scope(request), exchange.receive, exchange.send)
        exchange.task = asyncio.ensure_future(work)
        exchange.task.add_done_callback(lambda task: exchange.messages.put_nowait(None))
        try:
            start = await exchange.messages.get()
        except BaseException:
            await exchange.aclose()
            raise
        if start is None:
            raise httpx2.ReadError(f"the application ended without an answer: {exchange.failure}")
        return httpx2.Response(start["status"], headers=start.get("headers", []), stream=exchange)


class _Exchange(httpx2.AsyncByteStream):
    """One request and its answer."""

    task: asyncio.Future[None]

    def __init__(self, body: bytes) -> None:
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._body: bytes | None = body
        self._over = asyncio.Event()

    @property
    def failure(self) -> str:
        """What the application failed with."""
        error = None if self.task.cancelled() else self.task.exception()
        return str(error) if error else "no reason"

    async def receive(self) -> Message:
        """Give the application its request, and then word that the client has left."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        await self.messages.put(message)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            message = await self.messages.get()
            if message is None:
                raise httpx2.ReadError(f"the application ended in the middle of its answer: {self.failure}")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def aclose(self) -> None:
        """End the exchange; an application that still works is told, and cancelled."""
        self._over.set()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def _scope(request: httpx2.Request) -> Message:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 0),
    }
