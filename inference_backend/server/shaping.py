"""Biases and penalties on the logits, beside a grammar if there is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from repowright.inference_backend.engine.request import TokenMask

if TYPE_CHECKING:
    from torch import Tensor


class Shaping:
    """Moves the logits of an answer before a token is chosen; a `TokenMask`.

    Parameters
    ----------
    bias
        Added to the logits of tokens.
    presence, frequency
        Taken off the logit of a token that came already, once and for each time it came (OpenAI's penalties).
    grammar
        Has the last word.
    """

    def __init__(
        self,
        bias: Mapping[int, float],
        presence: float = 0.0,
        frequency: float = 0.0,
        grammar: TokenMask | None = None,
    ) -> None:
        self._bias = dict(bias)
        self._presence = presence
        self._frequency = frequency
        self._grammar = grammar
        self._seen: Counter[int] = Counter()

    @property
    def is_finished(self) -> bool:
        """Whether the grammar says that nothing may follow."""
        return self._grammar is not None and self._grammar.is_finished

    def mask(self, logits: Tensor) -> None:
        """Move logits in place, ``float32 [V]``."""
        for token, by in self._bias.items():
            logits[token] += by
        for token, times in self._seen.items():
            logits[token] -= self._presence + self._frequency * times
        if self._grammar is not None:
            self._grammar.mask(logits)

    def accept(self, token: int) -> None:
        """Take note of the token that came."""
        if self._presence or self._frequency:
            self._seen[token] += 1
        if self._grammar is not None:
            self._grammar.accept(token)
