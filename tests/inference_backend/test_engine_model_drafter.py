from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from tiny_models import own_answer, prompt_of, tiny_model

from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.engine.model_drafter import ModelDrafter
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape

EXACT = KVSpec(k_bits=16, v_bits=16, window=64)


class Counting(Runner):
    taken = 0

    def prefill(self, place, tokens, fresh):  # type: ignore[no-untyped-def]
        self.taken += len(tokens)
        return super().prefill(place, tokens, fresh)


def _drafter(texts: int = 2, pages: int = 24) -> tuple[ModelDrafter, Counting]:
    torch.set_num_threads(1)
    model = tiny_model("llama")
    runner = Counting(model, KVPool(ModelShape.of(model.config), EXACT, pages, texts))
    return ModelDrafter(runner, pages, texts), runner


def test_proposal_is_what_the_small_model_would_say() -> None:
    drafter, _ = _drafter()
    for length in (1, 100, 300):
        prompt = prompt_of(length, length)
        assert drafter.propose(prompt, 5) == own_answer(tiny_model("llama"), prompt, 5)


def test_text_that_grows_is_not_computed_again() -> None:
    drafter, runner = _drafter()
    text = prompt_of(200)
    drafter.propose(text, 4)
    for _ in range(30):
        text = [*text, *prompt_of(2, len(text))]
        runner.taken = 0
        assert drafter.propose(text, 4) == own_answer(tiny_model("llama"), text, 4)
        assert runner.taken <= 2 or runner.taken == len(text)


def test_texts_in_turn_are_both_kept() -> None:
    drafter, runner = _drafter(texts=2)
    one, other = prompt_of(150, 1), prompt_of(90, 2)
    drafter.propose(one, 3)
    drafter.propose(other, 3)
    runner.taken = 0
    drafter.propose([*one, 5], 3)
    drafter.propose([*other, 5], 3)
    assert runner.taken == 2


def test_text_that_does_not_fit_gets_no_drafts() -> None:
    drafter, _ = _drafter(texts=2, pages=4)
    assert drafter.propose(prompt_of(127), 2) == []
    assert len(drafter.propose(prompt_of(126), 2)) == 2
    assert drafter.propose([], 2) == []
