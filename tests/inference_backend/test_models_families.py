from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from tiny_models import own_answer, prompt_of, tiny_model
from transformers import GPT2Config

from repowright.inference_backend.config import KVSpec, SparseSpec
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.errors import InferenceError, ModelUnusable
from repowright.inference_backend.kv.place import Place, must_seal, pages_after
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.rope import pin_regime
from repowright.inference_backend.models.shape import ModelShape

FAMILIES = ["llama", "qwen2", "qwen3", "qwen3_moe", "gemma3_text"]
EXACT = KVSpec(k_bits=16, v_bits=16, window=64)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _runner(family: str, spec: KVSpec = EXACT, slots: int = 3) -> tuple[Runner, list[int]]:
    model = tiny_model(family)
    pool = KVPool(ModelShape.of(model.config), spec, 32, slots)
    return Runner(model, pool), list(range(32))


def _prefill(runner: Runner, free: list[int], place: Place, prompt: list[int], chunk: int) -> torch.Tensor:
    logits = torch.empty(0)
    for begin in range(0, len(prompt), chunk):
        part = prompt[begin : begin + chunk]
        fresh = [free.pop() for _ in range(pages_after(place, len(part), runner.pool.spec.window))]
        logits = runner.prefill(place, part, fresh)
    assert place.length == len(prompt)
    return logits


def _answers(family: str, prompts: list[list[int]], count: int, chunk: int) -> list[list[int]]:
    runner, free = _runner(family)
    places = [Place(slot) for slot in range(len(prompts))]
    answers = [
        [int(_prefill(runner, free, place, prompt, chunk).argmax())]
        for place, prompt in zip(places, prompts, strict=True)
    ]
    for _ in range(count - 1):
        for place in places:
            if must_seal(place, 1, runner.pool.spec.window):
                runner.pool.seal(place, free.pop())
        for place, answer, logits in zip(
            places, answers, runner.decode(places, [[answer[-1]] for answer in answers]), strict=True
        ):
            runner.keep(place, 1)
            answer.append(int(logits[-1].argmax()))
    return answers


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_are_those_of_the_model_itself(family: str) -> None:
    prompts = [prompt_of(length, length) for length in (5, 130, 331)]
    wanted = [own_answer(tiny_model(family), prompt, 90) for prompt in prompts]
    assert _answers(family, prompts, 90, chunk=100) == wanted


