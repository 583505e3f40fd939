from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from tiny_models import own_answer, prompt_of, tiny_model

from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.engine.core import EngineCore, Update
from repowright.inference_backend.engine.engine import Engine
from repowright.inference_backend.engine.request import Request, Sampling
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.errors import InferenceError, RequestTooLong
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape


class Letters:
    def decode(self, token_ids: list[int], skip_special_tokens: bool = False, **named: bool) -> str:
        return "".join(chr(256 + token) for token in token_ids)


class Breaking(EngineCore):
    is_broken = False

    def step(self) -> list[Update]:
        if self.is_broken:
            self.is_broken = False
            raise RuntimeError("out of memory")
        return super().step()


@pytest.fixture
def core() -> Breaking:
    torch.set_num_threads(1)
    model = tiny_model("llama")
    wanted = EngineSettings(pages=24, running=4, pinned=1, chunk=64)
    pool = KVPool(ModelShape.of(model.config), KVSpec(k_bits=16, v_bits=16, window=64), 24, 5)
    return Breaking(Runner(model, pool), Letters(), wanted, time.monotonic)


@pytest.fixture
def engine(core: Breaking) -> Iterator[Engine]:
    with Engine(core) as engine:
        yield engine


async def _tokens(engine: Engine, request: Request) -> list[int]:
    return [token.token async for delta in engine.submit(request) for token in delta.tokens]


async def test_many_clients_at_once_each_get_their_answer(engine: Engine) -> None:
    prompts = [prompt_of(20 + 7 * number, number) for number in range(12)]
    answers = await asyncio.gather(
        *(_tokens(engine, Request(str(n), tuple(prompt), Sampling(max_tokens=8))) for n, prompt in enumerate(prompts))
    )
    assert answers == [own_answer(tiny_model("llama"), prompt, 8) for prompt in prompts]
    assert (await engine.stats()).finished == 12


async def test_leaving_the_answer_cancels_the_request(engine: Engine) -> None:
    async with aclosing(engine.submit(Request("a", tuple(prompt_of(10)), Sampling(max_tokens=900)))) as answer:
        async for _ in answer:
            break
    stats = await engine.stats()
    assert (stats.cancelled, stats.running, stats.pages_held) == (1, 0, 0)


async def test_cancelled_task_cancels_the_request(engine: Engine) -> None:
    task = asyncio.create_task(_tokens(engine, Request("a", tuple(prompt_of(10)), Sampling(max_tokens=900))))
    while not (await engine.stats()).running:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await engine.stats()).running == 0


async def test_refused_request_leaves_the_engine_running(engine: Engine) -> None:
    with pytest.raises(RequestTooLong):
        await _tokens(engine, Request("a", (1,) * 5000))
    with pytest.raises(ValueError, match="one token or more"):
        await _tokens(engine, Request("a", ()))
    assert len(await _tokens(engine, Request("a", (1, 2), Sampling(max_tokens=3)))) == 3


async def test_broken_step_fails_its_requests_and_the_next_one_is_answered(core: Breaking, engine: Engine) -> None:
    core.is_broken = True
    with pytest.raises(InferenceError, match="out of memory"):
        await _tokens(engine, Request("a", (1, 2), Sampling(max_tokens=3)))
    assert len(await _tokens(engine, Request("b", (1, 2), Sampling(max_tokens=3)))) == 3


async def test_closed_engine_fails_what_runs_and_refuses_the_rest(engine: Engine) -> None:
    task = asyncio.create_task(_tokens(engine, Request("a", tuple(prompt_of(10)), Sampling(max_tokens=1000))))
    while not (await engine.stats()).running:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(engine.close)
    with pytest.raises(InferenceError, match="was closed"):
        await task
    with pytest.raises(InferenceError, match="does not run"):
        await _tokens(engine, Request("b", (1, 2)))
