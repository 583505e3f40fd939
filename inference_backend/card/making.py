"""A card from a model alone: what was not trained yet is trained first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from repowright.inference_backend.card.card import BooksOf, Card, CardSettings, measure
from repowright.inference_backend.card.ways import BooksBy
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.training import artefacts
from repowright.inference_backend.training.codebooks import CodebookSettings
from repowright.inference_backend.training.gate import GateSettings
from repowright.inference_backend.training.text import standard_texts
from repowright.inference_backend.training.trained import (
    FOR_CODEBOOK,
    FOR_GATE,
    gather_tokens,
    keep_books,
    train_books,
    train_gate,
)

Told = Callable[[str], None]


def make(loaded: LoadedModel, settings: CardSettings, told: Told, cache: Path | None = None) -> Card:
    """Measure a model with its gate and its codebooks, each trained and kept if it is not there."""
    gate = artefacts.known_gate(loaded, cache)
    if gate is None:
        dim = min(128, loaded.shape.head_dim)
        gate, _ = train_gate(loaded, standard_texts(), FOR_GATE, GateSettings(dim=dim), told, cache)
    return measure(loaded, settings, _books(loaded, told, cache), gate, told)


def _books(loaded: LoadedModel, told: Told, cache: Path | None) -> BooksOf:
    """Codebooks of both rates; plain ones are for the table alone, and are not kept."""
    if loaded.shape.head_dim % 64:
        return {}
    found: dict[tuple[float, BooksBy], Books] = {
        (rate, "weighted"): books for rate, books in artefacts.known_books(loaded, cache).items()
    }
    tokens = gather_tokens(loaded, standard_texts(), FOR_CODEBOOK, told)
    for rate in artefacts.RATES:
        found[rate, "plain"] = train_books(loaded, tokens, CodebookSettings(rate, is_weighted=False), told)
        if (rate, "weighted") not in found:
            settings = CodebookSettings(rate)
            found[rate, "weighted"] = train_books(loaded, tokens, settings, told)
            keep_books(found[rate, "weighted"], loaded, FOR_CODEBOOK, settings, cache)
    return found
