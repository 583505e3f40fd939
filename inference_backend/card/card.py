"""The card of a model: what every way of keeping and reading its cache costs, measured."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from repowright.inference_backend.card.bits import bits_of
from repowright.inference_backend.card.perplexity import perplexity
from repowright.inference_backend.card.readings import readings
from repowright.inference_backend.card.retrieval import Recalled, heard_in, recalled
from repowright.inference_backend.card.selection import Kept, attention_kept
from repowright.inference_backend.card.tasks import recall_tasks
from repowright.inference_backend.card.ways import BooksBy, Way, perplexity_ways
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.sparse.gate import Gate
from repowright.inference_backend.training.text import HELD_OUT, sequences, standard_texts

BooksOf = Mapping[tuple[float, BooksBy], Books]
"""Codebooks by their rate and by how they were trained."""

Told = Callable[[str], None]


@dataclass(frozen=True)
class CardSettings:
    """How much is measured.

    Parameters
    ----------
    texts, text_tokens
        Held-out texts whose perplexity is measured, and their lengths.
    tasks, task_tokens
        Needles, and as many traces; and their lengths.
    long_texts, long_tokens
        Texts on which the choice of pages is measured, and their lengths.
    """

    texts: int = 3
    text_tokens: int = 768
    tasks: int = 4
    task_tokens: int = 1536
    long_texts: int = 2
    long_tokens: int = 2048
    budgets: tuple[int, ...] = (256, 512)

    @classmethod
    def quick(cls) -> CardSettings:
        """Return sizes for a first look: a sixth of the text."""
        return cls(texts=2, text_tokens=512, tasks=2, task_tokens=768, long_texts=1, long_tokens=1024)


@dataclass(frozen=True)
class PerplexityRow:
    """Perplexity of one way.

    Parameters
    ----------
    bits
        Of an element far from the window; scales, bounds and anchors counted.
    anchors
        Share of the tokens in half precision.
    is_control
        Whether all else far from the window was dropped.
    """

    name: str
    bits: float
    window: int
    anchors: float
    is_control: bool
    perplexity: float


@dataclass(frozen=True)
class RecallRow:
    """What was said again in one way: shares of the answers' tokens, and their mean losses in nats a token."""

    name: str
    needle: float
    trace: float
    needle_loss: float
    trace_loss: float


@dataclass(frozen=True)
class Card:
    """All that was measured of one model.

    Parameters
    ----------
    text
        What it was measured on.
    """

    model: str
    revision: str
    text: str
    settings: CardSettings
    perplexities: tuple[PerplexityRow, ...] = ()
    recalls: tuple[RecallRow, ...] = ()
    selection: tuple[Kept, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Return the card as plain values, numbers rounded to what they can be trusted for."""
        found = _rounded(asdict(self))
        assert isinstance(found, dict)
        return found


def measure(
    loaded: LoadedModel,
    settings: CardSettings,
    books: BooksOf,
    gate: Gate | None,
    told: Told,
    ways: Sequence[Way] | None = None,
) -> Card:
    """Measure a model.

    Parameters
    ----------
    books
        Rows whose codebooks are missing are left out, as are those of a missing gate.
    told
        Is told what was measured, a line each.
    ways
        Rows of the table of perplexities, if not all.
    """
    text = f"Python {platform.python_version()}, standard library: {', '.join(HELD_OUT)}"
    card = Card(loaded.name, loaded.revision, text, settings)
    card = replace(card, selection=_selection(loaded, settings, gate, told))
    card = replace(card, recalls=_recalls(loaded, settings, books, gate, told))
    wanted = perplexity_ways() if ways is None else ways
    return replace(card, perplexities=_perplexities(loaded, settings, books, wanted, told))


def _selection(loaded: LoadedModel, settings: CardSettings, gate: Gate | None, told: Told) -> tuple[Kept, ...]:
    texts = _held_out(loaded, settings.long_tokens, settings.long_texts)
    found = attention_kept(loaded, texts, settings.budgets, gate)
    for kept in found:
        told(f"pages chosen by {kept.chosen_by}, {kept.budget} tokens: {kept.mean:.3f} of attention kept")
    return tuple(found)


def _perplexities(
    loaded: LoadedModel, settings: CardSettings, books: BooksOf, ways: Sequence[Way], told: Told
) -> tuple[PerplexityRow, ...]:
    texts = _held_out(loaded, settings.text_tokens, settings.texts)
    rows = []
    for way in ways:
        of_way = books.get((way.spec.codebook, way.books))
        if way.books and of_way is None:
            continue
        found = perplexity(loaded, way, texts, of_way)
        bits = 16 * way.spec.anchors if way.drops_far else bits_of(way.spec, loaded.shape)
        rows.append(PerplexityRow(way.name, bits, way.spec.window, way.spec.anchors, way.drops_far, found))
        told(f"{way.name}: perplexity {found:.2f}")
    return tuple(rows)


def _recalls(
    loaded: LoadedModel, settings: CardSettings, books: BooksOf, gate: Gate | None, told: Told
) -> tuple[RecallRow, ...]:
    found: dict[str, list[Recalled]] = {}
    wanted = [each for each in readings() if gate or each.spec.sparse.selector != "gate"]
    tasks = recall_tasks(loaded.tokeniser, settings.task_tokens, settings.tasks)
    for number, task in enumerate(tasks):
        heard = heard_in(loaded, task.prompt[:-1])
        for reading in wanted:
            of_reading = books.get((reading.spec.codebook, "weighted"))
            if not reading.spec.codebook or of_reading is not None:
                found.setdefault(reading.name, []).append(recalled(loaded, task, heard, reading, gate, of_reading))
        told(f"{task.kind}s: text {number + 1} of {len(tasks)}")
    rows = tuple(_row(name, results) for name, results in found.items())
    for row in rows:
        told(f"{row.name}: needles {row.needle:.0%}, traces {row.trace:.0%}")
    return rows


def _row(name: str, results: Sequence[Recalled]) -> RecallRow:
    shares, losses = [], []
    for kind in ("needle", "trace"):
        of_kind = [each for each in results if each.kind == kind]
        tokens = sum(each.tokens for each in of_kind)
        shares.append(sum(each.right for each in of_kind) / tokens)
        losses.append(sum(each.loss for each in of_kind) / tokens)
    return RecallRow(name, *shares, *losses)


def _held_out(loaded: LoadedModel, tokens: int, count: int) -> list[list[int]]:
    return sequences(loaded.tokeniser, standard_texts(HELD_OUT), tokens, count)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
