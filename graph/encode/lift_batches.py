"""How units are put together for a model: 10,000 to 50,000 tokens at a time, whole classes together.

(RPG-Encoder, arXiv 2602.02084, section 3: batches of that size keep what belongs together in one view.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repowright.graph.encode.lift_units import Block, LiftUnit, tokens_of

LEAST = 10_000
MOST = 50_000
MOST_UNITS = 250
"""Units of one batch: an answer of some 25 tokens each stays well inside what a model may write."""

Batch = tuple[Block, ...]


def plan_batches(blocks: Iterable[Block], least: int = LEAST, most: int = MOST) -> list[Batch]:
    """Divide blocks, in their order, into batches of ``least`` to ``most`` tokens; the last may be smaller.

    A batch ends between two files where it can, and never inside a class unless that alone is too large.
    """
    batches: list[Batch] = []
    current: list[Block] = []
    tokens = units = 0
    for block in _bounded(blocks, most):
        size, count = block.tokens, len(block.units)
        new_file = bool(current) and current[-1].path != block.path
        if current and (tokens + size > most or units + count > MOST_UNITS or (new_file and tokens >= least)):
            batches.append(tuple(current))
            current, tokens, units = [], 0, 0
        current.append(block)
        tokens, units = tokens + size, units + count
    return [*batches, tuple(current)] if current else batches


def _bounded(blocks: Iterable[Block], most: int) -> Iterator[Block]:
    """Blocks, those that are too large in pieces."""
    for block in blocks:
        piece: list[LiftUnit] = []
        tokens = 0
        for unit in block.units:
            if piece and (tokens + tokens_of(unit) > most or len(piece) >= MOST_UNITS):
                yield Block(block.path, tuple(piece))
                piece, tokens = [], 0
            piece.append(unit)
            tokens += tokens_of(unit)
        if piece:
            yield Block(block.path, tuple(piece))
