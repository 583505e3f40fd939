from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.inference_backend.config import PAGE, Bits, KVSpec
from repowright.inference_backend.kernels import reference
from repowright.inference_backend.kernels.tensors import LayerPages
from repowright.inference_backend.kv.layout import ALIGNMENT, Field, PageLayout, page_layout

QUANTISED: tuple[Bits, ...] = (2, 4, 8)
ALL_BITS: tuple[Bits, ...] = (2, 4, 8, 16)


def empty_pages(layout: PageLayout, count: int) -> LayerPages:
    keys = torch.zeros(count, layout.k_heads, layout.keys.bytes, dtype=torch.uint8)
    return LayerPages(layout, keys, torch.zeros(count, layout.v_heads, layout.values.bytes, dtype=torch.uint8))


@pytest.mark.parametrize("bits", ALL_BITS)
@pytest.mark.parametrize("dim", [64, 128, 256])
def test_fields_are_aligned_and_do_not_overlap(bits: Bits, dim: int) -> None:
    layout = page_layout(KVSpec(k_bits=bits, v_bits=bits), 2, 2, dim, dim)
    for part in (layout.keys, layout.values):
        fields = sorted(
            (each for each in vars(part).values() if isinstance(each, Field) and each.size), key=lambda each: each.start
        )
        assert all(each.start % ALIGNMENT == 0 for each in fields)
        assert all(one.start + one.size <= two.start for one, two in pairwise(fields))
        assert fields[-1].start + fields[-1].size <= part.bytes


def test_four_bits_take_less_than_a_third_of_half_precision() -> None:
    exact, small = (page_layout(KVSpec(k_bits=bits, v_bits=bits), 1, 1, 128, 128) for bits in (16, 4))
    assert small.page_bytes < 0.34 * exact.page_bytes


def test_heads_that_cannot_be_packed_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be packed"):
        page_layout(KVSpec(), 1, 1, 72, 64)
    with pytest.raises(ValueError, match="groups of 64"):
        page_layout(KVSpec(v_group=64), 1, 1, 96, 96)


@pytest.mark.parametrize("bits", QUANTISED)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_packed_codes_unpack_to_themselves(bits: Bits, data: st.DataObject) -> None:
    rows, dim = data.draw(st.integers(1, 4)), 16 * data.draw(st.integers(1, 8))
    codes = torch.randint(0, 1 << bits, (rows, dim), dtype=torch.uint8)
    packed = reference.pack(codes, bits)
    assert packed.shape == (rows, dim * bits // 8)
    assert torch.equal(reference.unpack(packed, bits), codes)


@pytest.mark.parametrize("bits", QUANTISED)
@pytest.mark.parametrize("dim", [64, 128, 256])
def test_what_is_read_is_within_half_a_step_of_what_was_written(bits: Bits, dim: int) -> None:
    torch.manual_seed(1)
    pages = empty_pages(page_layout(KVSpec(k_bits=bits, v_bits=bits), 2, 3, dim, dim), 4)
    keys, values = torch.randn(2, 2, PAGE, dim), torch.randn(2, 3, PAGE, dim)
    places = torch.tensor([3, 0])
    reference.write_pages(pages, keys, values, places)
    levels = (1 << bits) - 1
    step = (keys.amax(2, keepdim=True) - keys.amin(2, keepdim=True)) / levels
    assert ((reference.read_keys(pages, places) - keys).abs() <= 0.51 * step + 5e-3).all()
    grouped = values.reshape(*values.shape[:-1], -1, 64)
    step = (grouped.amax(-1, keepdim=True) - grouped.amin(-1, keepdim=True)) / levels
    read = reference.read_values(pages, places).reshape(grouped.shape)
    assert ((read - grouped).abs() <= 0.51 * step + 5e-3).all()


def test_constant_keys_survive_two_bits() -> None:
    pages = empty_pages(page_layout(KVSpec(k_bits=2, v_bits=2), 1, 1, 64, 64), 1)
    constant = torch.full((1, 1, PAGE, 64), 0.75)
    reference.write_pages(pages, constant, constant, torch.tensor([0]))
    assert torch.allclose(reference.read_keys(pages, torch.tensor([0])), constant, atol=1e-3)
    assert torch.allclose(reference.read_values(pages, torch.tensor([0])), constant, atol=1e-3)


def test_a_page_that_goes_nowhere_is_not_written() -> None:
    pages = empty_pages(page_layout(KVSpec(), 1, 1, 64, 64), 2)
    reference.write_pages(pages, torch.randn(1, 1, PAGE, 64), torch.randn(1, 1, PAGE, 64), torch.tensor([-1]))
    assert not pages.k_pool.any() and not pages.v_pool.any()


def test_bounds_hold_every_key() -> None:
    torch.manual_seed(2)
    pages = empty_pages(page_layout(KVSpec(), 2, 2, 64, 64), 1)
    keys = torch.randn(1, 2, PAGE, 64)
    reference.write_pages(pages, keys, keys, torch.tensor([0]))
    low, high = reference.read_bounds(pages, torch.tensor([0]))
    assert (keys.amin(2).half() == low.half()).all() and (keys.amax(2).half() == high.half()).all()
