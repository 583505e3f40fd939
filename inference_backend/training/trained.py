"""What a model needs, trained from a list of texts, and kept in the folder of models."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.sparse.rotation import base_of
from repowright.inference_backend.training import artefacts, codebooks
from repowright.inference_backend.training import gate as distillation
from repowright.inference_backend.training.codebooks import CodebookSettings, LayerTokens
from repowright.inference_backend.training.gate import GateSettings
from repowright.inference_backend.training.gate_samples import collect
from repowright.inference_backend.training.text import sequences

Told = Callable[[str], None]

_EVERY = 50
_FEWEST_PAGES = 8


@dataclass(frozen=True)
class TextSettings:
    """How much text is learned from.

    Parameters
    ----------
    texts, tokens
        Texts, and tokens of each.
    per_text
        Queries taken of each text, for a gate.
    """

    texts: int
    tokens: int
    per_text: int = 128


FOR_GATE = TextSettings(24, 2048)
FOR_CODEBOOK = TextSettings(8, 1024)


def train_gate(
    loaded: LoadedModel,
    texts: Sequence[str],
    size: TextSettings,
    settings: GateSettings,
    told: Told,
    cache: Path | None = None,
) -> tuple[Gate, Path]:
    """Train the gate of a model and keep it; told is how far it is.

    Raises
    ------
    InferenceError
        If the texts are too short to choose pages in.
    """
    if size.tokens < _FEWEST_PAGES * PAGE:
        raise InferenceError(f"texts of {size.tokens} tokens leave nothing to choose", f"give {_FEWEST_PAGES * PAGE}")
    cut = sequences(loaded.tokeniser, texts, size.tokens, size.texts)
    samples = collect(
        loaded, cut, size.per_text, settings.seed, lambda done: told(f"text {done} of {len(cut)} has passed")
    )

    def step(number: int, loss: float) -> None:
        if number % _EVERY == 0 or number == settings.steps - 1:
            told(f"step {number + 1} of {settings.steps}: loss {loss:.3f}")

    gate = distillation.distil(samples, base_of(loaded.model), settings, step)
    about = {**_about(cut), **{name: str(value) for name, value in asdict(settings).items()}}
    return gate, artefacts.save_gate(gate, loaded, about, cache)


def gather_tokens(loaded: LoadedModel, texts: Sequence[str], size: TextSettings, told: Told) -> list[LayerTokens]:
    """Run a model over the texts that codebooks are trained on."""
    cut = sequences(loaded.tokeniser, texts, size.tokens, size.texts)
    return codebooks.gather(loaded, cut, lambda done: told(f"text {done} of {len(cut)} has passed"))


def train_books(loaded: LoadedModel, tokens: Sequence[LayerTokens], settings: CodebookSettings, told: Told) -> Books:
    """Train the codebooks of a model; told is how far it is."""
    name = f"{settings.rate:g} bit, {'weighted' if settings.is_weighted else 'plain'}"

    def layer(done: int) -> None:
        if done % 10 == 0 or done == len(tokens):
            told(f"codebooks of {name}: layer {done} of {len(tokens)}")

    return codebooks.train(tokens, loaded.shape, settings, layer)


def keep_books(
    books: Books, loaded: LoadedModel, size: TextSettings, settings: CodebookSettings, cache: Path | None = None
) -> Path:
    """Keep codebooks in the folder of models."""
    about = {name: str(value) for name, value in {**asdict(size), **asdict(settings)}.items()}
    return artefacts.save_books(books, settings.rate, loaded, about, cache)


def _about(cut: Sequence[Sequence[int]]) -> dict[str, str]:
    digest = hashlib.sha256(repr(cut).encode()).hexdigest()[:16]
    return {"texts": str(len(cut)), "tokens": str(len(cut[0])), "text_hash": digest}
