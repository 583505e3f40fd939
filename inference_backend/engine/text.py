"""Turns tokens into text as they come, and finds stop texts across the borders of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

_BROKEN = "�"
_PATIENCE = 8


class Tokeniser(Protocol):
    """The part of a tokeniser that the engine needs."""

    def decode(self, token_ids: list[int], skip_special_tokens: bool = ..., **named: Any) -> str | list[str]:
        """Return the text of tokens."""


class TextStream:
    """The text of one answer.

    Parameters
    ----------
    stop
        Texts that end the answer.
    keep_special
        Special tokens have a text.
    """

    def __init__(self, tokeniser: Tokeniser, stop: Sequence[str] = (), keep_special: bool = False) -> None:
        self._tokeniser = tokeniser
        self._skips = not keep_special
        self._stop = tuple(stop)
        self._tokens: list[int] = []
        self._begin = 0
        self._read = 0
        self._held = ""
        self.is_stopped = False

    def push(self, token: int) -> str:
        """Add a token; return the text that is certain now."""
        self._tokens.append(token)
        return self._release(self._fresh(final=False), final=False)

    def finish(self) -> str:
        """Return the text that was held back."""
        return "" if self.is_stopped else self._release(self._fresh(final=True), final=True)

    def _fresh(self, final: bool) -> str:
        before = self._decode(self._tokens[self._begin : self._read])
        whole = self._decode(self._tokens[self._begin :])
        is_waiting = whole.endswith(_BROKEN) and len(self._tokens) - self._read < _PATIENCE
        if not final and (is_waiting or len(whole) <= len(before)):
            return ""
        self._begin, self._read = self._read, len(self._tokens)
        return whole[len(before) :]

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokeniser.decode(tokens, skip_special_tokens=self._skips, clean_up_tokenization_spaces=False))

    def _release(self, fresh: str, final: bool) -> str:
        text = self._held + fresh
        ends = [at for at in (text.find(each) for each in self._stop) if at >= 0]
        if ends:
            self.is_stopped = True
            self._held = ""
            return text[: min(ends)]
        held = 0 if final else self._possible_stop(text)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def _possible_stop(self, text: str) -> int:
        """Characters at the end that may begin a stop text."""
        longest = max((len(each) for each in self._stop), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(each.startswith(text[-length:]) for each in self._stop):
                return length
        return 0
