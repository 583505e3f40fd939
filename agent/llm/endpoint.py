"""The client of one OpenAI-compatible endpoint, with the only retry layer there is."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import httpx2
import openai
from openai.types.chat import ChatCompletionChunk

from repowright.agent.errors import SettingsError
from repowright.agent.llm.address import Address
from repowright.agent.llm.assembly import Assembly, NotACompletion, Piece
from repowright.agent.llm.dialect import Dialect
from repowright.agent.llm.failures import CAUGHT, TooSlow, failure_of, said
from repowright.agent.llm.retry import Backoff
from repowright.agent.llm.tokens import estimate_usage
from repowright.agent.llm.types import Reply, Request
from repowright.agent.llm.wire import Body, body_of

ALLOW_VARIABLE = "REPOWRIGHT_ALLOW_MODEL_REQUESTS"
"""Set to ``0``, this environment variable refuses every call; to ``loopback``, those that leave the machine."""

Chunks = openai.AsyncStream[ChatCompletionChunk]

OnRetry = Callable[[str, float], None]
"""Called with the reason and the wait in seconds before each further try."""


@dataclass(frozen=True)
class Timeouts:
    """Bounds of one try, in seconds.

    Parameters
    ----------
    idle_s
        Longest silence between two chunks of a stream; the first chunk may take up to ``total_s``.
    """

    connect_s: float = 10.0
    idle_s: float = 180.0
    total_s: float = 900.0


class Endpoint:
    """Asks one endpoint through Chat Completions, streamed where the endpoint can.

    Parameters
    ----------
    base_url
        Such as ``https://api.openai.com/v1``.
    api_key
        Empty for endpoints that need none. It appears in no error, event or log.
    http_client
        Reaches the endpoint another way, such as an in-process ASGI transport.
    allow_loopback
        Lets calls to this machine through where the environment refuses model requests (tests).
    sleep
        Waits between tries.
    extra
        Returns what is sent beside the protocol's own body: arguments of the client.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        timeouts: Timeouts | None = None,
        backoff: Backoff | None = None,
        http_client: httpx2.AsyncClient | None = None,
        allow_loopback: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        extra: Callable[[Request], Body] = lambda request: {},
    ) -> None:
        self._address = Address.parse(base_url, api_key)
        self._timeouts = timeouts or Timeouts()
        self._backoff = backoff or Backoff()
        self._allow_loopback = allow_loopback
        self._sleep = sleep
        self._extra = extra
        self._dialects: dict[str, Dialect] = {}
        _silence_addresses()
        self._client = _client(self._address, api_key, self._timeouts, http_client)

    @property
    def label(self) -> str:
        """``host:port``, safe to show."""
        return self._address.label

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, request: Request, model: str, on_retry: OnRetry | None = None) -> Reply:
        """Ask ``model``, trying again where that can help.

        A reply that declines to answer has the finish reason ``content_filter`` or ``refusal``.

        Raises
        ------
        ModelError
            The kind that says what is wrong: ``ModelAuth``, ``ModelUnreachable``, ``ModelTimeout``,
            ``NoModel``, ``ReplyInvalid``.
        SettingsError
            If the environment refuses model requests.
        """
        self._check_allowed()
        for tried in itertools.count(1):
            try:
                return await self._ask_adapting(request, model)
            except CAUGHT as err:
                failure = failure_of(err, self._address, model, self._timeouts.connect_s)
                if not failure.again or tried >= self._backoff.tries:
                    raise failure.error from err
            wait_s = self._backoff.wait(tried, failure.wait_s)
            if on_retry is not None:
                on_retry(failure.reason, wait_s)
            await self._sleep(wait_s)
        raise AssertionError("unreachable")

    def _check_allowed(self) -> None:
        allowed = os.environ.get(ALLOW_VARIABLE, "")
        if allowed not in ("0", "loopback") or (
            self._address.loopback and (self._allow_loopback or allowed == "loopback")
        ):
            return
        hint = "unset it to ask the model"
        raise SettingsError(f"model requests are switched off by {ALLOW_VARIABLE}={allowed}", hint)

    async def _ask_adapting(self, request: Request, model: str) -> Reply:
        while True:
            dialect = self._dialects.get(model, Dialect())
            try:
                return await self._ask_once(request, body_of(request, model, dialect) | self._extra(request))
            except openai.APIStatusError as err:
                asked_schema, asked_tools = request.schema is not None, bool(request.tools)
                plainer = dialect.without(err.status_code, said(err), schema=asked_schema, tools=asked_tools)
                if plainer is None:
                    raise
                self._dialects[model] = plainer

    async def _ask_once(self, request: Request, body: Body) -> Reply:
        started = time.perf_counter()
        reply = await self._within_time(body, request.heard or (lambda text: None))
        if not reply.usage.prompt_tokens and not reply.usage.completion_tokens:
            reply = reply.model_copy(update={"usage": estimate_usage(request, reply)})
        return reply.model_copy(update={"seconds": time.perf_counter() - started})

    async def _within_time(self, body: Body, told: Callable[[str], None]) -> Reply:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeouts.total_s
        try:
            async with asyncio.timeout_at(end) as scope:
                later = partial(_put_off, scope, end, self._timeouts.idle_s)
                return await self._send(body, later, told)
        except TimeoutError as err:
            if loop.time() >= end:
                raise TooSlow(f"no complete answer within {self._timeouts.total_s:g} s") from err
            raise TooSlow(f"silent for {self._timeouts.idle_s:g} s in the middle of an answer") from err

    async def _send(self, body: Body, heard: Callable[[], None], told: Callable[[str], None]) -> Reply:
        assembly = Assembly()
        async with self._client.chat.completions.with_streaming_response.create(**body) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "text/event-stream" and body.get("stream"):
                async for chunk in cast(Chunks, await response.parse()):
                    heard()
                    # The client hands on whatever JSON a chunk holds, even where it is no object.
                    plain = chunk.to_dict(warnings=False) if isinstance(chunk, ChatCompletionChunk) else chunk
                    text = assembly.add(Piece.model_validate(plain))
                    if text:
                        told(text)
                return assembly.reply(streamed=True)
            content = await response.read()
        if kind == "text/html" or content.lstrip()[:1] == b"<":
            raise NotACompletion("an HTML page")
        assembly.add(Piece.model_validate_json(content))
        return assembly.reply(streamed=False)


def _client(
    address: Address, api_key: str, timeouts: Timeouts, http_client: httpx2.AsyncClient | None
) -> openai.AsyncOpenAI:
    timeout = httpx2.Timeout(None, connect=timeouts.connect_s)
    if http_client is None and address.loopback:
        # A proxy from the environment cannot reach this machine's own ports.
        http_client = httpx2.AsyncClient(trust_env=False, timeout=timeout)
    return openai.AsyncOpenAI(
        base_url=address.base_url,
        api_key=api_key or "none",
        max_retries=0,
        timeout=timeout,
        default_headers={"Authorization": address.basic} if address.basic else None,
        default_query=dict(address.query) or None,
        http_client=http_client,
    )


def _put_off(scope: asyncio.Timeout, end: float, idle_s: float) -> None:
    scope.reschedule(min(end, asyncio.get_running_loop().time() + idle_s))


def _silence_addresses() -> None:
    """Keep the HTTP libraries from logging whole addresses, whose query can hold a key."""
    for name in ("httpx2", "httpcore2", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)
