"""Names of pages by what they hold: equal names mean equal tokens from the very first on, kept in the same way."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from hashlib import blake2b

from repowright.inference_backend.config import PAGE, KVSpec

_BYTES = 16


def chain_root(spec: KVSpec, revision: str, rope: str = "", codebook: str = "") -> bytes:
    """Return what the chains of one cache begin with.

    Parameters
    ----------
    revision
        Names the model's weights.
    rope
        Names the regime of the rotary embedding: keys that were rotated otherwise are other keys.
    codebook
        Names the codebooks of vector-quantised pages.
    """
    return _digest(b"root", repr((spec, revision, rope, codebook)).encode())


def page_names(root: bytes, tokens: Sequence[int]) -> list[bytes]:
    """Return the names of all whole pages of a text; the last tokens that fill no page have none."""
    names: list[bytes] = []
    for begin in range(0, len(tokens) - PAGE + 1, PAGE):
        root = next_name(root, tokens[begin : begin + PAGE])
        names.append(root)
    return names


def next_name(before: bytes, tokens: Sequence[int]) -> bytes:
    """Return the name of the page of 64 tokens behind one with the name ``before``."""
    return _digest(before, array("I", tokens).tobytes())


def _digest(before: bytes, text: bytes) -> bytes:
    return blake2b(before + text, digest_size=_BYTES).digest()
