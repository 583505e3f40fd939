"""Times every way at a shape, and the kernels that run beside decoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version

import torch

from repowright.benchmarks.kernels.baselines import baselines, prefill_microseconds
from repowright.benchmarks.kernels.made import bytes_read, made
from repowright.benchmarks.kernels.results import Results, Timed
from repowright.benchmarks.kernels.shapes import ASKED, WAYS, Shape
from repowright.benchmarks.kernels.steps import by_kernel
from repowright.benchmarks.kernels.timing import copy_bandwidth, microseconds
from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference_anchors import query_sample

_SATURATED = 0.8
_PREFILL = Shape(1, 16 * 1024)


def begun() -> Results:
    """Return results that say where they come from."""
    gpu = torch.cuda.is_available()
    return Results(torch.cuda.get_device_name() if gpu else "", torch.__version__, version("triton"))


def shape(found: Results, given: Shape, in_time: Callable[[], bool]) -> Iterator[str]:
    """Time PyTorch's attention and every way at a shape; yields a line for each."""
    if not in_time():
        found.notes.append(f"{given.name}: out of time")
        return
    found.copy_bandwidth = found.copy_bandwidth or copy_bandwidth()
    found.baselines[given.name] = baselines(given, flex=given == ASKED)
    torch.cuda.empty_cache()
    for base in found.baselines[given.name]:
        yield f"{given.name} {base.name}: {base.note or base.microseconds}"
    dense = min((each.microseconds for each in found.baselines[given.name] if each.microseconds), default=float("inf"))
    _say_how_good(found, given, dense)
    for way in WAYS:
        if not in_time():
            found.notes.append(f"{given.name}: out of time before {way.name}")
            return
        case = made(given, way.spec, "cuda")
        works = [lambda step=step, case=case, way=way: by_kernel(case, way, step) for step in case.steps]
        took = microseconds(works)
        floor = bytes_read(case, way.share, way.reading) / found.copy_bandwidth * 1e6
        dense = min(dense, took) if way.name == "fp16" else dense
        found.timed.append(Timed(way.name, given.name, took, floor, floor / took, dense / took))
        yield f"{given.name} {way.name}: {took:.1f} us, {floor / took:.0%} of the floor, {dense / took:.2f}x"
        del case, works
        torch.cuda.empty_cache()


def others(found: Results, in_time: Callable[[], bool]) -> Iterator[str]:
    """Time packing of pages and anchor scores."""
    if in_time():
        found.others |= _packing()
    if in_time():
        found.others |= _anchors()
    for name, value in found.others.items():
        yield f"{name}: {value:.4g}"


def _say_how_good(found: Results, given: Shape, dense: float) -> None:
    read = 4 * given.batch * given.kv_heads * given.tokens * given.dim
    share = read / (dense * 1e-6) / found.copy_bandwidth
    if share < _SATURATED:
        found.notes.append(
            f"{given.name}: PyTorch's best reads at {share:.0%} of a copy's speed, so speed-ups over it flatter"
        )


def _packing() -> dict[str, float]:
    case = made(Shape(64, 2 * PAGE), KVSpec(), "cuda", copies=1)
    keys, values = torch.randn(2, 64, 8, PAGE, 128, dtype=torch.half, device="cuda")
    ids = torch.arange(64, device="cuda")
    one = microseconds([lambda: dispatch.write_pages(case.pages, keys[:8], values[:8], ids[:8])])
    many = microseconds([lambda: dispatch.write_pages(case.pages, keys, values, ids)])
    return {"pack 8 pages of int4, us": one, "pack 64 pages of int4, us": many}


def _anchors() -> dict[str, float]:
    shape = _PREFILL
    query = torch.randn(shape.q_heads, shape.tokens, shape.dim, dtype=torch.half, device="cuda")
    keys = torch.randn(shape.kv_heads, shape.tokens, shape.dim, dtype=torch.half, device="cuda")
    whole = torch.arange(shape.tokens, dtype=torch.int32, device="cuda")
    sample = query_sample(shape.tokens, 128, 16).cuda()
    prefill, scale = prefill_microseconds(shape), shape.dim**-0.5
    taken = query[:, sample.long()].contiguous()
    found = {}
    for name, rows, at in (("all queries", query, whole), ("sampled queries", taken, sample)):
        lse = dispatch.attention_lse(rows, keys, at, scale)
        sums = microseconds([lambda r=rows, a=at: dispatch.attention_lse(r, keys, a, scale)], 5, 1)  # type: ignore[misc]
        score = microseconds(
            [lambda r=rows, a=at, s=lse: dispatch.anchor_scores(r, keys, s, a, scale)],  # type: ignore[misc]
            5,
            1,
        )
        found[f"anchor scores of 16K tokens, {name}, share of attention (asked: at most 0.35)"] = score / prefill
        found[f"sums of 16K tokens, {name}, share of attention"] = sums / prefill
    return found
