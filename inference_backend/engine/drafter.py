"""Guesses the next tokens cheaply; the model verifies several at once, and an answer stays what it was without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from repowright.inference_backend.engine.request import SampledToken
from repowright.inference_backend.engine.sampler import Sampler


class Drafter(Protocol):
    """Proposes how a text goes on."""

    def propose(self, text: Sequence[int], count: int) -> list[int]:
        """Return up to ``count`` tokens that may follow ``text``; none where it has no idea."""


class PromptLookup:
    """Proposes what followed the last tokens where they stood before: agents copy code.

    Parameters
    ----------
    longest, shortest
        Tokens that must have stood before, longer matches first.
    reach
        Tokens looked back on, at most.
    """

    def __init__(self, longest: int = 4, shortest: int = 2, reach: int = 16_384) -> None:
        self._lengths = range(longest, shortest - 1, -1)
        self._reach = reach

    def propose(self, text: Sequence[int], count: int) -> list[int]:
        """Return what followed the latest earlier occurrence of the text's end."""
        recent = list(text[-self._reach :])
        for length in self._lengths:
            end = recent[-length:]
            for at in range(len(recent) - length - 1, -1, -1):
                if recent[at] == end[0] and recent[at : at + length] == end:
                    return recent[at + length : at + length + count]
        return []


def verify(sampler: Sampler, logits: Tensor, drafts: Sequence[int]) -> list[SampledToken]:
    """Return the tokens that a step yields: the right drafts, and the token behind them.

    Each token is chosen from the model's own distribution, and a draft counts as right if it is the one chosen. A
    draft that the model gives the probability ``p`` is so accepted with ``p``, which is what rejection sampling
    does with a proposal that is certain of itself (Leviathan et al., arXiv 2211.17192), and the random numbers are
    those that decoding without drafts would use: the answer is the same token for token.

    Parameters
    ----------
    logits
        ``float32 [1 + len(drafts), V]``: behind the newest token, and behind each draft.
    """
    chosen: list[SampledToken] = []
    for row in range(len(drafts) + 1):
        chosen.append(sampler.choose(logits[row]))
        if row == len(drafts) or chosen[-1].token != drafts[row]:
            break
    return chosen
