"""What is measured: shapes of attention, and ways of keeping and reading the cache with what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from repowright.inference_backend.config import KVSpec

Reading = Literal["all", "gate", "quest", "estimate"]


@dataclass(frozen=True)
class Shape:
    """One layer's decoding step."""

    batch: int
    tokens: int
    q_heads: int = 32
    kv_heads: int = 8
    dim: int = 128

    @property
    def name(self) -> str:
        """Batch and tokens, as the tables say it."""
        tokens = f"{self.tokens // 1024}K" if self.tokens >= 1024 else str(self.tokens)
        return f"B{self.batch} {tokens}"


@dataclass(frozen=True)
class Way:
    """A way of keeping and reading the cache.

    Parameters
    ----------
    share
        Of the pages, how many are read.
    floor
        Least share of the floor to reach at batch 8 and 128K; 0 asks for nothing.
    times
        Least speed-up over dense half precision there, ours or PyTorch's, whichever is faster.
    """

    name: str
    spec: KVSpec
    reading: Reading = "all"
    share: float = 1.0
    floor: float = 0.0
    times: float = 0.0


HALF = KVSpec(k_bits=16, v_bits=16)
TWO = KVSpec(k_bits=2, v_bits=2)
WAYS = (
    Way("fp16", HALF, floor=0.85),
    Way("int8", KVSpec(k_bits=8, v_bits=8)),
    Way("int4", KVSpec(), floor=0.80),
    Way("int2", TWO, floor=0.65),
    Way("int2 + 1% anchors", KVSpec(k_bits=2, v_bits=2, anchors=0.01), floor=0.60),
    Way("vq 1 bit + 1% anchors", KVSpec(codebook=1.0, anchors=0.01)),
    Way("vq 0.375 bits + 1% anchors", KVSpec(codebook=0.375, anchors=0.01)),
    Way("fp16, gate, 10%", HALF, "gate", 0.1, floor=0.75, times=7.0),
    Way("fp16, quest, 10%", HALF, "quest", 0.1),
    Way("int4, gate, 10%", KVSpec(), "gate", 0.1, floor=0.50, times=14.0),
    Way("int4, gate, 10% + estimate", KVSpec(), "estimate", 0.1),
)
ASKED = Shape(8, 128 * 1024)
"""Where the targets hold."""
SHAPES = (ASKED, Shape(1, 128 * 1024), Shape(8, 32 * 1024), Shape(1, 32 * 1024))
TINY = (Shape(2, 256, 6, 2, 64), Shape(1, 192, 4, 1, 128))
