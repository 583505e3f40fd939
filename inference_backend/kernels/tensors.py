"""What the operations are given: the pages of one attention layer, and the sequences of one step.

Letters in shapes: ``N`` pages of the pool, ``B`` sequences of a step, ``P`` pages of the longest sequence,
``Hq``, ``Hk``, ``Hv`` heads of queries, keys and values, ``D`` channels of a head, ``W`` tokens of the window.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from repowright.inference_backend.kv.layout import CodedPageLayout, PageLayout

NO_PAGE = -1
"""Fills page tables, selections and anchor lists beyond their ends; may also stand between entries."""


@dataclass(frozen=True)
class LayerPages:
    """The pool of one attention layer.

    Parameters
    ----------
    k_pool, v_pool
        Bytes, ``[N, Hk, layout.keys.bytes]`` and ``[N, Hv, layout.values.bytes]``.
    anchor_k, anchor_v
        Rows of anchor tokens in half precision, ``[R, Dk]`` and ``[R, Dv]``; ``None`` without anchors.
    anchor_bits
        Which tokens of a page are anchors, one bit a token, ``int64 [N, Hk]``. Their codes are left out of the
        dense pass, because the rows beside them say it exactly.
    """

    layout: PageLayout
    k_pool: Tensor
    v_pool: Tensor
    anchor_k: Tensor | None = None
    anchor_v: Tensor | None = None
    anchor_bits: Tensor | None = None


@dataclass(frozen=True)
class CodedPages:
    """The pool of one attention layer that is vector-quantised.

    Parameters
    ----------
    k_pool, v_pool
        Bytes, ``[N, Hk, layout.keys.bytes]`` and ``[N, Hv, layout.values.bytes]``.
    k_books, v_books
        Codebooks in half precision, one for each head and sub-vector: ``[H, parts, entries, width]``, contiguous.
    anchor_k, anchor_v, anchor_bits
        As in `LayerPages`.
    """

    layout: CodedPageLayout
    k_pool: Tensor
    v_pool: Tensor
    k_books: Tensor
    v_books: Tensor
    anchor_k: Tensor | None = None
    anchor_v: Tensor | None = None
    anchor_bits: Tensor | None = None


@dataclass(frozen=True)
class PageSummaries:
    """What stands for pages that are not read, beside the pool of one attention layer.

    Parameters
    ----------
    mean_key, mean_value
        In half precision, ``[N, Hk, Dk]`` and ``[N, Hv, Dv]``.
    count
        Tokens that the means are of, ``float32 [N, Hk]``: 64 less the anchors; 0 leaves a page out.
    """

    mean_key: Tensor
    mean_value: Tensor
    count: Tensor


@dataclass(frozen=True)
class StepSequences:
    """Where the sequences of one decoding step have their keys and values.

    Parameters
    ----------
    page_table
        ``int32 [B, P]``: pages in the order of the text, `NO_PAGE` beyond the end.
    window_k, window_v
        The most recent tokens in half precision, ``[S, Hk, W, Dk]`` and ``[S, Hv, W, Dv]``.
    window_slot, window_length
        ``int32 [B]``: which row of the windows is the sequence's, and how many tokens it holds.
    anchor_ids
        ``int32 [B, Hk, A]``: rows of the anchor pool that belong to the sequence; ``None`` without anchors.
    page_count
        ``int32 [B]``: how many entries of its row of the table a sequence uses; ``None`` reads all of them and skips
        `NO_PAGE`, which costs time where lengths differ much.
    """

    page_table: Tensor
    window_k: Tensor
    window_v: Tensor
    window_slot: Tensor
    window_length: Tensor
    anchor_ids: Tensor | None = None
    page_count: Tensor | None = None

    def table_of(self, number: int) -> Tensor:
        """Return the entries of the table that a sequence uses, ``int32 [P]``."""
        row = self.page_table[number]
        return row if self.page_count is None else row[: int(self.page_count[number])]
