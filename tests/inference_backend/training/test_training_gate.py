from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

from typing import Any

import torch
from small_training import loaded_tiny
from tiny_models import prompt_of

from repowright.inference_backend.card.selection import attention_kept
from repowright.inference_backend.config import PAGE
from repowright.inference_backend.sparse.gate import Gate, pool_keys
from repowright.inference_backend.sparse.rotation import base_of, plain, rotation_of
from repowright.inference_backend.training.gate import GateSettings, beginning, candidates, distil, loss_of
from repowright.inference_backend.training.gate_samples import GateSamples, collect, page_attention

BASE = 10_000.0


@pytest.fixture(scope="module")
def samples() -> GateSamples:
    torch.set_num_threads(1)
    return collect(loaded_tiny(), [prompt_of(640, seed) for seed in range(4)], 48)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "gemma3_text"])
def test_rotation_is_the_models_own_and_comes_undone(family: str) -> None:
    loaded = loaded_tiny(family)
    rotation, places = rotation_of(loaded.model), torch.arange(3, 40)
    rows = torch.randn(2, 37, loaded.shape.head_dim)
    assert torch.allclose(rotation.undo(rotation.apply(rows, places), places), rows, atol=1e-5)
    embedding: Any = loaded.model.get_submodule("model.rotary_emb")
    named = {"layer_type": "full_attention"} if family == "gemma3_text" else {}
    cos, sin = embedding(rows, places[None], **named)
    turned = torch.cat([-rows[..., rows.shape[-1] // 2 :], rows[..., : rows.shape[-1] // 2]], -1)
    assert torch.allclose(rotation.apply(rows, places), rows * cos[0] + turned * sin[0], atol=1e-5)


def test_base_is_read_from_the_frequencies() -> None:
    assert base_of(loaded_tiny().model) == pytest.approx(BASE, rel=1e-3)


def test_page_attention_sums_to_what_whole_pages_get() -> None:
    torch.manual_seed(0)
    query, keys, places = torch.randn(4, 3, 16), torch.randn(2, 3 * PAGE, 16), torch.tensor([10, 64, 191])
    found = page_attention(query, keys, places, 0.25)
    assert found.shape == (4, 3, 3)
    assert torch.allclose(found.sum(-1), torch.ones(4, 3), atol=1e-5)
    assert float(found[:, 0, 1:].abs().max()) == 0.0
    last = torch.softmax(query[3, 2] @ keys[1].T * 0.25, -1)
    assert torch.allclose(found[3, 2], last.reshape(3, PAGE).sum(-1), atol=1e-5)


def test_a_page_is_open_to_queries_behind_it_but_never_the_first() -> None:
    found = candidates(torch.tensor([[0, 63, 64, 128, 200]]), 4)
    assert found[0].int().tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0]]


def test_gate_begins_as_the_mean_query_times_the_mean_key(samples: GateSamples) -> None:
    of_query, of_key = beginning(samples, 16)
    gate = Gate(of_query, of_key, BASE)
    query, keys, places = torch.randn(5, 4, 16), torch.randn(2, 2 * PAGE, 16), torch.arange(5)
    found = torch.einsum("bhg,phg->bhp", gate.queries(1, query, places), gate.keys(1, keys, 64)) * gate.scale
    rotation = plain(16, BASE)
    mean_query = rotation.apply(query.reshape(5, 2, 2, 16).mean(2).transpose(0, 1), places)
    mean_key = rotation.apply(keys.reshape(2, 2, PAGE, 16).mean(2), torch.tensor([64, 128]))
    assert torch.allclose(found, (mean_query @ mean_key.transpose(1, 2) / 4).transpose(0, 1), atol=1e-4)


def test_pooled_keys_are_greatest_smallest_and_mean() -> None:
    keys = torch.arange(2.0 * PAGE).reshape(1, 2 * PAGE, 1)
    assert pool_keys(keys).tolist() == [[[63.0, 0.0, 31.5], [127.0, 64.0, 95.5]]]


@pytest.mark.parametrize("dim", [8, 16])
def test_distilling_brings_a_gate_nearer_to_attention(samples: GateSamples, dim: int) -> None:
    everything = torch.arange(samples.count)
    before = loss_of(*beginning(samples, dim), BASE, samples, everything)
    losses: list[float] = []
    gate = distil(samples, BASE, GateSettings(dim=dim, steps=60), lambda _, loss: losses.append(loss))
    after = loss_of(gate.of_query, gate.of_key, BASE, samples, everything)
    assert len(losses) == 60 and gate.dim == dim
    assert float(after) < 0.7 * float(before)


def test_no_choice_keeps_more_attention_than_attentions_own(samples: GateSamples) -> None:
    gate = distil(samples, BASE, GateSettings(dim=16, steps=60))
    kept = attention_kept(loaded_tiny(), [prompt_of(640, 8)], (192, 640), gate)
    of_three = {each.chosen_by: each.mean for each in kept if each.budget == 192}
    assert set(of_three) == {"truth", "quest", "mean", "gate"}
    assert all(0 < each < of_three["truth"] for way, each in of_three.items() if way != "truth")
    assert all(each.mean == pytest.approx(1.0, abs=1e-4) for each in kept if each.budget == 640)


def test_training_is_the_same_twice(samples: GateSamples) -> None:
    one, other = (distil(samples, BASE, GateSettings(dim=16, steps=5)) for _ in range(2))
    assert torch.equal(one.of_query, other.of_query) and torch.equal(one.of_key, other.of_key)
