"""Chooses the pages with the greatest scores in one launch: one program holds all scores of a head.

PyTorch's way takes two dozen launches, which at a tenth of the pages is as long as attention itself. The least score
to keep is found bit by bit, from the highest: as many counts as a number has bits, and nothing is sorted.
"""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor


def top_pages(scores: Tensor, table: Tensor, heads: int, room: int) -> tuple[Tensor, Tensor]:
    """Return places and pages to read, ``int32 [B, heads, room]`` each; see `sparse.select.choose`."""
    scores, table = scores.contiguous(), table.contiguous()
    batch, count = table.shape
    places = torch.empty(batch, heads, room, dtype=torch.int32, device=table.device)
    pages = torch.empty_like(places)
    held = max(16, triton.next_power_of_2(count))
    _top_kernel[(batch * heads,)](
        scores,
        table,
        places,
        pages,
        count,
        heads,
        room,
        GROUP=scores.shape[1] // heads,
        HELD=held,
        ROOM=max(16, triton.next_power_of_2(room)),
        num_warps=4 if held <= 2048 else 16,
    )
    return places, pages


@triton.jit
def _shares(row, GROUP: tl.constexpr, count, at, there):
    """The greatest logarithm of a share in the group; shares are of one query over its pages."""
    best = tl.full(at.shape, float("-inf"), tl.float32)
    for number in range(GROUP):
        scores = tl.load(row + number * count + at, mask=there, other=float("-inf"))
        most = tl.max(scores, 0)
        base = tl.where(most == float("-inf"), 0.0, most)
        total = tl.sum(tl.exp(scores - base), 0)
        best = tl.maximum(best, scores - base - tl.log(tl.where(total == 0.0, 1.0, total)))
    return best


@triton.jit
def _ordered(numbers):
    """Unsigned numbers in the order of floating-point ones, none of them zero."""
    bits = numbers.to(tl.int32, bitcast=True)
    flipped = tl.where(bits < 0, bits ^ -1, bits | -2147483648)
    return flipped.to(tl.uint32, bitcast=True)


@triton.jit
def _top_kernel(
    scores_ptr,
    table_ptr,
    places_ptr,
    pages_ptr,
    count,
    heads,
    room,
    GROUP: tl.constexpr,
    HELD: tl.constexpr,
    ROOM: tl.constexpr,
):
    program = tl.program_id(0)
    at = tl.arange(0, HELD)
    pages = tl.load(table_ptr + (program // heads) * count + at, mask=at < count, other=-1)
    present = pages >= 0
    shares = _shares(scores_ptr + program.to(tl.int64) * GROUP * count, GROUP, count, at, at < count)
    first = tl.min(tl.where(present, at, HELD), 0)
    last = tl.max(tl.where(present, at, -1), 0)
    keys = tl.where((at == first) | (at == last), tl.full([HELD], 0xFFFFFFFF, tl.uint32), _ordered(shares))
    keys = tl.where(present, keys, tl.zeros([HELD], tl.uint32))
    least = tl.zeros([1], tl.uint32)
    step = tl.full([1], 0x80000000, tl.uint32)
    for _ in range(32):
        higher = least | step
        step = step >> 1
        enough = tl.sum((keys >= higher).to(tl.int32), 0) >= room
        least = tl.where(enough, higher, least)
    above = keys > least
    level = (keys == least) & present
    # Of equals, the first ones.
    spare = room - tl.sum(above.to(tl.int32), 0)
    kept = above | (level & (tl.cumsum(level.to(tl.int32), 0) <= spare))
    slot = tl.cumsum(kept.to(tl.int32), 0) - 1
    target = program * room
    tl.store(places_ptr + target + slot, at, mask=kept)
    tl.store(pages_ptr + target + slot, pages, mask=kept)
    rest = tl.arange(0, ROOM)
    missing = (rest >= tl.sum(kept.to(tl.int32), 0)) & (rest < room)
    tl.store(places_ptr + target + rest, tl.full([ROOM], -1, tl.int32), mask=missing)
    tl.store(pages_ptr + target + rest, tl.full([ROOM], -1, tl.int32), mask=missing)
