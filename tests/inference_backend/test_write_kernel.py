from __future__ import annotations

import pytest
import torch
from paged_cases import empty_pages

from repowright.inference_backend.config import PAGE, Bits, KVSpec
from repowright.inference_backend.kernels import reference
from repowright.inference_backend.kernels.triton.write import write_pages
from repowright.inference_backend.kv.layout import page_layout

CASES = [
    pytest.param(bits, dim, kind, id=f"int{bits}-{dim}-{str(kind)[6:]}")
    for bits in (2, 4, 8, 16)
    for dim in (64, 128, 256)
    for kind in (torch.half, torch.float32)
    if kind == torch.half or dim == 64
]


@pytest.mark.parametrize(("bits", "dim", "kind"), CASES)
def test_the_kernel_writes_the_bytes_of_its_twin(bits: Bits, dim: int, kind: torch.dtype) -> None:
    torch.manual_seed(4)
    layout = page_layout(KVSpec(k_bits=bits, v_bits=bits), 2, 1, dim, dim)
    keys = torch.randn(2, 3 * PAGE, dim).to(kind).reshape(2, 3, PAGE, dim).transpose(0, 1)
    values, ids = torch.randn(3, 1, PAGE, dim).to(kind), torch.tensor([2, -1, 0])
    theirs, ours = empty_pages(layout, 4), empty_pages(layout, 4)
    reference.write_pages(theirs, keys, values, ids)
    write_pages(ours, keys, values, ids)
    assert torch.equal(ours.k_pool, theirs.k_pool) and torch.equal(ours.v_pool, theirs.v_pool)
    assert ours.k_pool[2].any() and ours.v_pool[0].any()
    assert not ours.k_pool[1].any() and not ours.k_pool[3].any()


def test_one_page_of_a_window_is_written_where_it_belongs() -> None:
    torch.manual_seed(5)
    layout = page_layout(KVSpec(), 2, 2, 64, 64)
    window = torch.randn(3, 2, 192, 64).half()
    theirs, ours = empty_pages(layout, 2), empty_pages(layout, 2)
    for write, pages in ((reference.write_pages, theirs), (write_pages, ours)):
        write(pages, window[1, :, :PAGE].unsqueeze(0), window[2, :, :PAGE].unsqueeze(0), torch.tensor([1]))
    assert torch.equal(ours.k_pool, theirs.k_pool) and torch.equal(ours.v_pool, theirs.v_pool)
    assert not ours.k_pool[0].any()


@pytest.mark.parametrize("bits", [2, 4])
def test_codes_on_the_half_are_rounded_up_by_both(bits: Bits) -> None:
    levels = (1 << bits) - 1
    layout = page_layout(KVSpec(k_bits=bits, v_bits=bits), 1, 1, 64, 64)
    steps = (torch.arange(PAGE * 64).reshape(PAGE, 64) % (2 * levels + 1)) / 2
    steps[0], steps[1] = 0, levels
    steps[:, 0], steps[:, 1] = 0, levels
    data = steps[None, None]
    theirs, ours = empty_pages(layout, 1), empty_pages(layout, 1)
    reference.write_pages(theirs, data, data, torch.tensor([0]))
    write_pages(ours, data, data, torch.tensor([0]))
    assert torch.equal(ours.k_pool, theirs.k_pool) and torch.equal(ours.v_pool, theirs.v_pool)
    rounded = torch.floor(steps + 0.5).clamp_max(levels)
    assert torch.equal(reference.read_keys(ours, torch.tensor([0]))[0, 0, 2:, 2:], rounded[2:, 2:])


def test_equal_tokens_survive() -> None:
    layout = page_layout(KVSpec(k_bits=2, v_bits=2), 1, 1, 64, 64)
    pages = empty_pages(layout, 1)
    constant = torch.full((1, 1, PAGE, 64), 0.75)
    write_pages(pages, constant, constant, torch.tensor([0]))
    assert torch.allclose(reference.read_keys(pages, torch.tensor([0])), constant, atol=1e-3)


def test_no_page_at_all_writes_nothing() -> None:
    pages = empty_pages(page_layout(KVSpec(), 1, 1, 64, 64), 1)
    nothing = torch.empty(0, 1, PAGE, 64)
    write_pages(pages, nothing, nothing, torch.empty(0, dtype=torch.int64))
    assert not pages.k_pool.any()
