"""One decoding step in each way, by the kernels and by their twins."""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.benchmarks.kernels.made import Made
from repowright.benchmarks.kernels.shapes import Way
from repowright.inference_backend.config import PAGE, SparseSpec
from repowright.inference_backend.kernels import reference, reference_estimate, reference_pages
from repowright.inference_backend.kernels.tensors import CodedPages, StepSequences
from repowright.inference_backend.kernels.tuning import Launch
from repowright.inference_backend.sparse.select import pages_at, pages_left, select, shared


def by_kernel(made: Made, way: Way, step: StepSequences, how: Launch | None = None) -> Tensor:
    """Compute a step with the Triton kernels."""
    from repowright.inference_backend.kernels.triton import codebook, decode, estimate, merge, page_score
    from repowright.inference_backend.kernels.triton.select import top_pages

    def decoded(selected: Tensor | None) -> tuple[Tensor, Tensor]:
        if isinstance(made.pages, CodedPages):
            return codebook.decode(made.query, made.pages, step, made.scale, selected, how=how)
        return decode.decode(made.query, made.pages, step, made.scale, selected, how=how)

    if way.reading == "all":
        return decoded(None)[0]
    if way.reading == "quest":
        scores = page_score.bound_scores(made.query, made.pages, step.page_table, made.scale)
    else:
        scores = page_score.gate_scores(made.gate_query, made.gate_keys, step.page_table, 128**-0.5)
    places, chosen = top_pages(scores, step.page_table, made.shape.kv_heads, _room(way, step))
    exact = decoded(chosen)
    if way.reading != "estimate":
        return exact[0]
    rough = estimate.estimate(made.query, made.summaries, pages_left(step.page_table, places), made.scale)
    return merge.merge(*(torch.stack(pair) for pair in zip(exact, rough, strict=True)))[0]


def by_twin(made: Made, way: Way, step: StepSequences) -> Tensor:
    """Compute the same in PyTorch."""
    if way.reading == "all":
        return reference.decode(made.query, made.pages, step, made.scale)[0]
    if way.reading == "quest":
        scores = reference_pages.bound_scores(made.query, made.pages, step.page_table, made.scale)
    else:
        scores = reference_pages.gate_scores(made.gate_query, made.gate_keys, step.page_table, 128**-0.5)
    spec = SparseSpec("gate", budget=_room(way, step) * PAGE)
    places = select(shared(scores, made.shape.kv_heads), step.page_table, spec)
    exact = reference.decode(made.query, made.pages, step, made.scale, pages_at(step.page_table, places))
    if way.reading != "estimate":
        return exact[0]
    left = pages_left(step.page_table, places)
    rough = reference_estimate.estimate(made.query, made.summaries, left, made.scale)
    return reference.merge(*(torch.stack(pair) for pair in zip(exact, rough, strict=True)))[0]


def _room(way: Way, step: StepSequences) -> int:
    return max(2, round(step.page_table.shape[-1] * way.share))
