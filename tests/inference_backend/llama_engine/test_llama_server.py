from __future__ import annotations

import asyncio
import json
import math
import time
from random import Random
from typing import Any

import httpx2
import openai
import pytest
import torch
from jsonschema.validators import Draft202012Validator
from local_servers import Running, running
from openai.types.chat import ChatCompletionMessageParam
from random_schemas import Schema, object_schema, random_schema

from repowright.inference_backend.engine.settings import EngineStats
from repowright.inference_backend.llama_engine.model import LlamaModel, LlamaWeights, Stretch
from repowright.inference_backend.llama_engine.opening import serve_llama
from repowright.inference_backend.models.loader import SMALL

QUESTION: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}, "days": {"type": "integer"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
SCHEMAS, CLIENTS = 50, 8


def _forget(server: Running) -> None:
    """Let the next answer be computed as the first one is: behind a kept prefix logits are rounded otherwise."""
    core: Any = server.served.engine._core
    assert core.is_idle
    core.slots.forget_all()


async def _streamed(client: openai.AsyncOpenAI, **asked: Any) -> list[tuple[str, list[str], str | None]]:
    """Text, tokens and end of each choice, put together from the chunks."""
    texts: dict[int, str] = {}
    tokens: dict[int, list[str]] = {}
    ends: dict[int, str] = {}
    async for chunk in await client.chat.completions.create(**asked, stream=True):
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
            told = (choice.logprobs and choice.logprobs.content) or []
            tokens.setdefault(choice.index, []).extend(each.token for each in told)
            ends |= {choice.index: choice.finish_reason} if choice.finish_reason else {}
    return [(texts[number], tokens[number], ends[number]) for number in sorted(texts)]


@pytest.mark.parametrize(
    "asked",
    [
        {"temperature": 0},
        {"temperature": 1.3, "seed": 5, "n": 3},
        {"temperature": 0.7, "top_p": 0.9, "seed": 6, "logprobs": True, "top_logprobs": 3},
        {"temperature": 1, "seed": 7, "stop": ["a", "b", "c"]},
        {"temperature": 1, "seed": 8, "presence_penalty": 1.5, "frequency_penalty": 1, "logit_bias": {"70": 4}},
        {"temperature": 1, "seed": -1, "extra_body": {"top_k": 4, "min_p": 0.05}},
    ],
)
async def test_answer_of_llama_cpp_is_the_same_streamed_and_whole(
    llama: Running, ask: openai.AsyncOpenAI, asked: dict[str, Any]
) -> None:
    _forget(llama)
    wanted = {"model": SMALL, "messages": QUESTION, "max_tokens": 24, **asked}
    answer = await ask.chat.completions.create(**wanted)
    whole = [
        (
            str(choice.message.content),
            [each.token for each in (choice.logprobs and choice.logprobs.content) or []],
            choice.finish_reason,
        )
        for choice in answer.choices
    ]
    _forget(llama)
    assert await _streamed(ask, **wanted) == whole
    assert len({text for text, _, _ in whole}) == asked.get("n", 1)


async def test_llama_cpp_stops_where_told(llama: Running, ask: openai.AsyncOpenAI) -> None:
    wanted: Any = {"model": SMALL, "prompt": "The capital of France is", "temperature": 0, "max_tokens": 30}
    _forget(llama)
    free = (await ask.completions.create(**wanted)).choices[0].text
    assert " Paris" in free
    _forget(llama)
    stopped = (await ask.completions.create(**wanted, stop=["Par", "Paris"])).choices[0]
    assert (stopped.text, stopped.finish_reason) == (free.partition("Par")[0], "stop")


async def test_seed_decides_what_llama_cpp_answers(llama: Running, ask: openai.AsyncOpenAI) -> None:
    async def answer(**more: Any) -> str:
        _forget(llama)
        found = await ask.chat.completions.create(model=SMALL, messages=QUESTION, max_tokens=16, temperature=1, **more)
        return str(found.choices[0].message.content)

    assert await answer(seed=3) == await answer(seed=3) != await answer(seed=4)
    assert await answer() != await answer()


async def test_log_probabilities_are_those_of_the_model(
    llama: Running, ask: openai.AsyncOpenAI, weights: LlamaWeights
) -> None:
    answer = await ask.chat.completions.create(
        model=SMALL, messages=QUESTION, max_tokens=16, seed=2, logprobs=True, top_logprobs=20
    )
    content = (answer.choices[0].logprobs and answer.choices[0].logprobs.content) or []
    written = [bytes(each.bytes or []) for each in content]
    assert b"".join(written).decode("utf-8", "replace") == answer.choices[0].message.content
    for each in content:
        top = [one.logprob for one in each.top_logprobs]
        assert top == sorted(top, reverse=True) and len(top) == 20 and sum(map(math.exp, top)) <= 1 + 1e-5
    known = llama.served.grammars.token_bytes
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = list(llama.served.prompts.of_chat(_messages(asked), [], thinks=True))
    own = _own_logprobs(weights, prompt, [known.index(each) for each in written])
    assert [each.logprob for each in content] == pytest.approx(own, abs=1.0)


def _messages(asked: list[dict[str, str]]) -> Any:
    from repowright.inference_backend.server.chat_schemas import ChatRequest

    return ChatRequest.model_validate_json(json.dumps({"model": SMALL, "messages": asked})).messages


def _own_logprobs(weights: LlamaWeights, prompt: list[int], answer: list[int]) -> list[float]:
    """What the model says of each token of an answer, asked anew for each."""
    model = LlamaModel(weights, 512, 1, 256, 1)
    found = []
    for at, token in enumerate(answer):
        model.clear()
        logits = model.evaluate([Stretch(0, 0, [*prompt, *answer[:at]])])[0]
        found.append(float(torch.log_softmax(logits, 0)[token]))
    return found


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
@pytest.mark.parametrize("streams", [False, True])
async def test_call_that_must_come_comes_from_llama_cpp(ask: openai.AsyncOpenAI, choice: Any, streams: bool) -> None:
    wanted: Any = {"model": SMALL, "tools": [WEATHER], "tool_choice": choice, "max_tokens": 120, "seed": 3}
    wanted |= {"messages": [{"role": "user", "content": "No, thank you."}], "parallel_tool_calls": False}
    if streams:
        chunks = [chunk async for chunk in await ask.chat.completions.create(**wanted, stream=True)]
        calls = [call for chunk in chunks for one in chunk.choices for call in one.delta.tool_calls or []]
    else:
        calls = list((await ask.chat.completions.create(**wanted)).choices[0].message.tool_calls or [])
    assert [call.function.name for call in calls] == ["weather"]
    arguments = json.loads(calls[0].function.arguments)
    assert arguments["city"] in ("Paris", "Rome") and set(arguments) <= {"city", "days"}


@pytest.mark.slow
async def test_random_schemas_are_always_answered_with_json_they_accept(
    llama: Running, ask: openai.AsyncOpenAI
) -> None:
    random = Random(20261123)
    schemas = [(object_schema if number % 2 else random_schema)(random, 2) for number in range(SCHEMAS)]
    known = llama.served.grammars.token_bytes
    closing = {str(known.index(letter.encode())): by for letter, by in zip('"}],', (7, 8, 8, 1), strict=True)}
    slots = asyncio.Semaphore(CLIENTS)

    async def one(number: int, schema: Schema) -> None:
        form: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        async with slots:
            answer = await ask.chat.completions.create(
                model=SMALL, messages=QUESTION, response_format=form, seed=number, max_tokens=800, logit_bias=closing
            )
        assert answer.choices[0].finish_reason == "stop"
        value = json.loads(str(answer.choices[0].message.content))
        assert not list(Draft202012Validator(schema).iter_errors(value)), (value, schema)

    await asyncio.gather(*(one(number, schema) for number, schema in enumerate(schemas)))


async def test_kept_prefix_is_counted_as_cached(ask: openai.AsyncOpenAI) -> None:
    asked: Any = {"model": SMALL, "max_tokens": 4, "temperature": 0, "prompt": "A long text about towers. " * 20}
    first = await ask.completions.create(**asked)
    again = await ask.completions.create(**asked, n=2)
    assert first.usage is not None and again.usage is not None
    details = again.usage.prompt_tokens_details
    assert details is not None and details.cached_tokens == again.usage.prompt_tokens - 1


async def test_eight_clients_at_once_each_get_their_own_answer(llama: Running) -> None:
    def words(number: int) -> str:
        return f"client {number} says {'abcdefghij'[number] * (3 * number)} and no more"

    async def answer(number: int) -> str:
        form = {"name": "answer", "schema": {"const": words(number)}, "strict": True}
        asked: Any = {"model": SMALL, "messages": QUESTION, "temperature": 1, "stream": number % 2 == 0}
        asked["response_format"] = {"type": "json_schema", "json_schema": form}
        async with openai.AsyncOpenAI(base_url=llama.url, api_key="none", max_retries=0, timeout=200) as client:
            found: Any = await client.chat.completions.create(**asked)
            if not asked["stream"]:
                return str(found.choices[0].message.content)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in found])

    answers = await asyncio.gather(*map(answer, range(CLIENTS)))
    assert [json.loads(each) for each in answers] == [words(number) for number in range(CLIENTS)]
    await _until(llama, running=0, waiting=0, pages_held=0)


