from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from small_training import loaded_tiny
from tiny_models import prompt_of

from repowright.inference_backend.config import PAGE, PRESETS, KVSpec, SparseSpec
from repowright.inference_backend.engine.opening import open_core
from repowright.inference_backend.engine.request import Request, Sampling
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.kernels.tensors import LayerPages
from repowright.inference_backend.kv.layout import page_layout
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.sparse.gate_chooser import GateChooser
from repowright.inference_backend.sparse.rotation import plain, rotation_of
from repowright.inference_backend.training import artefacts

HEADS, DIM, PAGES = 2, 16, 8


def _gate(seed: int = 0) -> Gate:
    torch.manual_seed(seed)
    return Gate(torch.randn(3, HEADS, 2 * DIM, DIM), torch.randn(3, HEADS, 3 * DIM, DIM), 10_000.0)


def _pages() -> LayerPages:
    layout = page_layout(KVSpec(), HEADS, HEADS, DIM, DIM)
    pools = (torch.zeros(PAGES, HEADS, each.bytes, dtype=torch.uint8) for each in (layout.keys, layout.values))
    return LayerPages(layout, *pools)


def _chosen(spec: SparseSpec, layer: int = 2) -> tuple[torch.Tensor | None, torch.Tensor]:
    """What is chosen of pages 7 down to 2 as the text's, and the gate's products with those pages."""
    gate, rotation = _gate(), plain(DIM, 10_000.0)
    chooser = GateChooser(gate, rotation, spec, PAGES)
    keys, pages = torch.randn(HEADS, 6 * PAGE, DIM), [7, 6, 5, 4, 3, 2]
    for begin in (0, 2, 4):
        part = slice(begin * PAGE, (begin + 2) * PAGE)
        rotated = rotation.apply(keys[:, part], torch.arange(begin * PAGE, (begin + 2) * PAGE))
        chooser.packed(layer, pages[begin : begin + 2], rotated, begin * PAGE)
    query, places = torch.randn(1, 2 * HEADS, DIM), torch.tensor([6 * PAGE + 9])
    turned = rotation.apply(query.transpose(0, 1), places).transpose(0, 1)
    found = chooser.choose(layer, turned, places, _pages(), torch.tensor([[*pages, -1]]).int(), 0.25)
    products = torch.einsum("bhg,phg->bhp", gate.queries(layer, query, places), gate.keys(layer, keys, 0))
    return found, products[0] * gate.scale


def test_pages_of_the_greatest_products_are_read_with_the_first_and_the_last() -> None:
    found, products = _chosen(SparseSpec("gate", budget=4 * PAGE, dense_layers=2))
    assert found is not None
    for head in range(HEADS):
        best = products[head, 1:5].topk(2).indices + 1
        assert sorted(found[0, head].tolist()) == sorted({7, 2, *(7 - int(each) for each in best)})


def test_threshold_reads_what_has_its_share_without_the_first_page() -> None:
    found, products = _chosen(SparseSpec("gate", budget=0, threshold=0.2, dense_layers=0))
    assert found is not None
    shares = torch.softmax(products[:, 1:], -1)
    for head in range(HEADS):
        wanted = {7, 2, *(6 - int(at) for at in (shares[head] >= 0.2).nonzero())}
        assert {page for page in found[0, head].tolist() if page >= 0} == wanted


def test_dense_layers_and_budgets_that_cover_all_read_everything() -> None:
    assert _chosen(SparseSpec("gate", budget=2 * PAGE, dense_layers=3))[0] is None
    assert _chosen(SparseSpec("gate", budget=7 * PAGE, dense_layers=0))[0] is None


def _answer(loaded: LoadedModel, spec: KVSpec, cache: Path, prompt: list[int]) -> list[int]:
    core = open_core(loaded, spec, EngineSettings(pages=16, running=1, pinned=0, chunk=200), cache=cache)
    core.add(Request("a", tuple(prompt), Sampling(max_tokens=90, ignore_end=True)))
    found: list[int] = []
    while not core.is_idle:
        found += [each.token for _, delta in core.step() for each in delta.tokens]
    return found


def _greatest(loaded: LoadedModel) -> Gate:
    """A gate of the loaded model's sizes, whatever it says."""
    gate = _gate(4)
    assert (loaded.shape.layers, loaded.shape.kv_heads, loaded.shape.head_dim) == (3, HEADS, DIM)
    return gate


def test_engine_reads_by_the_gate_that_lies_in_the_folder_of_models(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    loaded, prompt = loaded_tiny(), prompt_of(500)
    artefacts.save_gate(_greatest(loaded), loaded, {}, tmp_path)
    dense = _answer(loaded, PRESETS["fp16"], tmp_path, prompt)
    gated = replace(PRESETS["fp16"], sparse=SparseSpec("gate", budget=1024, dense_layers=0))
    assert _answer(loaded, gated, tmp_path, prompt) == dense
    little = replace(PRESETS["fp16"], sparse=SparseSpec("gate", budget=128, dense_layers=0))
    answer = _answer(loaded, little, tmp_path, prompt)
    assert len(answer) == 90 and answer != dense


def test_engine_without_a_gate_says_how_to_get_one(tmp_path: Path) -> None:
    spec = replace(PRESETS["int4"], sparse=SparseSpec("gate"))
    with pytest.raises(artefacts.NotTrained, match=r"no gate is trained for tiny \(repowright model train-gate tiny\)"):
        open_core(loaded_tiny(), spec, EngineSettings(pages=8), cache=tmp_path)


def test_gate_sees_keys_as_they_were_before_the_models_rotation() -> None:
    loaded = loaded_tiny("qwen3")
    rotation, keys = rotation_of(loaded.model), torch.randn(HEADS, PAGE, DIM)
    chooser = GateChooser(_gate(), rotation, SparseSpec("gate", 128, dense_layers=0), 2)
    chooser.packed(1, [1], rotation.apply(keys, torch.arange(128, 192)).half(), 128)
    assert torch.allclose(chooser._keys[1, 1].float(), _gate().keys(1, keys, 128)[0], atol=0.15)
