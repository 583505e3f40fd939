from __future__ import annotations

import pytest
import torch

from repowright.inference_backend.kernels import reference_anchors as twin
from repowright.inference_backend.kernels.reference_anchors import AnchorForm
from repowright.inference_backend.kernels.triton import anchors as kernel

SHAPES = [
    pytest.param(64, 1, 70, id="64-mha"),
    pytest.param(64, 3, 130, id="64-gqa3-ragged"),
    pytest.param(128, 4, 64, id="128-gqa4-one-tile"),
    pytest.param(256, 2, 65, id="256-gqa2"),
]


@pytest.mark.parametrize(("dim", "group", "tokens"), SHAPES)
def test_the_kernel_equals_its_twin_and_double_precision(dim: int, group: int, tokens: int) -> None:
    torch.manual_seed(6)
    query, keys = torch.randn(2 * group, tokens, dim).half(), torch.randn(2, tokens, dim).half()
    at, scale = torch.arange(tokens).int(), dim**-0.5
    lse = kernel.attention_lse(query, keys, at, scale)
    assert torch.allclose(lse, twin.attention_lse(query, keys, at, scale), atol=1e-4)
    ours = kernel.anchor_scores(query, keys, lse, at, scale)
    wide = keys.double().repeat_interleave(group, 0)
    scores = (query.double() @ wide.mT * scale).masked_fill(torch.ones(tokens, tokens).triu(1) > 0, float("-inf"))
    weights = torch.softmax(scores, -1) * query.double().norm(dim=-1, keepdim=True)
    assert torch.allclose(ours.double(), weights.sum(1).reshape(2, group, -1).sum(1), rtol=1e-3)
    assert torch.allclose(ours, twin.anchor_scores(query, keys, lse, at, scale), rtol=1e-3)


@pytest.mark.parametrize("form", ["mass", "query", "exact"])
def test_every_form_equals_its_twin_on_a_sample_of_queries(form: AnchorForm) -> None:
    torch.manual_seed(7)
    at = twin.query_sample(100, 40, 7)
    keys, values = torch.randn(2, 100, 64).half(), torch.randn(4, 100, 64).half()
    query, output = torch.randn(4, len(at), 64).half(), torch.randn(4, len(at), 64).half()
    lse = twin.attention_lse(query, keys, at, 0.125)
    ours = kernel.anchor_scores(query, keys, lse, at, 0.125, form, values, output)
    theirs = twin.anchor_scores(query, keys, lse, at, 0.125, form, values, output)
    assert torch.allclose(ours, theirs, rtol=1e-3)
    assert ours.shape == (2, 100) and (ours > 0).all()


def test_the_exact_form_bounds_the_change_of_attention() -> None:
    torch.manual_seed(8)
    query, keys, values = (torch.randn(1, 24, 64, dtype=torch.float64) for _ in range(3))
    at = torch.arange(24).int()

    def attended(of: torch.Tensor) -> torch.Tensor:
        hidden = torch.ones(24, 24).triu(1) > 0
        return torch.softmax((query @ of.mT * 0.125).masked_fill(hidden, float("-inf")), -1) @ values

    lse = twin.attention_lse(query, keys, at, 0.125)
    scores = twin.anchor_scores(query, keys, lse, at, 0.125, "exact", values, attended(keys))[0]
    for token in range(24):
        change = torch.zeros_like(keys)
        change[0, token] = 1e-4 * torch.randn(64, dtype=torch.float64)
        moved = (attended(keys + change) - attended(keys)).abs().sum()
        assert moved <= 0.125 * scores[token] * change[0, token].norm() * 1.01


def test_the_exact_form_wants_values() -> None:
    data, at = torch.randn(1, 8, 64), torch.arange(8).int()
    lse = twin.attention_lse(data, data, at, 0.125)
    for scores in (twin.anchor_scores, kernel.anchor_scores):
        with pytest.raises(ValueError, match="needs values and outputs"):
            scores(data, data, lse, at, 0.125, "exact")


def test_the_mass_of_attention_sums_to_the_queries() -> None:
    torch.manual_seed(9)
    query, keys, at = torch.randn(4, 50, 64).half(), torch.randn(2, 50, 64).half(), torch.arange(50).int()
    lse = kernel.attention_lse(query, keys, at, 0.125)
    assert kernel.anchor_scores(query, keys, lse, at, 0.125, "mass").sum(1) == pytest.approx([100.0, 100.0], rel=1e-3)


def test_a_sample_holds_all_recent_queries_in_order() -> None:
    sample = twin.query_sample(1000, 128, 50).tolist()
    assert sample == sorted(sample) and sample[-128:] == list(range(872, 1000)) and sample[:3] == [0, 50, 100]
    assert twin.query_sample(10, 128, 50).tolist() == list(range(10))


def test_top_anchors_are_marked_in_their_pages() -> None:
    scores = torch.zeros(2, 128)
    scores[0, 63], scores[0, 64], scores[1, 0], scores[1, 127] = 3, 2, 1, 4
    tokens = twin.top_anchors(scores, 2)
    assert tokens.tolist() == [[63, 64], [0, 127]]
    bits = twin.anchor_bits(tokens, 2)
    assert bits.shape == (2, 2)
    marked = [[(int(bits[page, head]) >> token) & 1 for token in range(64)] for head in (0, 1) for page in (0, 1)]
    assert [[at for at, bit in enumerate(row) if bit] for row in marked] == [[63], [0], [0], [63]]
