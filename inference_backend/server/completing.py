"""The endpoints that answer, whole or in a stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from repowright.inference_backend.engine.request import Usage
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.server.answers import Piece, answer
from repowright.inference_backend.server.bodies import read_body
from repowright.inference_backend.server.failures import Refused, refusal_of
from repowright.inference_backend.server.served import Served
from repowright.inference_backend.server.sse import ClientLeft, EventStream, unless_left
from repowright.inference_backend.server.tool_reading import Called
from repowright.inference_backend.server.work import Plan, Work

SILENCE_S = 15.0
"""Seconds after which a stream without news sends a comment."""

_LEFT = 499


class Completing:
    """Answers completions; an ASGI application.

    Parameters
    ----------
    route
        Names it in the metrics.
    plan
        Says what a body comes to.
    """

    def __init__(self, served: Served, route: str, plan: Plan) -> None:
        self._served = served
        self._route = route
        self._plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, status = time.monotonic(), 200
        try:
            body = await read_body(Request(scope, receive), self._served.largest_body)
            work = await asyncio.to_thread(self._planned, body)
            answering = _Answering(self._served, work, began)
            await unless_left(
                receive, answering.stream(send) if work.streams else answering.whole(scope, receive, send)
            )
        except ClientLeft:
            status = _LEFT
        except Refused as err:
            status = err.status
            await err.response()(scope, receive, send)
        except Exception:
            status = 500
            raise
        finally:
            self._served.metrics.answered(self._route, status)
            self._served.metrics.took("request_seconds", time.monotonic() - began)

    def _planned(self, body: bytes) -> Work:
        try:
            return self._plan(self._served, body)
        except InferenceError as err:
            raise refusal_of(err) from err


class _Answering:
    """One request on its way to its answer."""

    def __init__(self, served: Served, work: Work, began: float) -> None:
        self._served = served
        self._work = work
        self._began = began
        self._is_first = True
        self._last_tool = ""

    async def whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all answers as one body."""
        answers: list[list[Piece]] = [[] for _ in self._work.choices]

        async def collect(number: int, piece: Piece) -> None:
            self._note(piece)
            answers[number].append(piece)

        await answer(self._served.engine, self._work.choices, collect)
        self._hint()
        await JSONResponse(self._work.rendering.whole(answers))(scope, receive, send)

    async def stream(self, send: Send) -> None:
        """Send the answers as they come; what goes wrong behind the first chunk is told in the stream."""
        events = EventStream(send)
        usages: dict[int, Usage] = {}
        opened: set[int] = set()

        async def tell(number: int, piece: Piece) -> None:
            self._note(piece)
            if piece.usage:
                usages[number] = piece.usage
            opening = None if number in opened else self._work.rendering.opening(number)
            opened.add(number)
            for chunk in (opening, self._work.rendering.chunk(number, piece)):
                if chunk is not None:
                    await events.event(chunk)

        try:
            async with _patience(events):
                await answer(self._served.engine, self._work.choices, tell)
        except Refused as err:
            if not events.has_begun:
                raise
            await events.event(err.body)
            await events.close()
            return
        self._hint()
        if self._work.wants_usage:
            await events.event(self._work.rendering.usage_chunk([usages[number] for number in sorted(usages)]))
        await events.close()

    def _note(self, piece: Piece) -> None:
        if self._is_first:
            self._is_first = False
            self._served.metrics.took("first_token_seconds", time.monotonic() - self._began)
        called = [part.name for part in piece.parts if isinstance(part, Called)]
        self._last_tool = called[-1] if called else self._last_tool

    def _hint(self) -> None:
        """Tell the engine whether the program goes on behind this turn, and with which tool."""
        job = self._work.job
        if job and self._last_tool:
            self._served.engine.tool_called(job, self._last_tool)
        elif job:
            self._served.engine.program_ended(job)


@asynccontextmanager
async def _patience(events: EventStream) -> AsyncIterator[None]:
    """Send comments while nothing else is sent."""

    async def remind() -> None:
        while True:
            sent = events.sent
            await asyncio.sleep(SILENCE_S)
            if events.sent == sent:
                await events.comment()

    reminding = asyncio.create_task(remind())
    try:
        yield
    finally:
        reminding.cancel()
        await asyncio.gather(reminding, return_exceptions=True)
