"""Anchor tokens of one layer, in half precision beside their pages (AnTKV, arXiv 2506.19505, section 3).

Anchors are chosen when their page is packed, and stay with it: so pages can be shared, and a page that is written anew
gives the rows of what it held before back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.kernels.reference_anchors import anchor_bits
from repowright.inference_backend.kernels.tensors import NO_PAGE


def rows_needed(pages: int, heads: int, share: float) -> int:
    """Return how many rows hold the anchors of a pool, however its pages are filled."""
    return pages * heads * math.ceil(PAGE * share)


class Anchors:
    """The rows of one layer.

    Parameters
    ----------
    share
        Share of the tokens that are anchors.
    """

    def __init__(self, pages: int, heads: int, dim: int, share: float, device: str) -> None:
        count = rows_needed(pages, heads, share)
        self.keys = torch.zeros(count, dim, dtype=torch.half, device=device)
        self.values = torch.zeros_like(self.keys)
        self.bits = torch.zeros(pages, heads, dtype=torch.int64, device=device)
        self._heads = heads
        self._share = share
        self._free = list(range(count - 1, -1, -1))
        self._of_page: dict[int, list[tuple[int, int, int]]] = {}

    @property
    def bytes(self) -> int:
        """Memory of the rows and of the bits that say which tokens they are."""
        return self.keys.nbytes + self.values.nbytes + self.bits.nbytes

    def count(self, pages: int) -> int:
        """Return how many tokens of each head are anchors where so many pages are packed at once."""
        return max(1, round(pages * PAGE * self._share))

    def forget(self, pages: Sequence[int]) -> None:
        """Give the rows of pages back, because the pages are written anew."""
        for page in pages:
            self._free += [row for _, _, row in self._of_page.pop(page, [])]
            self.bits[page] = 0

    def keep(self, pages: Sequence[int], tokens: Tensor, keys: Tensor, values: Tensor) -> None:
        """Keep the anchors of pages that are packed together.

        Parameters
        ----------
        tokens
            ``int64 [Hk, A]``, ascending: places in ``keys``.
        keys, values
            ``[Hk, 64 n, D]``: what the pages hold.
        """
        rows = [[self._free.pop() for _ in each] for each in tokens.tolist()]
        at = torch.tensor(rows, device=self.keys.device).flatten()
        heads = torch.arange(self._heads, device=tokens.device).unsqueeze(1)
        self.keys[at] = keys[heads, tokens].flatten(0, 1).to(self.keys.dtype)
        self.values[at] = values[heads, tokens].flatten(0, 1).to(self.values.dtype)
        self.bits[torch.tensor(list(pages), device=self.bits.device)] = anchor_bits(tokens, len(pages))
        for head, (places, of_head) in enumerate(zip(tokens.tolist(), rows, strict=True)):
            for place, row in zip(places, of_head, strict=True):
                self._of_page.setdefault(pages[place // PAGE], []).append((head, place % PAGE, row))

    def restore(self, pages: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """Put anchors in the place of what was read from their pages' codes; ``[M, Hk, 64, D]``, in place."""
        found = [(number, *each) for number, page in enumerate(pages) for each in self._of_page.get(page, [])]
        if found:
            number, head, place, row = torch.tensor(found, device=self.keys.device).T
            keys[number, head, place] = self.keys[row].to(keys.dtype)
            values[number, head, place] = self.values[row].to(values.dtype)

    def rows(self, pages: Sequence[int]) -> Tensor:
        """Return for each head the rows of pages, ``int32 [Hk, A]``, in the order of the text, `NO_PAGE` beyond."""
        found: list[list[int]] = [[] for _ in range(self._heads)]
        for page in pages:
            for head, _, row in self._of_page.get(page, []):
                found[head].append(row)
        longest = max(len(each) for each in found)
        filled = [[*each, *[NO_PAGE] * (longest - len(each))] for each in found]
        return torch.tensor(filled, dtype=torch.int32, device=self.keys.device).reshape(self._heads, longest)
