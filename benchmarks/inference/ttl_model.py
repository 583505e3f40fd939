"""An engine whose model is a formula: all else of it is real, and time is what the formula says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.kv.place import Place
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape

_VOCABULARY = 1 << 32
_SMALLEST = ModelShape(
    layers=1, q_heads=1, kv_heads=1, head_dim=16, sliding=(0,), context=1 << 20, vocabulary=_VOCABULARY
)


class ModelledClock:
    """Time that passes only where something is said to take some; seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass(frozen=True)
class StepCost:
    """Seconds of a step: of a model's arithmetic where a prompt is taken in, of its bytes where tokens are decoded.

    The defaults are Llama-3.1-8B on an H100: half of 798 TFLOP/s reached, 3.0 TB/s copied, a cache of four bits.

    Parameters
    ----------
    token
        Arithmetic of a token's weights, operations.
    attended
        Arithmetic of a token for each token before it, operations.
    operations
        Operations a second.
    weights, kept
        Bytes of the weights, and of a token in the cache.
    bandwidth
        Bytes a second.
    launch
        Seconds that a step takes at least.
    """

    token: float = 2 * 8.03e9
    attended: float = 4 * 32 * 4096
    operations: float = 0.5 * 798e12
    weights: float = 16.06e9
    kept: float = 36_864
    bandwidth: float = 3.0e12
    launch: float = 1e-3

    def prefill(self, before: int, tokens: int) -> float:
        """Return the seconds of a chunk that follows ``before`` tokens."""
        work = tokens * (self.token + self.attended * (before + tokens / 2))
        return self.launch + max(work / self.operations, self.weights / self.bandwidth)

    def decode(self, held: Sequence[int]) -> float:
        """Return the seconds of one token of every sequence, given the tokens that each holds."""
        return self.launch + (self.weights + self.kept * sum(held)) / self.bandwidth


class ModelledRunner(Runner):
    """Keeps places as the real one does, and lets the clock run for what a step costs; every token is the same."""

    def __init__(self, pool: KVPool, clock: ModelledClock, cost: StepCost) -> None:
        # No model is joined to the cache: that is what the class it stands in for would do.
        self.pool = pool
        self._clock = clock
        self._cost = cost

    def prefill(self, place: Place, tokens: Sequence[int], fresh: Sequence[int]) -> Tensor:
        """Count a chunk as taken in."""
        self._clock.wait(self._cost.prefill(place.length, len(tokens)))
        place.pages += fresh
        place.in_window += len(tokens) - PAGE * len(fresh)
        return torch.zeros(1)

    def decode(self, places: Sequence[Place], tokens: Sequence[Sequence[int]]) -> list[Tensor]:
        """Return logits for one token of every sequence."""
        self._clock.wait(self._cost.decode([place.length for place in places]))
        return [torch.zeros(len(each), 1) for each in tokens]


class Forgetful(KVPool):
    """A cache whose pages are not found again."""

    @property
    def can_share(self) -> bool:
        """Never."""
        return False


class _Silent:
    def decode(self, token_ids: list[int], skip_special_tokens: bool = False, **named: Any) -> str:
        return ""


def modelled_core(
    settings: EngineSettings, clock: ModelledClock, cost: StepCost | None = None, shares: bool = True
) -> EngineCore:
    """Return an engine over a modelled model.

    Parameters
    ----------
    shares
        Whether pages are found again by what they hold.
    """
    pool_class = KVPool if shares else Forgetful
    pool = pool_class(_SMALLEST, KVSpec(k_bits=16, v_bits=16), settings.pages, settings.running + settings.pinned)
    return EngineCore(ModelledRunner(pool, clock, cost or StepCost()), _Silent(), settings, clock, revision="modelled")
