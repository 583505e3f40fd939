from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from paged_cases import PLACES, PagedCase, paged_case
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import Bits
from repowright.inference_backend.kernels import reference, vectorised
from repowright.inference_backend.kernels.triton.decode import decode
from repowright.inference_backend.kernels.triton.merge import merge
from repowright.inference_backend.kernels.tuning import Launch

SHAPES = [
    pytest.param(4, 4, 64, 3, (2, 2), id="int4-64-gqa3"),
    pytest.param(4, 4, 128, 4, (2, 2), id="int4-128-gqa4"),
    pytest.param(4, 4, 256, 4, (1, 1), id="int4-256-one-head"),
    pytest.param(2, 2, 64, 1, (2, 2), id="int2-64-mha"),
    pytest.param(2, 2, 256, 2, (1, 1), id="int2-256"),
    pytest.param(2, 4, 128, 8, (2, 2), id="k2v4-128-gqa8"),
    pytest.param(4, 2, 64, 2, (1, 4), id="k4v2-fewer-heads-of-keys"),
    pytest.param(8, 8, 128, 2, (2, 2), id="int8-128"),
    pytest.param(16, 16, 64, 3, (2, 2), id="half-64"),
    pytest.param(16, 4, 128, 7, (2, 2), id="k16v4-gqa7"),
]
CLOSE = 2e-3
"""Half precision rounds the query and the weights to eleven bits."""


@pytest.mark.parametrize("anchors", [False, True])
@pytest.mark.parametrize(("k_bits", "v_bits", "dim", "group", "heads"), SHAPES)
def test_the_kernel_equals_its_twin(
    k_bits: Bits, v_bits: Bits, dim: int, group: int, heads: tuple[int, int], anchors: bool
) -> None:
    case = paged_case(k_bits, v_bits, dim, group, heads, anchors=anchors)
    ours = decode(case.query, case.pages, case.sequences, case.scale, splits=2)
    theirs = reference.decode(case.query, case.pages, case.sequences, case.scale)
    assert_close(ours, theirs)


@pytest.mark.parametrize("splits", [1, 3, 4])
def test_the_number_of_splits_changes_nothing(splits: int) -> None:
    case = paged_case(4, 4, 64, 3, anchors=True)
    ours = decode(case.query, case.pages, case.sequences, case.scale, splits=splits)
    assert_close(ours, reference.decode(case.query, case.pages, case.sequences, case.scale))


def test_selected_pages_alone_are_read() -> None:
    case = paged_case(4, 4, 64, 3)
    selected = torch.tensor([[[2, -1], [5, 1]], [[-1, -1], [2, -1]]], dtype=torch.int32)
    ours = decode(case.query, case.pages, case.sequences, case.scale, selected, splits=2)
    assert_close(ours, reference.decode(case.query, case.pages, case.sequences, case.scale, selected))


def test_a_sequence_without_a_token_gives_zeros() -> None:
    case = paged_case(4, 4, 64, 3)
    selected = torch.full((2, 2, 2), -1, dtype=torch.int32)
    output, lse = decode(case.query, case.pages, case.sequences, case.scale, selected)
    assert not output[1].any() and torch.isneginf(lse[1]).all()
    assert output[0].any() and torch.isfinite(lse[0]).all()


@pytest.mark.parametrize("dim", [64, 128])
def test_the_twin_equals_attention_in_double_precision(dim: int) -> None:
    case = paged_case(16, 16, dim, 3)
    heads, window = 2, case.sequences
    keys = [case.keys.half().transpose(0, 1).flatten(1, 2), window.window_k[1, :, :70]]
    values = [case.values.half().transpose(0, 1).flatten(1, 2), window.window_v[1, :, :70]]
    exact = scaled_dot_product_attention(
        case.query[0].double().reshape(heads, -1, dim), torch.cat(keys, 1).double(), torch.cat(values, 1).double()
    ).flatten(0, 1)
    assert len(PLACES) == 3
    output, _ = reference.decode(case.query, case.pages, case.sequences, case.scale)
    assert torch.allclose(output[0].double(), exact, atol=1e-5)


@pytest.mark.parametrize("anchors", [False, True])
@pytest.mark.parametrize("bits", [2, 4, 16])
def test_the_serving_path_of_the_processor_equals_the_twin(bits: Bits, anchors: bool) -> None:
    case = paged_case(bits, bits, 64, 3, anchors=anchors)
    exact, _ = reference.decode(case.query, case.pages, case.sequences, case.scale)
    found = vectorised.decode(case.query, case.pages, case.sequences, case.scale)
    assert torch.allclose(found, exact, atol=1e-4)
    selected = torch.tensor([[[2, -1], [5, 1]], [[-1, -1], [2, -1]]], dtype=torch.int32)
    exact, _ = reference.decode(case.query, case.pages, case.sequences, case.scale, selected)
    found = vectorised.decode(case.query, case.pages, case.sequences, case.scale, selected)
    assert torch.allclose(found, exact, atol=1e-4)


