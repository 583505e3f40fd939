"""Whether the kernels are right on this device, before anything is timed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from repowright.benchmarks.kernels.made import made
from repowright.benchmarks.kernels.shapes import TINY, WAYS, Shape, Way
from repowright.benchmarks.kernels.steps import by_kernel, by_twin
from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.kernels import reference, reference_anchors
from repowright.inference_backend.kernels.tensors import LayerPages
from repowright.inference_backend.kernels.tuning import Launch
from repowright.inference_backend.kv.layout import page_layout

CLOSE = 5e-3
"""Greatest difference allowed: half precision rounds queries and weights to eleven bits."""


@dataclass(frozen=True)
class Check:
    """A kernel against its twin."""

    name: str
    difference: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether they agree."""
        return self.difference <= self.allowed


def checks(device: str) -> list[Check]:
    """Hold every kernel against its twin at small shapes."""
    found = [decoding(shape, way, device) for shape in TINY for way in WAYS]
    found += [_writing(bits, device) for bits in (2, 4, 8, 16)]
    return found + [_anchors(form, device) for form in ("mass", "query", "exact")]


def decoding(shape: Shape, way: Way, device: str, how: Launch | None = None) -> Check:
    """Hold one way of decoding against its twin."""
    case = made(shape, replace(way.spec, window=64), device, copies=1)
    ours, theirs = by_kernel(case, way, case.steps[0], how), by_twin(case, way, case.steps[0])
    return Check(f"{way.name}, {shape.name} d{shape.dim}", _difference(ours, theirs), CLOSE)


def _writing(bits: int, device: str) -> Check:
    from repowright.inference_backend.kernels.triton.write import write_pages

    layout = page_layout(KVSpec(k_bits=bits, v_bits=bits), 2, 2, 128, 128)  # type: ignore[arg-type]
    keys, values = torch.randn(2, 3, 2, 64, 128, device=device).half()
    pools = []
    for write in (reference.write_pages, write_pages):
        parts = (
            torch.zeros(3, 2, part.bytes, dtype=torch.uint8, device=device) for part in (layout.keys, layout.values)
        )
        pages = LayerPages(layout, *parts)
        write(pages, keys, values, torch.arange(3, device=device))
        pools.append(torch.cat([pages.k_pool.flatten(), pages.v_pool.flatten()]))
    return Check(f"write {bits} bits, bytes that differ", float((pools[0] != pools[1]).sum()), 0.0)


def _anchors(form: reference_anchors.AnchorForm, device: str) -> Check:
    from repowright.inference_backend.kernels.triton import anchors

    query, output = torch.randn(2, 8, 150, 64, device=device).half()
    keys, values = torch.randn(2, 2, 150, 64, device=device).half()
    at = torch.arange(150, dtype=torch.int32, device=device)
    lse = anchors.attention_lse(query, keys, at, 0.125)
    ours = anchors.anchor_scores(query, keys, lse, at, 0.125, form, values, output)
    exact = reference_anchors.attention_lse(query, keys, at, 0.125)
    theirs = reference_anchors.anchor_scores(query, keys, exact, at, 0.125, form, values, output)
    return Check(f"anchor scores, {form}", _difference(ours / theirs, torch.ones_like(theirs)), CLOSE)


def _difference(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
