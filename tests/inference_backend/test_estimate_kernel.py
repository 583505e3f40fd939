from __future__ import annotations

import pytest
import torch
from paged_cases import PLACES, PagedCase, paged_case

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels import reference
from repowright.inference_backend.kernels import reference_estimate as twin
from repowright.inference_backend.kernels.tensors import PageSummaries
from repowright.inference_backend.kernels.triton.estimate import estimate
from repowright.inference_backend.sparse import estimate as sparse

IDS = torch.tensor([[[5, -1, 2], [1, 2, -1]], [[-1, -1, -1], [2, 3, -1]]], dtype=torch.int32)


def summaries_of(case: PagedCase, bits: torch.Tensor | None = None) -> PageSummaries:
    k_heads, v_heads, dim = case.keys.shape[1], case.values.shape[1], case.keys.shape[-1]
    half = torch.half
    made = PageSummaries(
        torch.zeros(7, k_heads, dim, dtype=half), torch.zeros(7, v_heads, dim, dtype=half), torch.zeros(7, k_heads)
    )
    twin.write_summaries(made, case.keys, case.values, torch.tensor(PLACES), bits)
    return made


@pytest.mark.parametrize(("dim", "group"), [(64, 3), (128, 8), (256, 1)])
def test_the_kernel_equals_its_twin_and_double_precision(dim: int, group: int) -> None:
    case = paged_case(16, 16, dim, group)
    summaries = summaries_of(case)
    ours, theirs = (each(case.query, summaries, IDS, case.scale) for each in (estimate, twin.estimate))
    assert all(torch.allclose(one, other, atol=2e-3) for one, other in zip(ours, theirs, strict=True))
    assert not ours[0][1, :group].any() and torch.isneginf(ours[1][1, :group]).all()
    mean_k, mean_v = case.keys[[0, 2], 0].double().mean(1), case.values[[0, 2], 0].double().mean(1)
    scores = mean_k @ case.query[0, 0].double() * case.scale
    assert torch.allclose(ours[0][0, 0].double(), torch.softmax(scores, 0) @ mean_v, atol=2e-3)
    assert float(ours[1][0, 0]) == pytest.approx(float(torch.logsumexp(scores, 0) + torch.tensor(64.0).log()), abs=2e-3)


def test_many_pages_are_estimated_in_parts() -> None:
    torch.manual_seed(12)
    summaries = PageSummaries(
        torch.randn(300, 1, 64).half(), torch.randn(300, 1, 64).half(), torch.full((300, 1), 64.0)
    )
    query, ids = torch.randn(1, 2, 64).half(), torch.arange(300, dtype=torch.int32).reshape(1, 1, -1)
    ours, theirs = (each(query, summaries, ids, 0.125) for each in (estimate, twin.estimate))
    assert all(torch.allclose(one, other, atol=2e-3) for one, other in zip(ours, theirs, strict=True))


def test_no_page_gives_zeros() -> None:
    case = paged_case(16, 16, 64, 3)
    nothing = torch.full((2, 2, 0), -1, dtype=torch.int32)
    for each in (estimate, twin.estimate):
        output, lse = each(case.query, summaries_of(case), nothing, case.scale)
        assert not output.any() and torch.isneginf(lse).all() and output.shape == (2, 6, 64)


def test_anchors_are_left_out_of_the_means() -> None:
    case = paged_case(16, 16, 64, 1)
    bits = torch.zeros(3, 2, dtype=torch.int64)
    bits[0, 0], bits[1, 1] = -1, 0b101
    summaries = summaries_of(case, bits)
    assert summaries.count[[5, 1, 2]].tolist() == [[0.0, PAGE], [PAGE, PAGE - 2], [PAGE, PAGE]]
    kept = [token for token in range(PAGE) if token not in (0, 2)]
    assert torch.allclose(summaries.mean_key[1, 1].float(), case.keys[1, 1, kept].mean(0), atol=2e-3)
    output, lse = estimate(case.query, summaries, IDS[:, :, :1].clamp_min(5).contiguous(), case.scale)
    assert torch.isneginf(lse[0, 0]) and not output[0, 0].any()


def test_an_estimate_is_nearer_to_the_whole_than_pages_alone() -> None:
    case = paged_case(16, 16, 64, 3)
    whole, _ = reference.decode(case.query, case.pages, case.sequences, case.scale)
    places = torch.tensor([[[0, -1]] * 2, [[0, 2]] * 2])
    chosen = torch.tensor([[[5, -1]] * 2, [[5, 2]] * 2], dtype=torch.int32)
    without, _ = reference.decode(case.query, case.pages, case.sequences, case.scale, chosen)
    near = sparse.decode(case.query, case.pages, summaries_of(case), case.sequences, case.scale, places)
    assert (near - whole)[0].norm() < 0.8 * (without - whole)[0].norm()
    assert torch.allclose(near[1], whole[1], atol=1e-4)
