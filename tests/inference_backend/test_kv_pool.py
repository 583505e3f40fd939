from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="needs the extra `local`")

import torch

from repowright.inference_backend.config import PAGE, PRESETS, KVSpec
from repowright.inference_backend.engine.opening import pages_within
from repowright.inference_backend.errors import OutOfPages
from repowright.inference_backend.kv.anchors import Anchors
from repowright.inference_backend.kv.place import Place, must_seal, pages_after
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape

SHAPE = ModelShape(3, 4, 2, 16, (0, 32, 0), 4096, 97)


@pytest.mark.parametrize("spec", [PRESETS["fp16"], PRESETS["int4"], PRESETS["int2"], KVSpec(2, 4, anchors=0.05)])
def test_pages_within_fill_the_memory_and_no_more(spec: KVSpec) -> None:
    memory = 500_000
    count = pages_within(SHAPE, spec, 3, memory)
    assert KVPool(SHAPE, spec, count, 3).bytes <= memory < KVPool(SHAPE, spec, count + 1, 3).bytes


def test_memory_without_room_for_a_page_is_refused() -> None:
    with pytest.raises(OutOfPages, match="hold no page"):
        pages_within(SHAPE, PRESETS["int4"], 3, 1000)


def test_sealed_tokens_come_back_from_their_page_in_order() -> None:
    pool = KVPool(SHAPE, replace(PRESETS["fp16"], window=64), 4, 2)
    place = Place(1, in_window=100)
    keys, values = torch.randn(2, 100, 16).half(), torch.randn(2, 100, 16).half()
    for window in pool.windows:
        window.fill(1, 0, keys[:, :96], values[:, :96])
    pool.windows[2].fill(1, 96, keys[:, 96:], values[:, 96:])
    pool.seal(place, 3)
    assert (place.pages, place.in_window, place.length) == ([3], 36, 100)
    found_keys, found_values = pool.read(2, [3])
    assert torch.equal(found_keys.half(), keys[:, :PAGE]) and torch.equal(found_values.half(), values[:, :PAGE])
    assert torch.equal(pool.windows[2].of(1, 0, 36)[0], keys[:, PAGE:])
    assert torch.equal(pool.windows[1].of(1, 0, 96)[0], keys[:, :96])


def test_page_counts_keep_the_window_full_and_never_overfull() -> None:
    for window in (64, 128):
        for before in range(0, window + PAGE + 1, 7):
            for tokens in (1, 63, 64, 65, 500):
                left = before + tokens - PAGE * pages_after(Place(0, in_window=before), tokens, window)
                assert left <= window + PAGE - 1 and left >= min(window, before + tokens)
    assert must_seal(Place(0, in_window=128), 1, 64) and not must_seal(Place(0, in_window=127), 1, 64)


def test_place_is_cut_in_its_window_alone() -> None:
    place = Place(0, pages=[5], in_window=10)
    place.cut(66)
    assert place.length == 66
    with pytest.raises(ValueError, match="cannot be cut"):
        place.cut(63)


def test_anchor_rows_come_back_when_their_page_is_written_anew() -> None:
    anchors = Anchors(4, 2, 16, 0.05, "cpu")
    keys, values = torch.randn(2, 2 * PAGE, 16), torch.randn(2, 2 * PAGE, 16)
    for _ in range(20):
        anchors.forget([1, 3])
        tokens = torch.stack([torch.randperm(2 * PAGE)[:6].sort().values for _ in range(2)])
        anchors.keep([1, 3], tokens, keys, values)
    rows = anchors.rows([1, 3])
    assert rows.shape == (2, 6)
    for head in range(2):
        assert torch.equal(anchors.keys[rows[head].long()], keys[head, tokens[head]].half())
    blank = torch.zeros(2, 2, PAGE, 16)
    restored = blank.clone()
    anchors.restore([1, 3], restored, blank.clone())
    flat = restored.transpose(0, 1).flatten(1, 2)
    assert torch.equal(flat[0, tokens[0]].half(), keys[0, tokens[0]].half())
    assert int((flat.abs().sum(-1) > 0).sum()) == 12
    anchors.forget([1, 3])
    assert anchors.rows([1, 3]).shape == (2, 0) and int(anchors.bits.abs().sum()) == 0
