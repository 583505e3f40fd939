"""An engine for a model by its name: cache, runner and core put together."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.engine.choosing import PageChooser
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.drafter import Drafter
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.errors import OutOfPages
from repowright.inference_backend.kv.layout import coded_layout, page_layout
from repowright.inference_backend.kv.pool import Books, KVPool
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.models.rope import pin_regime
from repowright.inference_backend.models.shape import ModelShape
from repowright.inference_backend.sparse.gate_chooser import GateChooser
from repowright.inference_backend.sparse.rotation import rotation_of
from repowright.inference_backend.training import artefacts

_HALF = 2


def open_core(
    loaded: LoadedModel,
    spec: KVSpec,
    settings: EngineSettings,
    clock: Callable[[], float] = time.monotonic,
    books: Books | None = None,
    chooser: PageChooser | None = None,
    drafter: Drafter | None = None,
    cache: Path | None = None,
) -> EngineCore:
    """Return the engine of a loaded model; `Engine` runs it in a thread.

    Parameters
    ----------
    books
        Codebooks of the model, where the cache wants some; those that were trained if not given.
    chooser
        Says which pages are read, if not as ``spec`` says.
    drafter
        Guesses tokens instead of prompt look-up, where the settings want drafts.
    cache
        Folder of models, and of the gates and codebooks trained for them; the user's if not given.

    Raises
    ------
    NotTrained
        If a gate or codebooks are wanted, and none were trained for the model.
    """
    slots = settings.running + settings.pinned
    if spec.codebook and books is None:
        books = artefacts.load_books(loaded, spec.codebook, cache)
    pool = KVPool(loaded.shape, spec, settings.pages, slots, str(loaded.model.device), books)
    regime = pin_regime(loaded.model, min(loaded.shape.context, settings.pages * PAGE + spec.window))
    if spec.sparse.selector == "gate" and chooser is None:
        gate, rotation = artefacts.load_gate(loaded, cache), rotation_of(loaded.model)
        chooser = GateChooser(gate, rotation, spec.sparse, settings.pages, str(loaded.model.device))
    runner = Runner(loaded.model, pool, chooser)
    return EngineCore(runner, loaded.tokeniser, settings, clock, loaded.end_tokens, loaded.revision, regime, drafter)


def pages_within(shape: ModelShape, spec: KVSpec, slots: int, memory: int) -> int:
    """Return how many pages a cache can have in so many bytes, windows and anchors counted.

    Raises
    ------
    OutOfPages
        If not even one fits.
    """
    heads, dim = shape.kv_heads, shape.head_dim
    layout = (coded_layout if spec.codebook else page_layout)(spec, heads, heads, dim, dim)
    token = 2 * heads * dim * _HALF
    windows = sum(slots * ((sliding or spec.window) + PAGE) * token for sliding in shape.sliding)
    anchors = -(-PAGE * spec.anchors // 1) * token + 8 * heads if spec.anchors else 0
    page = sum(layout.page_bytes + int(anchors) for sliding in shape.sliding if not sliding)
    count = (memory - windows) // page if page else 0
    if count < 1:
        raise OutOfPages(f"{memory} bytes hold no page beside {windows} bytes of windows", "allow more, or fewer slots")
    return count
