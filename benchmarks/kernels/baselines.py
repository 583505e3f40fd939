"""The best decoding attention that PyTorch itself has on this device, over a contiguous cache of half precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from repowright.benchmarks.kernels.shapes import Shape
from repowright.benchmarks.kernels.timing import microseconds

_BACKENDS = (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION)
_CACHED = 256 * 1024 * 1024


@dataclass(frozen=True)
class Baseline:
    """One implementation's time, or why it has none."""

    name: str
    microseconds: float | None
    note: str = ""


def baselines(shape: Shape, *, flex: bool = True) -> list[Baseline]:
    """Time every implementation at a shape; those that cannot do it say so."""
    size = 4 * shape.batch * shape.kv_heads * shape.tokens * shape.dim
    copies = max(1, -(-_CACHED // size))
    wide = (2, shape.batch, shape.kv_heads, shape.tokens, shape.dim)
    caches = [torch.randn(wide, dtype=torch.half, device="cuda") for _ in range(copies)]
    query = torch.randn(shape.batch, shape.q_heads, 1, shape.dim, dtype=torch.half, device="cuda")
    return [_timed(name, attend, query, caches) for name, attend in _attentions(shape, flex)]


def prefill_microseconds(shape: Shape) -> float:
    """Return the time of causal attention over a whole prompt, by the fastest backend that takes it."""
    heads = (shape.q_heads, shape.kv_heads, shape.kv_heads)
    query, keys, values = (
        torch.randn(1, each, shape.tokens, shape.dim, dtype=torch.half, device="cuda") for each in heads
    )

    def attend() -> Tensor:
        return scaled_dot_product_attention(query, keys, values, is_causal=True, enable_gqa=True)

    return microseconds([attend], repeats=5, each=1)


def _attentions(shape: Shape, flex: bool) -> Iterator[tuple[str, Callable[[Tensor, Tensor], Tensor]]]:
    for backend in _BACKENDS:
        yield f"sdpa {backend.name.lower()}", _repeated(backend)
        yield f"sdpa {backend.name.lower()}, group as rows", _packed(backend, shape)
    if flex:
        from torch.nn.attention.flex_attention import flex_attention

        compiled = torch.compile(flex_attention, dynamic=False)
        yield "flex attention", lambda query, cache: compiled(query, cache[0], cache[1], enable_gqa=True)


def _repeated(backend: SDPBackend) -> Callable[[Tensor, Tensor], Tensor]:
    def attend(query: Tensor, cache: Tensor) -> Tensor:
        with sdpa_kernel(backend):
            return scaled_dot_product_attention(query, cache[0], cache[1], enable_gqa=True)

    return attend


def _packed(backend: SDPBackend, shape: Shape) -> Callable[[Tensor, Tensor], Tensor]:
    def attend(query: Tensor, cache: Tensor) -> Tensor:
        rows = query.reshape(shape.batch, shape.kv_heads, -1, shape.dim)
        with sdpa_kernel(backend):
            return scaled_dot_product_attention(rows, cache[0], cache[1])

    return attend


def _timed(name: str, attend: Callable[[Tensor, Tensor], Tensor], query: Tensor, caches: list[Tensor]) -> Baseline:
    try:
        works = [lambda cache=cache: attend(query, cache) for cache in caches]
        return Baseline(name, microseconds(works))
    except (RuntimeError, ImportError, NotImplementedError) as err:
        return Baseline(name, None, (str(err).splitlines() or [type(err).__name__])[0][:120])
