from __future__ import annotations

from typing import Any

import pytest
from small_model import with_small_model

pytest.importorskip("transformers", reason="needs the extra `local`")

import inspect
import textwrap

import torch

from repowright.inference_backend.config import PRESETS
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.opening import open_core
from repowright.inference_backend.engine.request import Request, Sampling
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.kv.place import Place, must_seal, pages_after
from repowright.inference_backend.models.loader import SMALL, LoadedModel, load_model

pytestmark = [pytest.mark.slow, with_small_model]
ANSWER = 40


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    torch.set_num_threads(1)
    return load_model(SMALL, "cpu", tmp_path_factory.mktemp("converted"))


@pytest.fixture(scope="module")
def own(small: LoadedModel) -> dict[tuple[int, ...], list[int]]:
    """Prompts of real code, and what the model answers by transformers' own loop."""
    text = small.tokeniser(inspect.getsource(textwrap))["input_ids"]
    generate: Any = small.model.generate
    small.model.set_attn_implementation("sdpa")
    found = {}
    for length in (40, 200, 700):
        ids = torch.tensor([text[:length]])
        answer = generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=ANSWER, do_sample=False)
        found[tuple(text[:length])] = answer[0, length:].tolist()
    return found


def _answers(small: LoadedModel, preset: str, prompts: list[tuple[int, ...]]) -> tuple[list[list[int]], EngineCore]:
    core = open_core(small, PRESETS[preset], EngineSettings(pages=40, running=3, pinned=0, chunk=300))
    for number, prompt in enumerate(prompts):
        core.add(Request(str(number), prompt, Sampling(max_tokens=ANSWER)))
    found: dict[str, list[int]] = {str(number): [] for number in range(len(prompts))}
    while not core.is_idle:
        for name, delta in core.step():
            found[name] += [each.token for each in delta.tokens]
    return list(found.values()), core


def _likeliest(small: LoadedModel, preset: str, text: list[int], known: int) -> tuple[list[int], int]:
    """The model's next tokens behind the known ones, each behind the text itself; and bytes of a page."""
    core = open_core(small, PRESETS[preset], EngineSettings(pages=20, running=1, pinned=0))
    runner, place, pages = core.runner, Place(0), list(range(20))
    fresh = [pages.pop() for _ in range(pages_after(place, known, 128))]
    found = [int(runner.prefill(place, text[:known], fresh).argmax())]
    for token in text[known:]:
        if must_seal(place, 1, 128):
            runner.pool.seal(place, pages.pop())
        found.append(int(runner.decode([place], [[token]])[0][0].argmax()))
        runner.keep(place, 1)
    layer = runner.pool.pages[0]
    assert layer is not None
    return found, layer.layout.page_bytes


def test_half_precision_answers_as_the_model_itself(small: LoadedModel, own: dict[tuple[int, ...], list[int]]) -> None:
    answers, _ = _answers(small, "fp16", list(own))
    assert answers == list(own.values())


def test_four_bits_nearly_always_agree_in_a_third_of_the_memory(small: LoadedModel) -> None:
    text: Any = small.tokeniser(inspect.getsource(textwrap))["input_ids"]
    exact, exact_bytes = _likeliest(small, "fp16", text[:700], 660)
    four, four_bytes = _likeliest(small, "int4", text[:700], 660)
    assert sum(one == other for one, other in zip(exact, four, strict=True)) >= 0.9 * len(exact)
    assert four_bytes < 0.34 * exact_bytes


def test_two_bits_with_anchors_answer_in_words(small: LoadedModel) -> None:
    question = [{"role": "user", "content": "What is the capital of France?"}]
    encoded: Any = small.tokeniser.apply_chat_template(question, add_generation_prompt=True, tokenize=False)
    prompt = tuple(small.tokeniser(encoded)["input_ids"])
    answers, _ = _answers(small, "int2", [prompt])
    assert "Paris" in str(small.tokeniser.decode(answers[0]))
