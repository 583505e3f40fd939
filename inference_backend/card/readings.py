"""The rows of the table of recall."""

from __future__ import annotations

from dataclasses import replace

from repowright.inference_backend.card.retrieval import Reading
from repowright.inference_backend.config import KVSpec, Selector, SparseSpec


def readings() -> list[Reading]:
    """Return the rows: bits, anchors and window with all pages read, then fewer pages, then the control."""
    return [*_dense(), *_sparse(), *_controls()]


def _dense() -> list[Reading]:
    found = [Reading(name, spec) for name, spec in _CACHES.items()]
    found.append(Reading("int2 + 1 % anchors, window 64", KVSpec(2, 2, window=64, anchors=0.01)))
    found.append(Reading("int2 + 1 % anchors, window 512", KVSpec(2, 2, window=512, anchors=0.01)))
    return found


def _sparse() -> list[Reading]:
    selectors: list[Selector] = ["quest", "gate"]
    found = []
    for name in ("fp16", "int4"):
        for selector in selectors:
            for budget in (256, 512):
                spec = replace(_CACHES[name], sparse=SparseSpec(selector, budget))
                found.append(Reading(f"{name}, {selector} {budget}", spec))
    return found


def _controls() -> list[Reading]:
    dropped = Reading("dropped: window + first page", _CACHES["fp16"], drops_far=True)
    return [dropped, Reading("dropped: window + first page + 1 % anchors", KVSpec(16, 16, anchors=0.01), True)]


_CACHES = {
    "fp16": KVSpec(16, 16),
    "int8": KVSpec(8, 8),
    "int4": KVSpec(),
    "keys 4, values 2 bits": KVSpec(4, 2),
    "int2": KVSpec(2, 2),
    "int2 + 1 % anchors": KVSpec(2, 2, anchors=0.01),
    "int2 + 5 % anchors": KVSpec(2, 2, anchors=0.05),
    "1 bit": KVSpec(codebook=1.0),
    "1 bit + 1 % anchors": KVSpec(codebook=1.0, anchors=0.01),
    "0.375 bit + 1 % anchors": KVSpec(codebook=0.375, anchors=0.01),
}
