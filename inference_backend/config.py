"""How keys and values are kept, and which of them are read: the settings every part of the engine shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PAGE = 64
"""Tokens of a page: the unit of allocation, of sharing, of key quantisation and of sparse selection."""

Bits = Literal[2, 4, 8, 16]
Selector = Literal["none", "quest", "gate"]


@dataclass(frozen=True)
class SparseSpec:
    """Which pages a decode step reads (Quest; SeerAttention-R, sections 2 and 3).

    Parameters
    ----------
    selector
        ``none`` reads all pages; ``quest`` scores pages by the extremes of their keys, ``gate`` by a trained gate.
    budget
        Tokens read of the pages, at most; whole pages. 0 if a threshold decides.
    threshold
        Share of the gate's probability a page must have, used where ``budget`` is 0.
    dense_layers
        The first layers read all pages.
    """

    selector: Selector = "none"
    budget: int = 4096
    threshold: float = 0.0
    dense_layers: int = 2

    def reads_all(self, layer: int, pages: int) -> bool:
        """Whether nothing is to be chosen: in a dense layer, or where the budget covers all pages."""
        is_covered = bool(self.budget) and pages * PAGE <= self.budget
        return layer < self.dense_layers or is_covered or not pages


@dataclass(frozen=True)
class KVSpec:
    """How the cache keeps keys and values.

    Parameters
    ----------
    k_bits, v_bits
        Bits of a code; 16 keeps half precision. Keys are quantised per channel over the 64 tokens of a page, values
        per token over `v_group` channels (KIVI; BitDecoding, section 4).
    v_group
        Channels that share a scale of the values; clipped to the head's.
    window
        Most recent tokens kept in half precision (BitDecoding's residual block); a multiple of the page.
    anchors
        Share of the tokens kept in half precision by anchor score (AnTKV, section 3); 0 for none.
    codebook
        Bits of a vector-quantised element, 1 or 0.375; 0 for none. Then `k_bits` and `v_bits` do not count.
    """

    k_bits: Bits = 4
    v_bits: Bits = 4
    v_group: int = 64
    window: int = 128
    anchors: float = 0.0
    codebook: float = 0.0
    sparse: SparseSpec = SparseSpec()

    @property
    def is_exact(self) -> bool:
        """Whether keys and values are kept as the model made them, to half precision."""
        return self.k_bits == 16 and self.v_bits == 16 and not self.codebook


PRESETS: dict[str, KVSpec] = {
    "fp16": KVSpec(k_bits=16, v_bits=16),
    "int8": KVSpec(k_bits=8, v_bits=8),
    "int4": KVSpec(),
    "int2": KVSpec(k_bits=2, v_bits=2, anchors=0.01),
    "vq1": KVSpec(codebook=1.0, anchors=0.01),
    "vq0.375": KVSpec(codebook=0.375, anchors=0.01),
}
"""What ``--kv`` names."""
