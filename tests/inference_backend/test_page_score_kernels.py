from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from paged_cases import PLACES, coded_case, paged_case

from repowright.inference_backend.config import Bits, SparseSpec
from repowright.inference_backend.kernels import reference_pages as twin
from repowright.inference_backend.kernels.tensors import NO_PAGE
from repowright.inference_backend.kernels.triton import page_score as kernel
from repowright.inference_backend.kernels.triton.select import top_pages
from repowright.inference_backend.sparse import quest
from repowright.inference_backend.sparse.select import pages_at, pages_left, select, shared


@pytest.mark.parametrize(("bits", "dim", "group"), [(2, 64, 1), (4, 128, 8), (16, 256, 4), (8, 64, 3)])
def test_bounds_equal_their_twin_and_hold_every_key(bits: Bits, dim: int, group: int) -> None:
    case = paged_case(bits, bits, dim, group)
    table = case.sequences.page_table
    ours = kernel.bound_scores(case.query, case.pages, table, case.scale)
    theirs = twin.bound_scores(case.query, case.pages, table, case.scale)
    missing = (table < 0).unsqueeze(1).expand(theirs.shape)
    assert torch.isneginf(ours[missing]).all()
    assert torch.allclose(ours[~missing], theirs[~missing], atol=1e-3)
    wide = case.keys.double().repeat_interleave(group, 1)
    products = torch.einsum("phtd,hd->hpt", wide, case.query[0].double()) * case.scale
    assert (products.amax(-1) <= ours[0, :, : len(PLACES)].double() + 0.02).all()


def test_bounds_of_coded_pages_equal_their_twin() -> None:
    case = coded_case(1.0, 64, 3)
    table = case.sequences.page_table
    ours = kernel.bound_scores(case.query, case.pages, table, case.scale)
    assert torch.allclose(ours, twin.bound_scores(case.query, case.pages, table, case.scale), atol=1e-3)


@pytest.mark.parametrize("dim", [64, 128])
@pytest.mark.parametrize("pages", [1, 70])
def test_gate_scores_equal_their_twin_and_double_precision(dim: int, pages: int) -> None:
    torch.manual_seed(11)
    query, keys = torch.randn(2, 3, dim).half(), torch.randn(80, 3, dim).half()
    table = torch.randint(-1, 80, (2, pages), dtype=torch.int32)
    ours = kernel.gate_scores(query, keys, table, dim**-0.5)
    assert torch.allclose(ours, twin.gate_scores(query, keys, table, dim**-0.5), atol=1e-4)
    exact = torch.einsum("bhd,bphd->bhp", query.double(), keys[table.clamp_min(0).long()].double()) * dim**-0.5
    exact.masked_fill_((table < 0).unsqueeze(1), float("-inf"))
    assert torch.allclose(ours.double(), exact, atol=1e-4)


def test_a_page_that_one_query_of_a_group_needs_is_not_voted_out() -> None:
    scores = torch.zeros(1, 4, 8)
    scores[0, :3, 5], scores[0, 3, 6] = 4.0, 9.0
    assert shared(scores, 1)[0, 0].topk(2).indices.tolist() == [6, 5]


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_budget_is_kept_and_both_ends_are_always_read(data: st.DataObject) -> None:
    torch.manual_seed(data.draw(st.integers(0, 99)))
    count, budget = data.draw(st.integers(1, 12)), data.draw(st.integers(2, 6))
    table = torch.where(torch.rand(2, count) < 0.8, torch.arange(count) + 100, NO_PAGE).int()
    places = select(torch.rand(2, 3, count), table, SparseSpec("quest", budget=budget * 64))
    read, left = pages_at(table, places), pages_left(table, places)
    for number, row in enumerate(table.tolist()):
        there = [page for page in row if page >= 0]
        for head in range(3):
            found = [page for page in read[number, head].tolist() if page >= 0]
            assert len(found) == min(len(there), budget) and found == sorted(found)
            assert sorted(found + [page for page in left[number, head].tolist() if page >= 0]) == there
            assert not there or {there[0], there[-1]} <= set(found)


def test_the_best_pages_are_chosen_between_the_ends() -> None:
    table = torch.tensor([[7, 3, 9, 4, NO_PAGE]], dtype=torch.int32)
    shares = torch.tensor([[[0.0, 0.1, 0.8, 0.1, 0.9]]])
    places = select(shares, table, SparseSpec("gate", budget=3 * 64))
    assert pages_at(table, places).tolist() == [[[7, 9, 4]]]
    assert pages_left(table, places).tolist() == [[[-1, 3, -1, -1, -1]]]


@pytest.mark.parametrize(("count", "room", "group"), [(1, 1, 1), (5, 3, 2), (70, 9, 4), (130, 64, 8), (64, 64, 1)])
def test_the_kernel_chooses_what_sorting_chooses(count: int, room: int, group: int) -> None:
    torch.manual_seed(count)
    table = torch.where(torch.rand(2, count) < 0.8, torch.arange(count) + 100, NO_PAGE).int()
    table[1, : count // 2] = NO_PAGE
    scores = torch.randn(2, 2 * group, count).masked_fill((table < 0).unsqueeze(1), float("-inf")) * 5
    places, pages = top_pages(scores, table, 2, room)
    theirs = select(shared(scores, 2), table, SparseSpec("gate", budget=room * 64))
    assert torch.equal(places.long(), theirs[..., :room])
    assert torch.equal(pages, pages_at(table, theirs)[..., :room])


def test_of_equal_pages_the_first_are_chosen() -> None:
    table = torch.arange(20, dtype=torch.int32).reshape(1, 20)
    places, _ = top_pages(torch.zeros(1, 3, 20), table, 1, 6)
    assert places.tolist() == [[[0, 1, 2, 3, 4, 19]]]


def test_no_page_at_all_chooses_none() -> None:
    table = torch.full((1, 4), NO_PAGE, dtype=torch.int32)
    places, pages = top_pages(torch.full((1, 2, 4), float("-inf")), table, 2, 3)
    assert places.tolist() == pages.tolist() == [[[-1] * 3] * 2]


def test_a_threshold_keeps_what_reaches_it() -> None:
    table = torch.tensor([[7, 3, 9, 4, NO_PAGE]], dtype=torch.int32)
    shares = torch.tensor([[[0.0, 0.3, 0.6, 0.1, 0.9], [0.0, 0.0, 0.0, 0.0, 0.0]]])
    places = select(shares, table, SparseSpec("gate", budget=0, threshold=0.5))
    assert pages_at(table, places).tolist() == [[[7, 9, 4, -1, -1], [7, 4, -1, -1, -1]]]


def test_quest_finds_the_page_that_holds_the_key_asked_for() -> None:
    case = paged_case(4, 4, 64, 1)
    case.query[:] = (case.keys[1, :, 17] * 4).half()
    spec = SparseSpec("quest", 192)
    places, pages = quest.choose(case.query, case.pages, case.sequences.page_table, spec, case.scale)
    assert pages[1].tolist() == [[5, 2, -1], [5, 2, -1]]
    scores = kernel.bound_scores(case.query, case.pages, case.sequences.page_table, case.scale)
    assert scores[0].argmax(-1).tolist() == [1, 1]
    assert places[0].tolist() == [[0, 1, 2], [0, 1, 2]] and places[1].tolist() == [[0, 2, -1], [0, 2, -1]]