@pytest.mark.parametrize("dim", [64, 128, 256])
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_the_kernel_equals_attention_in_double_precision(bits: Bits, dim: int) -> None:
    case = paged_case(bits, bits, dim, 2, anchors=dim == 64)
    ours, lse = decode(case.query, case.pages, case.sequences, case.scale, splits=1)
    for number in range(2):
        for head in range(4):
            keys, values = attended(case, number, head // 2)
            scores = keys.double() @ case.query[number, head].double() * case.scale
            assert float(lse[number, head]) == pytest.approx(float(torch.logsumexp(scores, 0)), abs=CLOSE)
            exact = torch.softmax(scores, 0) @ values.double()
            assert torch.allclose(ours[number, head].double(), exact, atol=CLOSE)


@pytest.mark.parametrize("how", [Launch(pipelined=False), Launch(warps=8, stages=2)])
def test_the_way_of_launching_changes_nothing(how: Launch) -> None:
    case = paged_case(2, 4, 64, 3, anchors=True)
    ours = decode(case.query, case.pages, case.sequences, case.scale, splits=2, how=how)
    assert_close(ours, reference.decode(case.query, case.pages, case.sequences, case.scale))


def test_pages_beyond_a_sequences_count_are_not_read() -> None:
    case = paged_case(4, 4, 64, 3)
    table = torch.tensor([[5, 1, 2, 1], [5, -1, 2, 2]], dtype=torch.int32)
    sequences = replace(case.sequences, page_table=table, page_count=torch.tensor([3, 1], dtype=torch.int32))
    ours = decode(case.query, case.pages, sequences, case.scale, splits=2)
    shorter = torch.tensor([[5, 1, 2, -1], [5, -1, -1, -1]], dtype=torch.int32)
    same = replace(case.sequences, page_table=shorter)
    assert_close(ours, reference.decode(case.query, case.pages, same, case.scale))
    assert_close(ours, reference.decode(case.query, case.pages, sequences, case.scale))
    found = vectorised.decode(case.query, case.pages, sequences, case.scale)
    assert torch.allclose(found, ours[0], atol=CLOSE)


def test_what_lies_in_a_missing_pages_place_does_not_matter() -> None:
    case = paged_case(4, 4, 64, 3)
    expected = decode(case.query, case.pages, case.sequences, case.scale, splits=3)
    case.pages.k_pool[0] = case.pages.v_pool[0] = 255  # as halves: not numbers
    assert_close(decode(case.query, case.pages, case.sequences, case.scale, splits=3), expected)


def attended(case: PagedCase, number: int, head: int) -> tuple[Tensor, Tensor]:
    sequences, pages = case.sequences, case.pages
    ids = sequences.page_table[number]
    ids = ids[ids >= 0]
    slot, length = int(sequences.window_slot[number]), int(sequences.window_length[number])
    parts = []
    for read, window, rows in (
        (reference.read_keys, sequences.window_k, pages.anchor_k),
        (reference.read_values, sequences.window_v, pages.anchor_v),
    ):
        found = read(pages, ids)[:, head]
        if rows is None or pages.anchor_bits is None or sequences.anchor_ids is None:
            parts.append(torch.cat([found.flatten(0, 1), window[slot, head, :length]]))
            continue
        bits = [[int(mask) >> token & 1 for token in range(64)] for mask in pages.anchor_bits[ids.long(), head]]
        listed = [row for row in sequences.anchor_ids[number, head].tolist() if row >= 0]
        parts.append(torch.cat([found[torch.tensor(bits) == 0], window[slot, head, :length], rows[listed]]))
    return parts[0], parts[1]


def test_merging_parts_gives_the_whole() -> None:
    torch.manual_seed(3)
    outputs, lses = torch.randn(5, 2, 3, 64), torch.randn(5, 2, 3)
    lses[1] = float("-inf")
    lses[:, 1, 2] = float("-inf")
    outputs[:, 1, 2] = 0
    assert_close(merge(outputs, lses), reference.merge(outputs, lses))


def assert_close(ours: tuple[Tensor, Tensor], theirs: tuple[Tensor, Tensor]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, atol=CLOSE), (one - other).abs().max()
