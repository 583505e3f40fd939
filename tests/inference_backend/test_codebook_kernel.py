from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from paged_cases import PLACES, coded_case

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.kernels import reference, reference_codebook, vectorised
from repowright.inference_backend.kernels.triton.codebook import decode
from repowright.inference_backend.kv.layout import ALIGNMENT, coded_layout

SHAPES = [
    pytest.param(rate, dim, group, heads, id=f"{rate:g}-{dim}-gqa{group}-{heads[0]}-{heads[1]}")
    for rate, dim, group, heads in (
        (1.0, 64, 3, (2, 2)),
        (1.0, 128, 8, (2, 2)),
        (1.0, 256, 1, (1, 1)),
        (0.375, 64, 1, (2, 2)),
        (0.375, 128, 4, (1, 2)),
        (0.375, 256, 2, (1, 1)),
    )
]


@pytest.mark.parametrize("anchors", [False, True])
@pytest.mark.parametrize(("rate", "dim", "group", "heads"), SHAPES)
def test_the_kernel_equals_its_twin(rate: float, dim: int, group: int, heads: tuple[int, int], anchors: bool) -> None:
    case = coded_case(rate, dim, group, heads, anchors=anchors)
    ours = decode(case.query, case.pages, case.sequences, case.scale, splits=2)
    theirs = reference.decode(case.query, case.pages, case.sequences, case.scale)
    assert all(torch.allclose(one, other, atol=2e-3) for one, other in zip(ours, theirs, strict=True))


def test_selected_pages_alone_are_read() -> None:
    case = coded_case(1.0, 64, 3)
    selected = torch.tensor([[[2, -1], [5, 1]], [[-1, -1], [2, -1]]], dtype=torch.int32)
    ours = decode(case.query, case.pages, case.sequences, case.scale, selected)
    theirs = reference.decode(case.query, case.pages, case.sequences, case.scale, selected)
    assert all(torch.allclose(one, other, atol=2e-3) for one, other in zip(ours, theirs, strict=True))


def test_the_serving_path_of_the_processor_equals_the_twin() -> None:
    case = coded_case(0.375, 64, 3, anchors=True)
    exact, _ = reference.decode(case.query, case.pages, case.sequences, case.scale)
    assert torch.allclose(vectorised.decode(case.query, case.pages, case.sequences, case.scale), exact, atol=1e-4)


@pytest.mark.parametrize("rate", [1.0, 0.375])
def test_what_is_read_are_the_nearest_entries(rate: float) -> None:
    case = coded_case(rate, 64, 1)
    read, width = reference.read_keys(case.pages, torch.tensor(PLACES)), case.pages.layout.keys.width
    split = case.keys[0, 1].double().reshape(PAGE, -1, width)
    distances = (split.unsqueeze(2) - case.pages.k_books[1].double()).square().sum(-1)
    found = (split - read[0, 1].double().reshape(PAGE, -1, width)).square().sum(-1)
    assert torch.allclose(found, distances.amin(-1), atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 5), quarter=st.integers(1, 4))
def test_six_bits_unpack_to_themselves(rows: int, quarter: int) -> None:
    codes = torch.randint(0, 64, (rows, 4 * quarter), dtype=torch.uint8)
    packed = reference_codebook.pack_six(codes)
    assert packed.shape == (rows, 3 * quarter)
    assert torch.equal(reference_codebook.unpack_six(packed), codes)


@pytest.mark.parametrize(("rate", "bits"), [(1.0, 1.0), (0.375, 0.375)])
def test_codes_take_the_bits_that_are_named(rate: float, bits: float) -> None:
    layout = coded_layout(KVSpec(codebook=rate), 8, 8, 128, 128)
    assert layout.keys.codes.size * 8 / (PAGE * 128) == bits
    assert layout.values.bytes == layout.values.codes.size and layout.keys.low.start % ALIGNMENT == 0
    assert layout.page_bytes == 8 * (layout.keys.bytes + layout.values.bytes)


def test_rates_and_heads_that_cannot_be_coded_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no codebook has 0\.5 bits"):
        coded_layout(KVSpec(codebook=0.5), 1, 1, 64, 64)
    with pytest.raises(ValueError, match="cannot be coded"):
        coded_layout(KVSpec(codebook=0.375), 1, 1, 80, 64)
