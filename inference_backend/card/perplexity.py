"""Perplexity of real text under a way of keeping the cache."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from repowright.inference_backend.card.cache_step import CacheStep
from repowright.inference_backend.card.ways import Way
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.training.listening import forward


def perplexity(loaded: LoadedModel, way: Way, texts: Sequence[Sequence[int]], books: Books | None = None) -> float:
    """Return the exponential of the mean loss over all tokens but the first of each text.

    Parameters
    ----------
    texts
        Tokens, each text a whole number of pages.
    """
    total, count = 0.0, 0
    for number, tokens in enumerate(texts):
        step = CacheStep(way, loaded.shape, len(tokens), books, number, str(loaded.model.device))
        logits = forward(loaded.model, step, tokens, logits=0)
        answers = torch.tensor(list(tokens[1:]), device=logits.device)
        total += float(torch.nn.functional.cross_entropy(logits[:-1], answers, reduction="sum"))
        count += len(answers)
    return math.exp(total / count)