async def _until(server: Running, **wanted: int) -> EngineStats:
    """The engine's figures once they are as wanted; fails after a while."""
    end = time.monotonic() + 30
    while True:
        stats = await server.served.engine.stats()
        if all(getattr(stats, name) == value for name, value in wanted.items()):
            return stats
        assert time.monotonic() < end, stats
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("streams", [True, False])
async def test_client_that_leaves_stops_llama_cpp(llama: Running, streams: bool) -> None:
    before = await llama.served.engine.stats()
    asked = {"model": SMALL, "prompt": "x", "max_tokens": 7000, "ignore_eos": True, "n": 2, "stream": streams}

    async def leave() -> None:
        async with httpx2.AsyncClient() as client:
            await client.post(f"{llama.url}/completions", json=asked, timeout=60)

    asking = asyncio.create_task(leave())
    await _until(llama, running=2)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    after = await _until(llama, running=0, waiting=0, pages_held=0)
    assert (after.cancelled - before.cancelled, after.finished - before.finished) == (2, 0)


async def test_requests_beyond_the_queue_of_llama_cpp_get_429(llama_cpp: Any) -> None:
    with running(serve_llama(SMALL, threads=1, waiting=1, cells=512)) as server:
        async with httpx2.AsyncClient(timeout=100) as client:

            async def status(number: int) -> int:
                asked = {"model": SMALL, "prompt": f"{number}", "max_tokens": 40, "ignore_eos": True}
                return (await client.post(f"{server.url}/completions", json=asked)).status_code

            statuses = await asyncio.gather(*map(status, range(14)))
    assert set(statuses) == {200, 429} and statuses.count(200) >= 1