@pytest.mark.parametrize("family", ["llama", "gemma3_text"])
@pytest.mark.parametrize("chunk", [1, 63, 64, 400])
def test_chunks_of_any_size_lead_to_the_same_logits(family: str, chunk: int) -> None:
    prompt = prompt_of(200)
    runner, free = _runner(family)
    whole = _prefill(runner, free, Place(0), prompt, 1000)
    chunked = _prefill(runner, free, Place(1), prompt, chunk)
    torch.testing.assert_close(chunked, whole, atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("family", ["llama", "gemma3_text"])
def test_drafts_are_verified_as_they_would_be_decoded_and_refused_ones_leave_no_trace(family: str) -> None:
    prompt, text = prompt_of(150), prompt_of(80, 9)
    runner, free = _runner(family)
    plain, drafted = Place(0), Place(1)
    for place in (plain, drafted):
        _prefill(runner, free, place, prompt, 64)
    at = 0
    while at < 72:
        wanted = []
        for token in text[at : at + 3]:
            if must_seal(plain, 1, EXACT.window):
                runner.pool.seal(plain, free.pop())
            wanted.append(runner.decode([plain], [[token]])[0][0])
            runner.keep(plain, 1)
        if must_seal(drafted, 6, EXACT.window):
            runner.pool.seal(drafted, free.pop())
        found = runner.decode([drafted], [[*text[at : at + 3], 1, 2, 3]])[0]
        runner.keep(drafted, 3)
        torch.testing.assert_close(found[:3], torch.stack(wanted), atol=2e-2, rtol=2e-2)
        at += 3
    assert plain.length == drafted.length


def test_four_bits_stay_close_and_two_are_further_off() -> None:
    prompt, found = prompt_of(400), []
    for spec in (EXACT, KVSpec(window=64), KVSpec(k_bits=2, v_bits=2, window=64)):
        runner, free = _runner("llama", spec)
        place = Place(0)
        _prefill(runner, free, place, prompt, 100)
        found.append(runner.decode([place], [[5]])[0][0])
    exact, four, two = found
    assert 0 < float((four - exact).norm()) < 0.5 * float((two - exact).norm())


def test_sliding_layers_have_no_pages_and_prefixes_are_not_shared() -> None:
    runner, _ = _runner("gemma3_text")
    assert [pages is None for pages in runner.pool.pages] == [True, False, True]
    assert not runner.pool.can_share
    assert _runner("llama")[0].pool.can_share


def test_unknown_family_is_refused_with_those_known() -> None:
    with pytest.raises(ModelUnusable, match=r"gpt2.*gemma3_text, llama, qwen2"):
        ModelShape.of(GPT2Config())


def test_full_window_refuses_tokens_until_a_page_is_sealed() -> None:
    runner, free = _runner("llama")
    place = Place(0)
    _prefill(runner, free, place, prompt_of(127), 127)
    runner.decode([place], [[1]])
    runner.keep(place, 1)
    with pytest.raises(ValueError, match="do not fit a window that holds 128"):
        runner.decode([place], [[1]])
    runner.pool.seal(place, free.pop())
    assert (place.in_window, place.length) == (64, 128)


def test_rotary_regime_is_fixed_by_the_longest_text() -> None:
    factors = {"short_factor": [1.0] * 8, "long_factor": [4.0] * 8, "original_max_position_embeddings": 256}
    rope = {"rope_type": "longrope", "rope_theta": 10000.0, "factor": 8.0, **factors}
    prompt = prompt_of(40)
    logits = []
    for longest in (200, 2000):
        model = tiny_model("llama", rope_parameters=rope)
        assert pin_regime(model, longest) == ("short" if longest <= 256 else "long")
        pool = KVPool(ModelShape.of(model.config), EXACT, 8, 1)
        logits.append(Runner(model, pool).prefill(Place(0), prompt, []))
    assert not torch.allclose(logits[0], logits[1])
    assert pin_regime(tiny_model("llama"), 2000) == "plain"


def test_anchors_bring_two_bits_closer_and_survive_chunks_and_new_owners_of_their_pages() -> None:
    prompt, found = prompt_of(500), []
    for spec in (
        EXACT,
        KVSpec(2, 2, window=64),
        KVSpec(2, 2, window=64, anchors=0.2),
        KVSpec(2, 2, window=64, anchors=1),
    ):
        runner, free = _runner("llama", spec)
        for text in (prompt[::-1], prompt):
            place = Place(0)
            _prefill(runner, free, place, text, 130)
            runner.decode([place], [[5]])
            free += place.pages[::-1]
        found.append(runner.decode([place], [[5]])[0][0])
    exact, none, some, every = found
    assert float((some - exact).norm()) < float((none - exact).norm())
    torch.testing.assert_close(every, exact, atol=2e-2, rtol=2e-2)


def test_pages_chosen_within_a_budget_that_covers_all_change_nothing() -> None:
    prompt, found = prompt_of(500), []
    for sparse in (SparseSpec(), SparseSpec("quest", 448, 0.0, 1), SparseSpec("quest", 384, 0.0, 1)):
        runner, free = _runner("llama", replace(EXACT, sparse=sparse))
        place = Place(0)
        _prefill(runner, free, place, prompt, 500)
        found.append(runner.decode([place], [[5]])[0][0])
        assert len(place.pages) == 6
    torch.testing.assert_close(found[0], found[1])
    torch.testing.assert_close(found[0], found[2])


def test_smaller_budget_reads_less() -> None:
    prompt, found = prompt_of(500), []
    for sparse in (SparseSpec(), SparseSpec("quest", 320, 0.0, 1), SparseSpec("quest", 128, 0.0, 1)):
        runner, free = _runner("llama", replace(EXACT, sparse=sparse))
        place = Place(0)
        _prefill(runner, free, place, prompt, 500)
        found.append(runner.decode([place], [[5]])[0][0])
    full, most, little = found
    assert 0 < float((most - full).norm()) < float((little - full).norm())


def test_gate_that_was_not_given_is_refused() -> None:
    with pytest.raises(InferenceError, match="gate"):
        _runner("llama", replace(EXACT, sparse=SparseSpec("gate")))


def test_codebooks_that_were_not_given_are_refused_and_given_ones_are_used() -> None:
    spec = KVSpec(codebook=1.0, window=64)
    model = tiny_model("llama", head_dim=64)
    shape = ModelShape.of(model.config)
    with pytest.raises(InferenceError, match="needs codebooks"):
        KVPool(shape, spec, 8, 1)
    torch.manual_seed(0)
    books = [(torch.randn(2, 8, 256, 8), torch.randn(2, 8, 256, 8)) for _ in range(shape.layers)]
    runner = Runner(model, KVPool(shape, spec, 8, 1, books=books))
    place, free = Place(0), list(range(8))
    _prefill(runner, free, place, prompt_of(300), 100)
    assert torch.isfinite(runner.decode([place], [[3]])[0]).all()


def test_chooser_is_told_of_every_packed_page_and_where_queries_stand() -> None:
    class Listener:
        def __init__(self) -> None:
            self.pages: dict[int, int] = {}
            self.positions: list[int] = []

        def packed(self, layer: int, pages: Sequence[int], keys: torch.Tensor, begin: int) -> None:
            assert keys.shape == (2, len(pages) * 64, 16)
            if not layer:
                self.pages |= {page: begin + 64 * number for number, page in enumerate(pages)}

        def choose(self, layer: int, query: torch.Tensor, positions: torch.Tensor, *others: object) -> None:
            if not layer:
                self.positions += positions.tolist()

    model, listener = tiny_model("llama"), Listener()
    runner = Runner(model, KVPool(ModelShape.of(model.config), EXACT, 16, 1), listener)
    place, free = Place(0), list(range(16))
    _prefill(runner, free, place, prompt_of(255), 100)
    for token in range(2):
        if must_seal(place, 1, EXACT.window):
            runner.pool.seal(place, free.pop())
        runner.decode([place], [[token]])
        runner.keep(place, 1)
    assert listener.pages == {page: 64 * number for number, page in enumerate(place.pages)}
    assert len(place.pages) == 3 and listener.positions == [255, 256]
