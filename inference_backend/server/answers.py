"""Answers as they come from the engine: what was said and called, with tokens and cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from repowright.inference_backend.engine.engine import Engine
from repowright.inference_backend.engine.request import Delta, FinishReason, Request, SampledToken, Usage
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.server.failures import Refused, refusal_of
from repowright.inference_backend.server.tool_reading import Part, Reader
from repowright.inference_backend.structured import GrammarMask


@dataclass(frozen=True)
class Choice:
    """One of the answers that are wanted.

    Parameters
    ----------
    reader
        Finds calls of tools in it.
    grammar
        What it is held to.
    end_tokens
        Tokens that end it, and are no part of it.
    """

    request: Request
    reader: Reader
    grammar: GrammarMask | None
    end_tokens: frozenset[int]


@dataclass(frozen=True)
class Piece:
    """What an answer grew by.

    Parameters
    ----------
    finish
        Why it ends here; None if it goes on.
    """

    parts: Sequence[Part]
    tokens: tuple[SampledToken, ...] = ()
    finish: FinishReason | None = None
    usage: Usage | None = None


Sink = Callable[[int, Piece], Awaitable[None]]
"""Takes the pieces of the answers, each with the number of its answer."""


async def answer(engine: Engine, choices: Sequence[Choice], sink: Sink) -> None:
    """Let the engine answer, all choices at once; leaving cancels them.

    Raises
    ------
    Refused
        If the engine refuses one of them or gives it up; the others are cancelled.
    """

    async def one(number: int, choice: Choice) -> None:
        async with aclosing(_pieces(engine, choice)) as pieces:
            async for piece in pieces:
                await sink(number, piece)

    tasks = [asyncio.create_task(one(number, choice)) for number, choice in enumerate(choices)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pieces(engine: Engine, choice: Choice) -> AsyncGenerator[Piece, None]:
    async with aclosing(_deltas(engine, choice.request)) as deltas:
        async for delta in deltas:
            if delta.finish and choice.grammar is not None and choice.grammar.is_broken:
                raise Refused(500, "the model's vocabulary cannot write what was asked for", code="engine_failed")
            parts = choice.reader.push(delta.text)
            if delta.finish:
                parts += choice.reader.finish()
            yield Piece(parts, _own_tokens(delta, choice), delta.finish, delta.usage)


async def _deltas(engine: Engine, request: Request) -> AsyncGenerator[Delta, None]:
    try:
        async with aclosing(engine.submit(request)) as deltas:
            async for delta in deltas:
                yield delta
    except (InferenceError, ValueError) as err:
        raise refusal_of(err) from err


def _own_tokens(delta: Delta, choice: Choice) -> tuple[SampledToken, ...]:
    """Tokens of the answer: without the one that ended it."""
    is_end = delta.finish == "stop" and delta.tokens and delta.tokens[-1].token in choice.end_tokens
    return delta.tokens[:-1] if is_end else delta.tokens
