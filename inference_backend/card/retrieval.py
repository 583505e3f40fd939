"""Whether a model still says again what was said long ago, under each way of keeping and reading its cache.

The prompt passes once, exactly; what its layers would cache is then packed by the engine's own steps for each way, and
the answer is decoded through the engine, each token behind the right ones before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.card.tasks import RecallTask
from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.engine.choosing import PageChooser, QuestChooser
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.steps import PrefillStep
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kernels.tensors import CodedPages, LayerPages
from repowright.inference_backend.kv.place import Place, pages_after
from repowright.inference_backend.kv.pool import Books, KVPool
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.sparse.gate_chooser import GateChooser
from repowright.inference_backend.sparse.rotation import rotation_of
from repowright.inference_backend.training.listening import ListeningStep, forward

Heard = list[tuple[Tensor, Tensor, Tensor, float]]
"""Of each layer queries, keys and values of a prompt, and the factor of scores."""


@dataclass(frozen=True)
class Reading:
    """One row of the table of recall.

    Parameters
    ----------
    drops_far
        The control: nothing is read but the first page, the window and anchors.
    """

    name: str
    spec: KVSpec
    drops_far: bool = False


@dataclass(frozen=True)
class Recalled:
    """What one task came to.

    Parameters
    ----------
    right
        Tokens of the answer that were the likeliest.
    loss
        Sum of the answer's losses, nats.
    """

    kind: str
    right: int
    tokens: int
    loss: float


class SinkChooser:
    """Reads the first page alone: the control that drops far tokens."""

    def packed(self, layer: int, pages: Sequence[int], keys: Tensor, begin: int) -> None:
        """Keep nothing."""

    def choose(
        self,
        layer: int,
        query: Tensor,
        positions: Tensor,
        pages: LayerPages | CodedPages,
        table: Tensor,
        scale: float,
    ) -> Tensor:
        """Return the first page of each sequence."""
        return table[:, None, :1].expand(-1, pages.layout.k_heads, -1).int()


def heard_in(loaded: LoadedModel, prompt: Sequence[int]) -> Heard:
    """Return what the layers of a model would cache of a prompt."""
    found: Heard = []

    def heard(layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> None:
        found.append((query, key, value, scale))

    forward(loaded.model, ListeningStep(loaded.shape.sliding, heard), prompt)
    return found


def recalled(
    loaded: LoadedModel,
    task: RecallTask,
    heard: Heard,
    reading: Reading,
    gate: Gate | None = None,
    books: Books | None = None,
) -> Recalled:
    """Decode the answer of a task in one way; ``heard`` is of its prompt without the last token."""
    tokens = len(task.prompt) - 1
    place = Place(0)
    fresh = list(range(pages_after(place, tokens, reading.spec.window)))
    pool = KVPool(loaded.shape, reading.spec, len(fresh), 1, str(loaded.model.device), books)
    runner = Runner(loaded.model, pool, _chooser(loaded, reading, len(fresh), gate))
    step = PrefillStep(pool, place, tokens, fresh)
    for layer, (query, keys, values, scale) in enumerate(heard):
        step.keep(layer, query, keys, values, scale)
    step.done()
    if len(task.answer) > PAGE - place.in_window + reading.spec.window:
        raise InferenceError(f"an answer of {len(task.answer)} tokens does not fit the window", "take a shorter one")
    logits = runner.decode([place], [[task.prompt[-1], *task.answer[:-1]]])[0]
    answer = torch.tensor(task.answer, device=logits.device)
    loss = torch.nn.functional.cross_entropy(logits, answer, reduction="sum")
    return Recalled(task.kind, int((logits.argmax(-1) == answer).sum()), len(answer), float(loss))


def _chooser(loaded: LoadedModel, reading: Reading, pages: int, gate: Gate | None) -> PageChooser | None:
    sparse = reading.spec.sparse
    if reading.drops_far:
        return SinkChooser()
    if sparse.selector == "quest":
        return QuestChooser(sparse)
    if sparse.selector == "gate" and gate:
        return GateChooser(gate, rotation_of(loaded.model), sparse, pages, str(loaded.model.device))
    return None
