from __future__ import annotations

import math
from dataclasses import replace

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from small_training import loaded_tiny
from tiny_models import prompt_of

from repowright.inference_backend.card.cache_step import CacheStep, packed_tokens
from repowright.inference_backend.card.perplexity import perplexity
from repowright.inference_backend.card.ways import Way, perplexity_ways
from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kv.place import Place, must_seal
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.training.listening import ListeningStep, forward

TOKENS = 5 * PAGE


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    torch.set_num_threads(1)
    return loaded_tiny()


def _decoded(loaded: LoadedModel, spec: KVSpec, text: list[int]) -> torch.Tensor:
    """Logits behind each token of a text that the engine takes in token by token."""
    runner, place, pages = Runner(loaded.model, KVPool(loaded.shape, spec, 5, 1)), Place(0), list(range(5))
    found = [runner.prefill(place, text[:1], [])]
    for token in text[1:]:
        if must_seal(place, 1, spec.window):
            runner.pool.seal(place, pages.pop())
        found.append(runner.decode([place], [[token]])[0][0])
        runner.keep(place, 1)
    return torch.stack(found)


@pytest.mark.parametrize("spec", [KVSpec(16, 16, window=64), KVSpec(4, 4, window=128), KVSpec(2, 8, window=64)])
def test_one_pass_gives_what_decoding_token_by_token_gives(loaded: LoadedModel, spec: KVSpec) -> None:
    text = prompt_of(TOKENS, 3)
    measured = forward(loaded.model, CacheStep(Way("", spec), loaded.shape, TOKENS), text, logits=0)
    one, other = (torch.log_softmax(each, -1) for each in (measured, _decoded(loaded, spec, text)))
    assert float((one - other).abs().mean()) < 0.01
    exact = forward(loaded.model, ListeningStep(loaded.shape.sliding, lambda *_: None), text, logits=0)
    if spec.v_bits != 16:
        assert float((torch.log_softmax(exact, -1) - other).abs().mean()) > 0.02


@pytest.mark.parametrize("window", [64, 128])
def test_far_tokens_are_those_the_engine_would_have_packed(window: int) -> None:
    place = Place(0)
    for at in range(TOKENS):
        if must_seal(place, 1, window):
            place.pages.append(0)
            place.in_window -= PAGE
        place.in_window += 1
        assert packed_tokens(at, window) == len(place.pages) * PAGE and place.length == at + 1


def test_without_a_window_even_the_newest_token_comes_from_its_page() -> None:
    assert [packed_tokens(at, 0) for at in (0, 63, 64, 200)] == [64, 64, 128, 256]


def _perplexity(loaded: LoadedModel, way: Way) -> float:
    return perplexity(loaded, way, [prompt_of(TOKENS, 5)])


def test_exact_way_is_the_models_own_perplexity(loaded: LoadedModel) -> None:
    text = prompt_of(TOKENS, 5)
    loaded.model.set_attn_implementation("sdpa")
    with torch.no_grad():
        logits = loaded.model(torch.tensor([text])).logits[0, :-1]
    own = math.exp(float(torch.nn.functional.cross_entropy(logits, torch.tensor(text[1:]))))
    assert _perplexity(loaded, Way("exact", KVSpec(16, 16))) == pytest.approx(own, rel=0.01)


def test_everything_as_an_anchor_is_exact_however_few_the_bits(loaded: LoadedModel) -> None:
    exact = _perplexity(loaded, Way("", KVSpec(16, 16)))
    for is_dropped in (True, False):
        for by in ("query", "mass", "exact", "first", "random"):
            way = Way("", KVSpec(2, 2, window=64, anchors=1.0), by, drops_far=is_dropped)
            assert _perplexity(loaded, way) == pytest.approx(exact, rel=0.01)


def test_control_reads_nothing_far_but_its_anchors(loaded: LoadedModel) -> None:
    text, changed = prompt_of(TOKENS, 5), prompt_of(TOKENS, 5)
    changed[3] = (changed[3] + 1) % 90
    first = Way("", KVSpec(16, 16, window=64, anchors=0.03), "first", drops_far=True)
    for way, is_blind in ((replace(first, spec=KVSpec(16, 16, window=64)), True), (first, False)):
        logits = [
            forward(loaded.model, CacheStep(way, loaded.shape, TOKENS), each, logits=1) for each in (text, changed)
        ]
        assert torch.equal(*logits) == is_blind


def test_texts_that_fill_no_pages_and_sliding_models_are_refused(loaded: LoadedModel) -> None:
    with pytest.raises(InferenceError, match="no whole number of pages"):
        CacheStep(Way("", KVSpec()), loaded.shape, 100)
    with pytest.raises(InferenceError, match="sliding"):
        CacheStep(Way("", KVSpec()), loaded_tiny("gemma3_text").shape, 128)


def test_every_table_has_its_control_and_no_name_twice() -> None:
    ways = perplexity_ways()
    assert len({way.name for way in ways}) == len(ways)
    assert ways[0].spec.is_exact and not ways[0].drops_far
    assert sum(way.drops_far for way in ways) == 3
    assert all(bool(way.spec.codebook) == bool(way.books) for way in ways)
