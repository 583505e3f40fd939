"""A card as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.inference_backend.card.card import Card
from repowright.inference_backend.card.selection import ChosenBy

_CHOSEN_BY: dict[ChosenBy, str] = {
    "truth": "attention itself (what can be had)",
    "gate": "trained gate",
    "quest": "Quest, extremes of the keys",
    "mean": "mean key",
}


def as_markdown(card: Card) -> str:
    """Return the tables of a card, each under a heading."""
    size = card.settings
    parts = [
        f"Model {card.model}, revision {card.revision[:12]}. {card.text}.",
        "## Perplexity",
        f"{size.texts} texts of {size.text_tokens} tokens. Bits are of an element far from the window.",
        _table(("cache", "bits", "window", "perplexity"), _perplexities(card)),
        "## Recall",
        f"{size.tasks} needles and {size.tasks} traces of {size.task_tokens} tokens: share of the answers' tokens that "
        "were the likeliest, and mean loss in nats a token.",
        _table(("cache and reading", "needle", "loss", "trace", "loss"), _recalls(card)),
        "## Attention kept by the pages that are read",
        f"{size.long_texts} texts of {size.long_tokens} tokens, last 64 queries, pages of 64 tokens, the first and the "
        "query's own always read; mean over layers.",
        _table(_selection_head(card), _selection(card)),
    ]
    return "\n\n".join(parts) + "\n"


def _perplexities(card: Card) -> list[tuple[str, ...]]:
    return [(row.name, f"{row.bits:.2f}", str(row.window), f"{row.perplexity:.2f}") for row in card.perplexities]


def _recalls(card: Card) -> list[tuple[str, ...]]:
    return [
        (row.name, f"{row.needle:.0%}", f"{row.needle_loss:.2f}", f"{row.trace:.0%}", f"{row.trace_loss:.2f}")
        for row in card.recalls
    ]


def _selection_head(card: Card) -> tuple[str, ...]:
    return ("chosen by", *(f"{budget} tokens" for budget in card.settings.budgets), "worst layer")


def _selection(card: Card) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for way, name in _CHOSEN_BY.items():
        of_way = [each for each in card.selection if each.chosen_by == way]
        if of_way:
            least = min(of_way[-1].by_layer)
            layer = of_way[-1].by_layer.index(least)
            rows.append((name, *(f"{each.mean:.3f}" for each in of_way), f"{least:.2f} (layer {layer})"))
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = ["---", *["---:" for _ in head[1:]]]
    return "\n".join("| " + " | ".join(each) + " |" for each in (head, ruler, *rows))
