"""What a step of vLLM asks for, sorted into what our operations do: sequences that decode, and chunks of prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.vllm_plugin.tails import TailSlots


@dataclass(frozen=True)
class Chunk:
    """Tokens of one prompt.

    Parameters
    ----------
    begin, end
        Their rows in the batch.
    past
        Tokens of the sequence before them.
    table
        The sequence's blocks, ``int32 [P]``.
    begun, last
        Rows of the tails: of the block that the first of them continues (None if they begin one), and of the block
        that the last of them is in.
    """

    begin: int
    end: int
    past: int
    table: Tensor
    begun: int | None
    last: int

    @property
    def length(self) -> int:
        """Tokens of the sequence with them."""
        return self.past + self.end - self.begin


@dataclass(frozen=True)
class Decoding:
    """Sequences with one new token each, ``B`` of them.

    Parameters
    ----------
    rows
        Where in the batch they are, ``int64 [B]``.
    table, counts
        Their blocks, ``int32 [B, P]``, and how many of them lie before the one that is being filled, ``int32 [B]``.
    slots, offsets
        The row of the tails that the new token goes to, and its place there, ``int64 [B]``.
    full
        Which of them fill their block now.
    blocks
        The blocks that are being filled, ``int64 [B]``.
    """

    rows: Tensor
    table: Tensor
    counts: Tensor
    slots: Tensor
    offsets: Tensor
    full: tuple[int, ...]
    blocks: Tensor


@dataclass(frozen=True)
class StepPlan:
    """A step."""

    chunks: tuple[Chunk, ...]
    decoding: Decoding | None


def plan_step(starts: Sequence[int], lengths: Sequence[int], table: Tensor, tails: TailSlots) -> StepPlan:
    """Return what is to be done.

    Parameters
    ----------
    starts
        Where in the batch the tokens of each sequence begin, and the end of the last, ``B + 1`` numbers.
    lengths
        Tokens of each sequence, the new ones counted.
    table
        Blocks of each sequence, ``int32 [B, P]``, where the attention runs.
    """
    counts = [end - begin for begin, end in pairwise(starts)]
    known = [number for number, count in enumerate(counts) if count]
    pasts = [length - count for length, count in zip(lengths, counts, strict=True)]
    ends = _ends(table, known, pasts, lengths)
    chunks, decoding = [], []
    for number, (first, last) in zip(known, ends, strict=True):
        past, count = pasts[number], counts[number]
        begun = tails.find(first) if past % PAGE else None
        slot = begun if begun is not None and first == last else tails.open(last)
        if count == 1:
            decoding.append((number, slot, past, last))
        else:
            chunks.append(Chunk(starts[number], starts[number + 1], past, table[number], begun, slot))
    return StepPlan(tuple(chunks), _decoding(decoding, starts, table) if decoding else None)


def _ends(table: Tensor, known: list[int], pasts: list[int], lengths: Sequence[int]) -> list[list[int]]:
    """The blocks that the first and the last new token of each sequence are in; one copy to the host."""
    at = [[pasts[number] // PAGE, (lengths[number] - 1) // PAGE] for number in known]
    rows = torch.tensor(known, device=table.device)
    found: list[list[int]] = table[rows].gather(1, torch.tensor(at, device=table.device).reshape(-1, 2)).tolist()
    return found


def _decoding(found: list[tuple[int, int, int, int]], starts: Sequence[int], table: Tensor) -> Decoding:
    device = table.device
    numbers, slots, pasts, blocks = (list(each) for each in zip(*found, strict=True))
    return Decoding(
        rows=torch.tensor([starts[number] for number in numbers], device=device),
        table=table[torch.tensor(numbers, device=device)],
        counts=torch.tensor([past // PAGE for past in pasts], dtype=torch.int32, device=device),
        slots=torch.tensor(slots, device=device),
        offsets=torch.tensor([past % PAGE for past in pasts], device=device),
        full=tuple(at for at, past in enumerate(pasts) if past % PAGE == PAGE - 1),
        blocks=torch.tensor(blocks, device=device),
    )
