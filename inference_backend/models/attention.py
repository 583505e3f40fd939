"""The one place where a model's layers and the cache meet: transformers' attention interface (version 4.48 on).

A layer calls `attend` with its queries and its new keys and values. What they attend to is decided by the step that
is under way, which a context variable holds: the layers themselves keep no state, and no modelling file is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "repowright"


class Step(Protocol):
    """A forward pass over some sequences."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Keep new keys and values, and attend.

        Parameters
        ----------
        query, key, value
            ``[B, Hq, T, D]`` and ``[B, Hk, T, D]``, after the rotary embedding.

        Returns
        -------
        output
            ``[B, T, Hq, D]``.
        """


class AttentionLayer(Protocol):
    """The part of a model's attention layer that is needed here."""

    layer_idx: int


_STEP: ContextVar[Step] = ContextVar("step")


def join(model: PreTrainedModel) -> None:
    """Make a model attend through the step under way."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    model.set_attn_implementation(NAME)


@contextmanager
def under_way(step: Step) -> Iterator[None]:
    """Let the model's layers attend as a step wants, for the time of a ``with`` block."""
    token = _STEP.set(step)
    try:
        yield
    finally:
        _STEP.reset(token)


def attend(
    module: AttentionLayer,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **named: Any,
) -> tuple[Tensor, None]:
    """Attend in one layer; the signature is transformers'."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return _STEP.get().attend(module.layer_idx, query, key, value, scale), None
