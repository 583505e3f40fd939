from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from small_training import loaded_tiny

from repowright.inference_backend.config import PRESETS
from repowright.inference_backend.engine.opening import open_core
from repowright.inference_backend.engine.request import Request, Sampling
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.training import artefacts
from repowright.inference_backend.training.codebooks import CodebookSettings
from repowright.inference_backend.training.trained import TextSettings, gather_tokens, keep_books, train_books

TEXTS = ["def one(): return 1\n" * 40, "class Two:\n    pass\n" * 40]


@pytest.fixture(scope="module")
def wide() -> LoadedModel:
    torch.set_num_threads(1)
    return loaded_tiny(head_dim=64)


def test_gate_comes_back_and_only_to_the_weights_it_was_trained_for(tmp_path: Path) -> None:
    loaded = loaded_tiny()
    gate = Gate(torch.randn(3, 2, 32, 8).half().float(), torch.randn(3, 2, 48, 8).half().float(), 1e5)
    file = artefacts.save_gate(gate, loaded, {"steps": "3"}, tmp_path)
    assert file.is_relative_to(tmp_path) and [each.name for each in file.parent.iterdir()] == [file.name]
    found = artefacts.load_gate(loaded, tmp_path)
    assert torch.equal(found.of_query, gate.of_query) and torch.equal(found.of_key, gate.of_key)
    assert found.base == 1e5
    with pytest.raises(artefacts.NotTrained):
        artefacts.load_gate(loaded_tiny(revision="owner/other"), tmp_path)


def test_gate_of_other_sizes_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    loaded = loaded_tiny()
    file = artefacts.save_gate(Gate(torch.zeros(2, 2, 32, 8), torch.zeros(2, 2, 48, 8), 1e4), loaded, {}, tmp_path)
    with pytest.raises(artefacts.NotTrained, match="does not fit"):
        artefacts.load_gate(loaded, tmp_path)
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(artefacts.NotTrained, match="damaged"):
        artefacts.load_gate(loaded, tmp_path)
    assert artefacts.known_gate(loaded, tmp_path) is None


@pytest.mark.parametrize("rate", [1.0, 0.375])
def test_engine_answers_from_codebooks_that_were_trained_for_the_model(
    wide: LoadedModel, tmp_path: Path, rate: float
) -> None:
    size = TextSettings(2, 512)
    told: list[str] = []
    settings = CodebookSettings(rate, rounds=3)
    books = train_books(wide, gather_tokens(wide, TEXTS, size, told.append), settings, told.append)
    keep_books(books, wide, size, settings, tmp_path)
    assert told[0] == "text 1 of 2 has passed" and "layer 3 of 3" in told[-1]
    spec = PRESETS["vq1"] if rate == 1.0 else PRESETS["vq0.375"]
    core = open_core(wide, spec, EngineSettings(pages=8, running=1, pinned=0), cache=tmp_path)
    core.add(Request("a", tuple(wide.tokeniser(TEXTS[0])["input_ids"][:300]), Sampling(max_tokens=5, ignore_end=True)))
    answer = [each.token for _ in range(8) for _, delta in core.step() for each in delta.tokens]
    assert len(answer) == 5
    assert list(artefacts.known_books(wide, tmp_path)) == [rate]


def test_codebooks_that_are_missing_or_of_other_sizes_are_refused(wide: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(artefacts.NotTrained, match=r"train-codebook --rate 1 tiny"):
        open_core(wide, PRESETS["vq1"], EngineSettings(pages=8), cache=tmp_path)
    artefacts.save_books([(torch.zeros(2, 8, 256, 8),) * 2], 1.0, wide, {}, tmp_path)
    with pytest.raises(artefacts.NotTrained, match="does not fit"):
        artefacts.load_books(wide, 1.0, tmp_path)


def test_weighted_codebooks_serve_heavy_tokens_better_than_plain_ones(wide: LoadedModel) -> None:
    tokens = gather_tokens(wide, TEXTS, TextSettings(2, 640), lambda _: None)
    errors = []
    for is_weighted in (True, False):
        books = train_books(wide, tokens, CodebookSettings(0.375, is_weighted, rounds=6), lambda _: None)
        total = 0.0
        for layer, (keys, _) in zip(tokens, books, strict=True):
            split = layer.keys.float().reshape(2, -1, 4, 16).transpose(1, 2)
            nearest = torch.cdist(split, keys.float()).amin(-1).square().sum(1)
            total += float((nearest * layer.key_weights).sum())
        errors.append(total)
    assert errors[0] < errors[1]
