"""Pages chosen by a trained gate (SeerAttention-R, arXiv 2506.08889, section 2).

For each head of keys, the queries that share it become one short vector, and so does each page: from the greatest, the
smallest and the mean of its keys. Their product says how much attention the page would get. Both sides are taken before
the rotary embedding and rotated anew, a page at the place of its first token.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.sparse.rotation import Rotation, plain


@dataclass(frozen=True)
class Gate:
    """The trained weights of all layers.

    Parameters
    ----------
    of_query
        ``[L, Hk, g D, G]``: from the ``g`` queries that share a head to a gate's vector.
    of_key
        ``[L, Hk, 3 D, G]``: from the pooled keys of a page.
    base
        Base of the frequencies that the gate's own vectors are rotated by.
    """

    of_query: Tensor
    of_key: Tensor
    base: float

    def to(self, device: str) -> Gate:
        """Return the gate on a device."""
        return Gate(self.of_query.to(device), self.of_key.to(device), self.base)

    @property
    def dim(self) -> int:
        """Channels of the gate's vectors."""
        return self.of_query.shape[-1]

    @property
    def scale(self) -> float:
        """Factor of the products."""
        return float(self.dim**-0.5)

    @property
    def rotation(self) -> Rotation:
        """How the gate's vectors are rotated."""
        return plain(self.dim, self.base)

    def queries(self, layer: int, query: Tensor, places: Tensor) -> Tensor:
        """Return the gate's queries.

        Parameters
        ----------
        query
            ``[B, Hq, D]``, before the rotary embedding.
        places
            ``int [B]``.

        Returns
        -------
        gate_query
            ``float32 [B, Hk, G]``.
        """
        weights = self.of_query[layer].float()
        grouped = query.float().reshape(query.shape[0], weights.shape[0], -1)
        found = torch.einsum("bhd,hdg->hbg", grouped, weights)
        return self.rotation.apply(found, places).transpose(0, 1)

    def keys(self, layer: int, keys: Tensor, begin: int) -> Tensor:
        """Return the gate's keys of whole pages.

        Parameters
        ----------
        keys
            ``[Hk, 64 n, D]``, before the rotary embedding.
        begin
            Place of the first of them in the text.

        Returns
        -------
        gate_keys
            ``float32 [n, Hk, G]``.
        """
        pooled = pool_keys(keys)
        found = torch.einsum("hnd,hdg->hng", pooled, self.of_key[layer].float())
        return self.rotation.apply(found, page_places(pooled.shape[1], begin, keys.device)).transpose(0, 1)


def pool_keys(keys: Tensor) -> Tensor:
    """Return the greatest, smallest and mean key of each page, one behind the other: ``float32 [Hk, n, 3 D]``."""
    cut = keys.float().reshape(keys.shape[0], -1, PAGE, keys.shape[-1])
    return torch.cat([cut.amax(2), cut.amin(2), cut.mean(2)], -1)


def page_places(count: int, begin: int, device: torch.device | str = "cpu") -> Tensor:
    """Return the places at which pages stand for the gate: those of their first tokens, ``int64 [n]``."""
    return begin + PAGE * torch.arange(count, device=device)
