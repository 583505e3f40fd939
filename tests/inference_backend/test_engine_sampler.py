from __future__ import annotations

from collections import Counter

import pytest
import torch

from repowright.inference_backend.engine.drafter import PromptLookup, verify
from repowright.inference_backend.engine.request import Sampling
from repowright.inference_backend.engine.sampler import Sampler

_LOGITS = torch.log(torch.tensor([0.5, 0.25, 0.15, 0.1]))


def _drawn(sampling: Sampling, count: int = 400) -> Counter[int]:
    sampler = Sampler(sampling)
    return Counter(sampler.choose(_LOGITS).token for _ in range(count))


def test_temperature_zero_takes_the_likeliest() -> None:
    assert set(_drawn(Sampling(), 20)) == {0}


def test_draws_follow_the_distribution() -> None:
    drawn = _drawn(Sampling(temperature=1.0, seed=3), 4000)
    assert [drawn[token] / 4000 for token in range(4)] == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.03)


@pytest.mark.parametrize(
    ("sampling", "kept"),
    [
        (Sampling(temperature=1.0, top_k=2), {0, 1}),
        (Sampling(temperature=1.0, top_p=0.7), {0, 1}),
        (Sampling(temperature=1.0, top_p=0.76), {0, 1, 2}),
        (Sampling(temperature=1.0, min_p=0.25), {0, 1, 2}),
        (Sampling(temperature=1.0, top_p=1e-9), {0}),
        (Sampling(temperature=1.0, top_k=3, min_p=0.4), {0, 1}),
    ],
)
def test_bounds_leave_the_likely_tokens(sampling: Sampling, kept: set[int]) -> None:
    assert set(_drawn(sampling)) == kept


def test_seed_decides_the_answer() -> None:
    def answer(seed: int) -> list[int]:
        sampler = Sampler(Sampling(temperature=1.0, seed=seed))
        return [sampler.choose(_LOGITS).token for _ in range(30)]

    assert answer(7) == answer(7)
    assert answer(7) != answer(8)


def test_logprobs_are_those_of_the_model_whatever_is_drawn_from() -> None:
    allowed = _LOGITS.clone()
    allowed[:2] = float("-inf")
    chosen = Sampler(Sampling(temperature=0.5, top_k=1, logprobs=2)).choose(_LOGITS, allowed)
    assert chosen.token == 2
    assert chosen.logprob == pytest.approx(float(torch.tensor(0.15).log()))
    assert [each.token for each in chosen.likeliest] == [0, 1]


def test_token_forbidden_by_a_mask_is_never_drawn() -> None:
    allowed = _LOGITS.clone()
    allowed[0] = float("-inf")
    sampler = Sampler(Sampling(temperature=2.0))
    assert 0 not in {sampler.choose(_LOGITS, allowed).token for _ in range(200)}


def test_bad_settings_are_refused() -> None:
    for bad in ({"temperature": -1.0}, {"top_p": 0.0}, {"max_tokens": 0}, {"stop": ("",)}, {"min_p": 2.0}):
        with pytest.raises(ValueError):
            Sampling(**bad)


def test_prompt_lookup_proposes_what_followed_the_latest_longest_match() -> None:
    drafter = PromptLookup(longest=3, shortest=2)
    assert drafter.propose([1, 2, 3, 9, 9, 5, 2, 3, 7, 7, 1, 2, 3], 2) == [9, 9]
    assert drafter.propose([4, 2, 3, 8, 2, 3, 7, 6, 2, 3], 2) == [7, 6]
    assert drafter.propose([1, 2, 3, 4], 2) == []
    assert drafter.propose([], 2) == []


def test_verified_drafts_leave_a_sampled_answer_as_it_is() -> None:
    torch.manual_seed(0)
    rows = torch.randn(60, 4)
    plain = Sampler(Sampling(temperature=1.0, seed=5))
    wanted = [plain.choose(row).token for row in rows]
    sampler, answer = Sampler(Sampling(temperature=1.0, seed=5)), list[int]()
    while len(answer) < 55:
        drafts = [wanted[len(answer)], 0, 1]
        answer += [each.token for each in verify(sampler, rows[len(answer) : len(answer) + 4], drafts)]
    assert answer == wanted[: len(answer)]


def test_first_wrong_draft_ends_the_step_with_the_right_token() -> None:
    rows = torch.eye(4)[[2, 1, 3]]
    assert [each.token for each in verify(Sampler(Sampling()), rows, [2, 0])] == [2, 1]
    assert [each.token for each in verify(Sampler(Sampling()), rows, [2, 1])] == [2, 1, 3]
