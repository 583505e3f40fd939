"""Log-probabilities of tokens, in the two shapes that clients expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repowright.inference_backend.engine.request import SampledToken

Bytes = Sequence[bytes]
"""For each token of the vocabulary its bytes."""

_LOWEST = -9999.0
"""Stands for minus infinity, which JSON cannot write."""


def chat_logprobs(tokens: Sequence[SampledToken], known: Bytes, top: int) -> dict[str, Any]:
    """Return the log-probabilities of a part of a chat answer."""
    content = [
        {
            **_token(each.token, each.logprob, known),
            "top_logprobs": [_token(one.token, one.logprob, known) for one in each.likeliest[:top]],
        }
        for each in tokens
    ]
    return {"content": content, "refusal": None}


def text_logprobs(tokens: Sequence[SampledToken], known: Bytes, top: int, offset: int) -> dict[str, Any]:
    """Return the log-probabilities of a part of a text answer.

    Parameters
    ----------
    offset
        Characters of the answer before this part.
    """
    texts = [_text(known[each.token]) for each in tokens]
    offsets = [offset + sum(map(len, texts[:number])) for number in range(len(texts))]
    likeliest = [{_text(known[one.token]): _finite(one.logprob) for one in each.likeliest[:top]} for each in tokens]
    return {
        "tokens": texts,
        "token_logprobs": [_finite(each.logprob) for each in tokens],
        "top_logprobs": likeliest if top else None,
        "text_offset": offsets,
    }


def _token(token: int, logprob: float | None, known: Bytes) -> dict[str, Any]:
    return {"token": _text(known[token]), "logprob": _finite(logprob), "bytes": list(known[token])}


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _finite(logprob: float | None) -> float:
    return _LOWEST if logprob is None else max(logprob, _LOWEST)
