"""Attention of one layer over a planned step: new tokens are kept, then attended to with all before them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels import dispatch
from repowright.inference_backend.kernels.reference import read_keys, read_values
from repowright.inference_backend.kernels.tensors import LayerPages, StepSequences
from repowright.inference_backend.vllm_plugin.plan import Chunk, Decoding, StepPlan


class PagedAttention:
    """The pages of one layer, and the tails of the sequences that fill one.

    Parameters
    ----------
    slots
        Rows of the tails.
    """

    def __init__(self, pages: LayerPages, slots: int, scale: float) -> None:
        layout, device = pages.layout, pages.k_pool.device
        self._pages = pages
        self._scale = scale
        self._keys = torch.zeros(slots, layout.k_heads, PAGE, layout.keys.dim, dtype=torch.half, device=device)
        self._values = torch.zeros(slots, layout.v_heads, PAGE, layout.values.dim, dtype=torch.half, device=device)

    def attend(self, plan: StepPlan, query: Tensor, keys: Tensor, values: Tensor, output: Tensor) -> None:
        """Attend, and write what comes out into ``output``.

        Parameters
        ----------
        query, keys, values, output
            ``[T, heads, D]``: the tokens of all sequences of the step.
        """
        for chunk in plan.chunks:
            rows = slice(chunk.begin, chunk.end)
            output[rows] = self._take_in(chunk, query[rows], keys[rows], values[rows]).to(output.dtype)
        if plan.decoding:
            rows_at = plan.decoding.rows
            found = self._decode(plan.decoding, query[rows_at], keys[rows_at], values[rows_at])
            output[rows_at] = found.to(output.dtype)

    def _take_in(self, chunk: Chunk, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend to the pages, to the tail and causally to the chunk itself; pack what fills blocks."""
        whole = chunk.past // PAGE
        all_keys, all_values = self._open_block(chunk, keys, values)
        self._keep(chunk, whole, all_keys, all_values)
        ids = chunk.table[:whole].long()
        past_k, past_v = (read(self._pages, ids).transpose(0, 1).flatten(1, 2) for read in (read_keys, read_values))
        every_k, every_v = torch.cat([past_k.to(keys), all_keys], 1), torch.cat([past_v.to(values), all_values], 1)
        at = torch.arange(chunk.past, chunk.length, device=keys.device).unsqueeze(1)
        seen = torch.arange(chunk.length, device=keys.device).unsqueeze(0) <= at
        found = scaled_dot_product_attention(
            query.transpose(0, 1)[None], every_k[None], every_v[None], seen, scale=self._scale, enable_gqa=True
        )
        return found[0].transpose(0, 1)

    def _open_block(self, chunk: Chunk, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """What the block being filled holds, and the chunk behind it, ``[heads, T, D]`` each."""
        new_k, new_v = keys.transpose(0, 1), values.transpose(0, 1)
        if chunk.begun is None:
            return new_k, new_v
        held = chunk.past % PAGE
        old_k, old_v = self._keys[chunk.begun, :, :held], self._values[chunk.begun, :, :held]
        return torch.cat([old_k.to(keys), new_k], 1), torch.cat([old_v.to(values), new_v], 1)

    def _keep(self, chunk: Chunk, whole: int, keys: Tensor, values: Tensor) -> None:
        full = chunk.length // PAGE - whole
        if full:
            ids = chunk.table[whole : whole + full].long()
            cut = [part[:, : full * PAGE].reshape(part.shape[0], full, PAGE, -1) for part in (keys, values)]
            dispatch.write_pages(self._pages, cut[0].transpose(0, 1), cut[1].transpose(0, 1), ids)
        # A block that is full by now stays in the tail too: drafts in it may be refused, and are then written anew.
        if chunk.begun is not None and chunk.begun != chunk.last:
            self._fill(chunk.begun, keys[:, :PAGE], values[:, :PAGE])
        rest = (chunk.length - 1) // PAGE - whole
        self._fill(chunk.last, keys[:, rest * PAGE :], values[:, rest * PAGE :])

    def _fill(self, slot: int, keys: Tensor, values: Tensor) -> None:
        self._keys[slot, :, : keys.shape[1]] = keys.half()
        self._values[slot, :, : values.shape[1]] = values.half()

    def _decode(self, step: Decoding, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        self._keys[step.slots, :, step.offsets] = keys.half()
        self._values[step.slots, :, step.offsets] = values.half()
        if step.full:
            full = torch.tensor(step.full, device=keys.device)
            slots = step.slots[full]
            dispatch.write_pages(self._pages, self._keys[slots], self._values[slots], step.blocks[full])
        lengths = step.offsets.int() + 1
        sequences = StepSequences(step.table, self._keys, self._values, step.slots.int(), lengths, None, step.counts)
        return dispatch.decode(query, self._pages, sequences, self._scale)
