"""Finds how each decoding kernel is best launched on this device, one setting after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from repowright.benchmarks.kernels.checking import decoding
from repowright.benchmarks.kernels.made import Made, made
from repowright.benchmarks.kernels.shapes import WAYS, Shape, Way
from repowright.benchmarks.kernels.steps import by_kernel
from repowright.benchmarks.kernels.timing import microseconds
from repowright.inference_backend.kernels import tuning
from repowright.inference_backend.kernels.tuning import Launch, decoding_key

SHAPE = Shape(8, 32 * 1024)
"""Large enough to fill the device, small enough to be tried often."""
_CHECKED = Shape(2, 1024, 8, 2)
"""Small, and of the same kind to the compiler, so that what is checked need not be compiled again to be timed."""
_TUNED = ("fp16", "int4", "int2", "vq 1 bit + 1% anchors", "vq 0.375 bits + 1% anchors")


def tune(device_name: str) -> Iterator[str]:
    """Try settings for every kind of page, write the table, and yield a line for each kind."""
    table = tuning.read(tuning.TABLE)
    mine = table.setdefault(device_name, {})
    for way in WAYS:
        if way.name not in _TUNED:
            continue
        best, before, after = _best(way)
        mine[key_of(way, SHAPE)] = best
        tuning.write(tuning.TABLE, table)
        yield f"{way.name}: {before:.1f} us as shipped, {after:.1f} us with {best}"
    tuning.launch.cache_clear()


def key_of(way: Way, shape: Shape) -> str:
    """Return the name of a way in the table."""
    rate = way.spec.codebook
    k_bits, v_bits = (rate, rate) if rate else (way.spec.k_bits, way.spec.v_bits)
    return decoding_key(k_bits, v_bits, shape.dim, shape.q_heads // shape.kv_heads)


def _best(way: Way) -> tuple[Launch, float, float]:
    case = made(SHAPE, way.spec, "cuda")
    best = tuning.default(SHAPE.dim)
    before = shortest = _time(case, way, best)
    for alternatives in _settings(way):
        for changed in [Launch(**(asdict(best) | each)) for each in alternatives]:
            if changed == best or not _right(way, changed):
                continue
            time = _time(case, way, changed)
            if time < 0.99 * shortest:
                best, shortest = changed, time
    return best, before, shortest


def _settings(way: Way) -> Iterator[list[dict[str, int | bool]]]:
    if not way.spec.codebook:
        if way.spec.k_bits in (2, 4):
            yield [{"native": True}]
        yield [{"pipelined": False}]
    yield [{"warps": warps} for warps in (1, 2, 4, 8)]
    yield [{"stages": stages} for stages in (2, 3, 4)]
    yield [{"blocks": blocks} for blocks in (1, 2, 3, 4, 6, 8, 16)]


def _right(way: Way, how: Launch) -> bool:
    return decoding(_CHECKED, way, "cuda", how).passed


def _time(case: Made, way: Way, how: Launch) -> float:
    return microseconds([lambda step=step: by_kernel(case, way, step, how) for step in case.steps], repeats=7)  # type: ignore[misc]
