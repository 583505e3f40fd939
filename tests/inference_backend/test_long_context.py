from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_model

from repowright.inference_backend.errors import ModelUnusable
from repowright.inference_backend.long_context.factors import Rotary, attention_factor, long_parameters, turned
from repowright.inference_backend.long_context.needles import needle_loss, needles
from repowright.inference_backend.long_context.search import SearchSettings, crossed, evolve, monotone, mutated
from repowright.inference_backend.models.rope import pin_regime

ROTARY = Rotary(pairs=32, base=100_000.0, trained=8192)
factors = st.lists(st.floats(0.1, 100.0), min_size=1, max_size=40)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _encode(text: str) -> list[int]:
    return [ord(letter) % 90 for letter in text]


@given(factors, st.floats(1.0, 64.0))
def test_monotone_factors_stay_in_order_and_in_bounds(given_factors: list[float], most: float) -> None:
    found = monotone(given_factors, most)
    assert list(found) == sorted(found) and found[0] >= 1.0 and found[-1] <= round(most, 4)
    assert monotone(found, most) == found


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_mutations_and_crossings_are_monotone(seed: int) -> None:
    random, known = Random(seed), SearchSettings(most=16.0)
    one, other = mutated(ROTARY.ramp(4), known, random), mutated(ROTARY.by_base(4), known, random)
    for each in (one, other, crossed(one, other, random)):
        assert list(each) == sorted(each) and len(each) == ROTARY.pairs and each[-1] <= 16.0


def _turning(model: torch.nn.Module) -> Any:
    (found,) = (each for each in model.modules() if hasattr(each, "inv_freq"))
    return found


def test_known_ways_slow_the_slowest_pair_and_keep_the_fastest() -> None:
    assert ROTARY.linear(4)[0] == 4.0
    for way in (ROTARY.by_base(4), ROTARY.ramp(4)):
        assert way[0] == pytest.approx(1.0) and way[-1] == pytest.approx(4.0) and list(way) == sorted(way)


def test_critical_pair_is_the_first_without_a_whole_turn() -> None:
    turns = [ROTARY.trained / (2 * math.pi * ROTARY.base ** (pair / ROTARY.pairs)) for pair in range(ROTARY.pairs)]
    assert turns[ROTARY.critical - 1] >= 1 > turns[ROTARY.critical]


def test_search_finds_what_the_loss_wants_and_never_loses_the_best() -> None:
    wanted = monotone([1 + pair / 8 for pair in range(32)], 16)

    def loss(each: tuple[float, ...]) -> float:
        return sum((one - other) ** 2 for one, other in zip(each, wanted, strict=True))

    known = SearchSettings(population=16, parents=6, mutations=12, crossings=6, rounds=40, most=16.0)
    rounds = list(evolve([ROTARY.linear(4), ROTARY.by_base(4)], loss, known))
    best = [population[0].loss for population in rounds]
    assert best == sorted(best, reverse=True)
    assert best[-1] < 0.3 * best[0]
    assert list(evolve([ROTARY.linear(4)], loss, known))[-1] == list(evolve([ROTARY.linear(4)], loss, known))[-1]


def test_factors_hold_for_a_time_and_leave_the_model_as_it_was() -> None:
    model = tiny_model("llama")
    rotary = Rotary.of(model.config)
    module = _turning(model)
    before = module.inv_freq.clone()
    with turned(model, rotary, rotary.linear(4), 4):
        assert torch.allclose(module.inv_freq * 4, before)
        assert module.attention_scaling == attention_factor(4, rotary.trained) > 1
    assert torch.equal(module.inv_freq, before) and module.attention_scaling == 1.0


def test_found_factors_are_consumed_as_a_model_would() -> None:
    rotary = Rotary.of(tiny_model("llama").config)
    found = rotary.ramp(4)
    sizes: dict[str, Any] = {
        "max_position_embeddings": 4 * rotary.trained,
        "rope_parameters": long_parameters(rotary, found, 4.0),
    }
    for longest, factors, regime in ((4 * rotary.trained, found, "long"), (rotary.trained, rotary.plain(), "short")):
        model = tiny_model("llama", **sizes)
        assert pin_regime(model, longest) == regime
        module = _turning(model)
        base = rotary.base ** (torch.arange(rotary.pairs) / rotary.pairs)
        assert torch.allclose(module.inv_freq, 1 / (base * torch.tensor(factors)), rtol=1e-3)
        assert module.attention_scaling == pytest.approx(attention_factor(4, rotary.trained))
    with pytest.raises(ModelUnusable, match="longrope"):
        Rotary.of(model.config)


def test_needles_ask_for_one_number_of_several() -> None:
    asked = needles(_encode, list(range(90)) * 20, 4, 300)
    for each in asked:
        text = "".join(chr(token) for token in each.tokens)
        assert 250 <= len(each.tokens) <= 310 and each.answer == 6 and each.after < len(each.tokens) - 20
        assert text.count(text[-each.answer + 1 :]) == 2
    assert len({each.tokens for each in asked}) == 4


def test_needle_loss_is_that_of_the_answer_behind_the_skipped_positions() -> None:
    model = tiny_model("llama", vocab_size=120)
    (asked,) = needles(_encode, list(range(90)) * 20, 1, 120)
    found = needle_loss(model, [asked], (0, 500))
    losses = []
    for distance in (0, 500):
        places = torch.arange(len(asked.tokens))
        places[asked.after :] += distance
        ids = torch.tensor([asked.tokens])
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), position_ids=places[None]).logits[0]
        likely = torch.log_softmax(logits, -1)
        ends = range(len(asked.tokens) - asked.answer, len(asked.tokens))
        losses += [-float(likely[at - 1, asked.tokens[at]]) for at in ends]
    assert found == pytest.approx(sum(losses) / len(losses), rel=1e-4)
    assert losses[: asked.answer] != losses[asked.answer :]
