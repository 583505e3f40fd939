"""Finds by measurement which cache a model bears, and which of its layers must read everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from repowright.inference_backend.card.bits import bits_of
from repowright.inference_backend.card.perplexity import perplexity
from repowright.inference_backend.card.selection import Kept, attention_kept
from repowright.inference_backend.card.ways import Way
from repowright.inference_backend.config import PRESETS
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.models.shape import ModelShape
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.training.artefacts import folder_of
from repowright.inference_backend.training.text import sequences

_BELOW = 0.1
"""A layer must read everything if its pages keep so much less attention than those of the mean layer."""


@dataclass(frozen=True)
class CalibrationSettings:
    """What is asked for.

    Parameters
    ----------
    tolerance
        Share by which perplexity may rise.
    budget
        Tokens that a step is to read of the pages.
    """

    tolerance: float = 0.05
    budget: int = 512
    texts: int = 3
    text_tokens: int = 768
    long_texts: int = 2
    long_tokens: int = 2048


@dataclass(frozen=True)
class Calibration:
    """What was found.

    Parameters
    ----------
    kv
        The smallest of `config.PRESETS` within the tolerance.
    perplexities
        Of every preset that could be measured.
    dense_layers
        The first layers that should read all pages.
    by_layer
        Attention kept at the budget, by the gate if there is one, else by Quest.
    """

    revision: str
    kv: str
    perplexities: Mapping[str, float]
    dense_layers: int
    chosen_by: str
    by_layer: tuple[float, ...]


def calibrate(
    loaded: LoadedModel,
    texts: Sequence[str],
    settings: CalibrationSettings,
    gate: Gate | None,
    books: Mapping[float, Books],
    told: Callable[[str], None],
) -> Calibration:
    """Measure a model on texts.

    Parameters
    ----------
    books
        Codebooks by their rates; presets whose codebooks are missing are left out.
    told
        Is told what was measured.
    """
    long = sequences(loaded.tokeniser, texts, settings.long_tokens, settings.long_texts)
    kept = attention_kept(loaded, long, (settings.budget,), gate)
    chosen = next(each for each in kept if each.chosen_by == ("gate" if gate else "quest"))
    told(f"{chosen.chosen_by} keeps {chosen.mean:.3f} of attention in {settings.budget} tokens")
    short = sequences(loaded.tokeniser, texts, settings.text_tokens, settings.texts)
    found: dict[str, float] = {}
    for name, spec in PRESETS.items():
        if not spec.codebook or spec.codebook in books:
            way = Way(name, spec, books="weighted" if spec.codebook else "")
            found[name] = perplexity(loaded, way, short, books.get(spec.codebook))
            told(f"{name}: perplexity {found[name]:.2f}")
    kv = smallest_within(found, settings.tolerance, loaded.shape)
    return Calibration(loaded.revision, kv, found, leading_dense(chosen), chosen.chosen_by, chosen.by_layer)


def smallest_within(perplexities: Mapping[str, float], tolerance: float, shape: ModelShape) -> str:
    """Return the preset of the smallest pages whose perplexity is at most so much above that of ``fp16``.

    Raises
    ------
    InferenceError
        If ``fp16`` was not measured.
    """
    if "fp16" not in perplexities:
        raise InferenceError("no exact cache was measured", "measure fp16 too")
    bound = perplexities["fp16"] * (1 + tolerance)
    within = [name for name, found in perplexities.items() if found <= bound]
    return min(within, key=lambda name: bits_of(PRESETS[name], shape))


def leading_dense(kept: Kept) -> int:
    """Return how many of the first layers lie well below the mean layer, up to the first that does not."""
    count = 0
    while count < len(kept.by_layer) and kept.by_layer[count] < kept.mean - _BELOW:
        count += 1
    return count


def save(found: Calibration, cache: Path | None = None) -> Path:
    """Write what was found beside what was trained."""
    file = folder_of(found.revision, cache) / "calibration.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(found), indent=1), encoding="utf-8")
    return file
