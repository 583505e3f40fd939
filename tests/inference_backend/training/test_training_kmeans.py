from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `local`")

import torch

from repowright.inference_backend.training.kmeans import nearest_centres, weighted_kmeans


def _error(vectors: torch.Tensor, weights: torch.Tensor, centres: torch.Tensor) -> float:
    nearest = centres.gather(1, nearest_centres(vectors, centres).unsqueeze(-1).expand_as(vectors))
    return float(((vectors - nearest).square().sum(-1) * weights).sum())


def test_clusters_apart_are_found_in_every_group() -> None:
    generator = torch.Generator().manual_seed(1)
    truth = torch.tensor([[[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], [[5.0, 5.0], [-5.0, 5.0], [5.0, -5.0]]])
    noise = 0.1 * torch.randn(2, 3, 50, 2, generator=generator)
    vectors = (truth.unsqueeze(2) + noise).flatten(1, 2)
    best = min(
        (weighted_kmeans(vectors, torch.ones(2, 150), 3, 10, seed) for seed in range(6)),
        key=lambda centres: _error(vectors, torch.ones(2, 150), centres),
    )
    assert float(torch.cdist(best, truth).amin(-1).max()) < 0.1


def test_weights_move_centres_to_where_errors_count() -> None:
    generator = torch.Generator().manual_seed(2)
    vectors = torch.randn(3, 400, 4, generator=generator)
    weights = torch.rand(3, 400, generator=generator) ** 8
    weighed = weighted_kmeans(vectors, weights, 16, 10)
    plain = weighted_kmeans(vectors, torch.ones_like(weights), 16, 10)
    assert _error(vectors, weights, weighed) < 0.8 * _error(vectors, weights, plain)


def test_vectors_without_weight_do_not_move_a_centre() -> None:
    vectors = torch.tensor([[[0.0], [2.0], [100.0]]])
    centres = weighted_kmeans(vectors, torch.tensor([[1.0, 3.0, 0.0]]), 1, 5)
    assert centres.flatten().tolist() == [1.5]


def test_fewer_vectors_than_centres_are_refused() -> None:
    with pytest.raises(ValueError, match="more text"):
        weighted_kmeans(torch.zeros(1, 3, 2), torch.ones(1, 3), 4, 1)
