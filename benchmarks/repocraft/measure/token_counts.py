"""What counts the tokens of source text."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any, Protocol

ENCODING = "o200k_base"
"""GPT-4o's, with which the reference counts (its ``examples/repo_lines.py``)."""

_LONGEST = 100_000
"""Characters encoded at once."""

BYTES_A_TOKEN = 4.0
"""Of normalised Python in `ENCODING`, over the six projects; from 3.7 (statsmodels) to 4.8 (Django)."""


class Counter(Protocol):
    """Counts tokens, and says how."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""


class Exact:
    """Counts with the encoder of the package ``bpe-openai``, whose wheel holds the vocabulary."""

    name = ENCODING

    def __init__(self, encoding: Any) -> None:
        self._encoding = encoding

    def count(self, text: str) -> int:
        """Return how many tokens a text has, cut at lines into pieces of bounded length."""
        return sum(len(self._encoding.encode_ordinary(piece)) for piece in _pieces(text))


class Estimate:
    """Counts bytes where the package is missing; within a fifth on whole repositories."""

    name = f"estimate: {BYTES_A_TOKEN} bytes a token"

    def count(self, text: str) -> int:
        """Return about how many tokens a text has."""
        return round(len(text.encode("utf-8", "replace")) / BYTES_A_TOKEN)


def counter() -> Counter:
    """Return the exact counter if its package is installed (extra ``repocraft``), else the estimate."""
    # The package opens its vocabulary in a way that Python deprecated and later took back into favour.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            package = import_module("bpe_openai")
        except ImportError:
            return Estimate()
        return Exact(package.get_encoding(ENCODING))


def _pieces(text: str) -> list[str]:
    pieces, start = [], 0
    while start < len(text):
        end = start + _LONGEST
        cut = text.rfind("\n", start, end) + 1 if end < len(text) else len(text)
        pieces.append(text[start : cut if cut > start else end])
        start += len(pieces[-1])
    return pieces
