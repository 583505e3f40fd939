from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from small_model import needs_small_model

pytest.importorskip("transformers", reason="needs the extra `local`")
pytest.importorskip("xgrammar", reason="needs the extra `local`")
pytest.importorskip("uvicorn", reason="needs the extra `local`")

import openai
from local_servers import MODELS, Running, running, tiny_served

from repowright.inference_backend.config import PRESETS
from repowright.inference_backend.models.loader import SMALL, load_model
from repowright.inference_backend.server.opening import serve_loaded


@pytest.fixture(scope="package")
def tiny() -> Iterator[Running]:
    with running(tiny_served()) as server:
        yield server


@pytest.fixture(scope="package")
def parrot() -> Iterator[Running]:
    with running(tiny_served(says=True)) as server:
        yield server


@pytest.fixture(scope="package")
def small() -> Iterator[Running]:
    needs_small_model()
    loaded = load_model(SMALL, "cpu", MODELS)
    with running(serve_loaded(loaded, PRESETS["fp16"], pages=300)) as server:
        yield server


@pytest.fixture
async def ask_tiny(tiny: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=tiny.url, api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
async def ask_parrot(parrot: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=parrot.url, api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
async def ask_small(small: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=small.url, api_key="none", max_retries=0) as client:
        yield client
