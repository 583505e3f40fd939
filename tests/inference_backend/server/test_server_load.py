from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any

import httpx2
import openai
import pytest
from local_servers import Running, running, tiny_served

from repowright.inference_backend.engine.settings import EngineStats

CLIENTS = 64


def _words(number: int) -> str:
    return f"client {number} says {'abcdefghij'[number % 10] * (number % 37)} and no more"


async def _stats(server: Running) -> EngineStats:
    return await server.served.engine.stats()


async def _until(server: Running, **wanted: int) -> EngineStats:
    """The engine's figures once they are as wanted; fails after a while."""
    end = time.monotonic() + 20
    while True:
        stats = await _stats(server)
        if all(getattr(stats, name) == value for name, value in wanted.items()):
            return stats
        assert time.monotonic() < end, stats
        await asyncio.sleep(0.02)


async def test_sixty_four_clients_at_once_each_get_their_own_answer(parrot: Running) -> None:
    before = await _stats(parrot)

    async def ask(number: int) -> str:
        async with openai.AsyncOpenAI(base_url=parrot.url, api_key="none", max_retries=0, timeout=200) as client:
            asked: Any = {
                "model": "tiny",
                "messages": [{"role": "user", "content": f"<say>{_words(number)}</say>"}],
                "temperature": number % 2,
                "stream": number % 3 == 0,
            }
            answer: Any = await client.chat.completions.create(**asked)
            if not asked["stream"]:
                return str(answer.choices[0].message.content)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])

    answers = await asyncio.gather(*map(ask, range(CLIENTS)))
    assert answers == [_words(number) for number in range(CLIENTS)]
    after = await _until(parrot, running=0, waiting=0, pages_held=0)
    assert (after.finished - before.finished, after.failed - before.failed) == (CLIENTS, 0)


async def test_seeded_answers_are_the_same_in_a_crowd_as_alone(ask_tiny: openai.AsyncOpenAI) -> None:
    async def ask(number: int) -> str | None:
        answer = await ask_tiny.chat.completions.create(
            model="tiny", messages=[{"role": "user", "content": _words(number)}], seed=number, max_tokens=12
        )
        return answer.choices[0].message.content

    alone = [await ask(number) for number in range(12)]
    assert await asyncio.gather(*map(ask, range(12))) == alone


@pytest.mark.parametrize("streams", [True, False])
async def test_client_that_leaves_gives_its_pages_back(tiny: Running, streams: bool) -> None:
    before = await _stats(tiny)
    asked = {
        "model": "tiny",
        "messages": [{"role": "user", "content": "x" * 500}],
        "max_tokens": 7000,
        "ignore_eos": True,
        "n": 2,
        "stream": streams,
    }

    async def ask() -> None:
        async with httpx2.AsyncClient() as client:
            await client.post(f"{tiny.url}/chat/completions", json=asked, timeout=30)

    asking = asyncio.create_task(ask())
    assert (await _until(tiny, running=2)).pages_held
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    after = await _until(tiny, running=0, waiting=0, pages_held=0)
    assert (after.cancelled - before.cancelled, after.finished - before.finished) == (2, 0)


async def test_requests_beyond_the_queue_are_told_to_come_back() -> None:
    with running(tiny_served(running=2, waiting=3)) as server:
        statuses: Counter[int] = Counter()
        waits: set[str | None] = set()
        async with httpx2.AsyncClient(timeout=60) as client:

            async def ask(number: int) -> None:
                content = f"{number} " * 20
                asked = {"model": "tiny", "messages": [{"role": "user", "content": content}], "max_tokens": 150}
                answer = await client.post(f"{server.url}/chat/completions", json=asked | {"ignore_eos": True})
                statuses[answer.status_code] += 1
                if answer.status_code == 429:
                    waits.add(answer.headers.get("retry-after"))
                    assert answer.json()["error"]["type"] == "rate_limit_error"

            await asyncio.gather(*map(ask, range(20)))
            assert set(statuses) == {200, 429} and statuses[200] >= 3
            assert waits == {"2"}
            await ask(99)
        assert statuses[200] >= 4


async def test_openai_client_comes_back_by_itself_when_told_to() -> None:
    with running(tiny_served(running=1, waiting=1)) as server:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=6) as client:

            async def ask(number: int) -> str | None:
                answer = await client.chat.completions.create(
                    model="tiny", messages=[{"role": "user", "content": str(number)}], max_tokens=20
                )
                return answer.choices[0].finish_reason

            assert set(await asyncio.gather(*map(ask, range(6)))) <= {"stop", "length"}


async def test_metrics_tell_what_happened() -> None:
    with running(tiny_served()) as server:
        async with httpx2.AsyncClient(timeout=30) as client:
            asked = {"model": "tiny", "prompt": "def a():", "max_tokens": 5, "ignore_eos": True}
            assert (await client.post(f"{server.url}/completions", json=asked)).status_code == 200
            assert (await client.post(f"{server.url}/completions", json={})).status_code == 400
            answer = await client.get(f"http://127.0.0.1:{server.port}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    for line in (
        "repowright_generated_total 5",
        "repowright_finished_total 1",
        "repowright_running 0",
        'repowright_requests_total{route="text",status="200"} 1',
        'repowright_requests_total{route="text",status="400"} 1',
        "repowright_first_token_seconds_count 1",
    ):
        assert line in lines
    named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert all(line.startswith("#") or line.split("{")[0].split()[0].startswith(tuple(named)) for line in lines)


async def test_program_keeps_its_cache_while_its_tool_runs_and_gives_it_up_at_its_end() -> None:
    call = '<tool_call>{"name": "clock", "arguments": {}}</tool_call>'
    tool: Any = {"type": "function", "function": {"name": "clock"}}
    with running(tiny_served(says=True)) as server:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0) as client:

            async def turn(messages: list[Any], **hints: Any) -> Any:
                return await client.chat.completions.create(
                    model="tiny", messages=messages, tools=[tool], extra_body={"kv": {"job_id": "one", **hints}}
                )

            history: list[Any] = [{"role": "user", "content": f"What time is it? <say>{call}</say>"}]
            first = await turn(history)
            assert (await _stats(server)).pinned == 1
            said = first.choices[0].message
            assert [made.function.name for made in said.tool_calls] == ["clock"]
            history += [
                json.loads(said.model_dump_json(include={"role", "content", "tool_calls"})),
                {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "<say>Noon.</say>"},
            ]
            second = await turn(history, last_tool="clock")
            assert second.choices[0].message.content == "Noon."
            assert second.usage.prompt_tokens_details.cached_tokens > 64
            await _until(server, pinned=0, pages_held=0)
