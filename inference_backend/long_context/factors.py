"""Factors by which each pair of channels turns more slowly, and how a model takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from repowright.inference_backend.errors import ModelUnusable

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

Factors = tuple[float, ...]
"""One for each pair of channels, from the fastest to the slowest; 1 leaves a pair as it was trained."""


@dataclass(frozen=True)
class Rotary:
    """How a model's positions turn, as it was trained.

    Parameters
    ----------
    pairs
        Pairs of channels of a head.
    base
        Ratio of the slowest turn to the fastest.
    trained
        Tokens of the longest text it was trained on.
    """

    pairs: int
    base: float
    trained: int

    @classmethod
    def of(cls, config: PretrainedConfig) -> Rotary:
        """Read a model's configuration.

        Raises
        ------
        ModelUnusable
            If its positions are scaled already.
        """
        known: dict[str, Any] = getattr(config, "rope_parameters", None) or {}
        if known.get("rope_type", "default") != "default":
            raise ModelUnusable(f"positions of this model are scaled by {known['rope_type']} already", "take its base")
        heads = int(config.num_attention_heads)
        dim = int(getattr(config, "head_dim", None) or config.hidden_size // heads)
        return cls(dim // 2, float(known["rope_theta"]), int(config.max_position_embeddings))

    @property
    def critical(self) -> int:
        """The first pair that made no whole turn in training: it is what fails beyond (LongRoPE2, section 2)."""
        turn = math.log(self.trained / (2 * math.pi)) / math.log(self.base)
        return min(self.pairs, math.ceil(self.pairs * turn))

    def plain(self) -> Factors:
        """Factors that change nothing."""
        return (1.0,) * self.pairs

    def linear(self, times: float) -> Factors:
        """Every pair slower by the same (position interpolation, arXiv 2306.15595)."""
        return (times,) * self.pairs

    def by_base(self, times: float) -> Factors:
        """A greater base: the fastest pair as before, the slowest slower by ``times``."""
        return tuple(times ** (pair / (self.pairs - 1)) for pair in range(self.pairs))

    def ramp(self, times: float, fast: float = 32.0, slow: float = 1.0) -> Factors:
        """Pairs of many turns as before, of less than one slower by ``times``, between both in between (YaRN)."""
        found = []
        for pair in range(self.pairs):
            turns = self.trained / (2 * math.pi * self.base ** (pair / self.pairs))
            share = min(1.0, max(0.0, (turns - slow) / (fast - slow)))
            found.append(1 / (share + (1 - share) / times))
        return tuple(found)


def attention_factor(times: float, trained: int) -> float:
    """Return what queries and keys are multiplied by, as transformers does for LongRoPE."""
    return math.sqrt(1 + math.log(times) / math.log(trained)) if times > 1 else 1.0


def long_parameters(rotary: Rotary, factors: Factors, times: float) -> dict[str, Any]:
    """Return what goes into ``config.rope_parameters``; texts of the trained length keep their positions."""
    return {
        "rope_type": "longrope",
        "rope_theta": rotary.base,
        "factor": times,
        "original_max_position_embeddings": rotary.trained,
        "short_factor": list(rotary.plain()),
        "long_factor": [round(each, 4) for each in factors],
    }


@contextmanager
def turned(model: PreTrainedModel, rotary: Rotary, factors: Factors, times: float) -> Iterator[None]:
    """Let a model's positions turn by factors, for the time of a ``with`` block."""
    modules: list[Any] = [each for each in model.modules() if hasattr(each, "inv_freq")]
    before = [(each.inv_freq, each.attention_scaling) for each in modules]
    try:
        for each in modules:
            each.inv_freq = each.inv_freq / torch.tensor(factors, device=each.inv_freq.device)
            each.attention_scaling = attention_factor(times, rotary.trained)
        yield
    finally:
        for each, (frequencies, scaling) in zip(modules, before, strict=True):
            each.inv_freq, each.attention_scaling = frequencies, scaling
