from __future__ import annotations

import pytest
from small_model import with_small_model

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch

from repowright.inference_backend.card.perplexity import perplexity
from repowright.inference_backend.card.selection import attention_kept
from repowright.inference_backend.card.ways import Way
from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.models.loader import SMALL, LoadedModel, load_model
from repowright.inference_backend.sparse.rotation import base_of
from repowright.inference_backend.training.gate import GateSettings, distil
from repowright.inference_backend.training.gate_samples import collect
from repowright.inference_backend.training.text import HELD_OUT, sequences, standard_texts

pytestmark = [pytest.mark.slow, with_small_model]

WAYS = {
    "exact": Way("", KVSpec(16, 16)),
    "window": Way("", KVSpec(2, 2)),
    "window + anchors": Way("", KVSpec(2, 2, anchors=0.01)),
    "window + random": Way("", KVSpec(2, 2, anchors=0.01), "random"),
    "int4": Way("", KVSpec(4, 4, window=0)),
    "int2": Way("", KVSpec(2, 2, window=0)),
    "int2 + anchors": Way("", KVSpec(2, 2, window=0, anchors=0.01)),
    "dropped": Way("", KVSpec(16, 16), drops_far=True),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    torch.set_num_threads(1)
    return load_model(SMALL, "cpu", tmp_path_factory.mktemp("converted"))


@pytest.fixture(scope="module")
def found(small: LoadedModel) -> dict[str, float]:
    texts = sequences(small.tokeniser, standard_texts(HELD_OUT), 512, 1)
    return {name: perplexity(small, way, texts) for name, way in WAYS.items()}


def test_four_bits_cost_little_and_two_bits_much(found: dict[str, float]) -> None:
    assert found["exact"] < found["int4"] < 1.1 * found["exact"]
    assert found["int2"] > 1.4 * found["exact"]


def test_window_closes_most_of_the_gap_and_anchors_most_of_what_it_leaves(found: dict[str, float]) -> None:
    alone, windowed = found["int2"] - found["exact"], found["window"] - found["exact"]
    assert windowed < 0.5 * alone
    assert found["window + anchors"] - found["exact"] < 0.6 * windowed


def test_anchors_at_random_close_next_to_nothing(found: dict[str, float]) -> None:
    assert found["window + anchors"] < found["window + random"]
    assert found["window"] - found["window + random"] < 0.5 * (found["window"] - found["window + anchors"])
    assert found["int2 + anchors"] < 0.9 * found["int2"]


def test_two_bits_with_anchors_beat_dropping_far_tokens(found: dict[str, float]) -> None:
    assert found["window + anchors"] < found["dropped"]


def test_gate_trained_on_a_few_texts_keeps_at_least_what_quest_keeps(small: LoadedModel) -> None:
    texts = sequences(small.tokeniser, standard_texts(), 1024, 4)
    gate = distil(collect(small, texts, 96), base_of(small.model), GateSettings(steps=80))
    held_out = sequences(small.tokeniser, standard_texts(("argparse",)), 1024, 1)
    kept = {each.chosen_by: each.mean for each in attention_kept(small, held_out, (256,), gate)}
    assert kept["truth"] > kept["gate"] >= kept["quest"]
    assert kept["truth"] > kept["mean"]
