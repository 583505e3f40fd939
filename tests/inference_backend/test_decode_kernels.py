from __future__ import annotations

import pytest
import torch
from paged_cases import PLACES, paged_case
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import Bits
from repowright.inference_backend.kernels import reference, vectorised
from repowright.inference_backend.kernels.triton.decode import decode
from repowright.inference_backend.kernels.triton.merge import merge

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
        case.query[0].double().unflatten(0, (heads, -1)), torch.cat(keys, 1).double(), torch.cat(values, 1).double()
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
