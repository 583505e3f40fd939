"""A card as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from repowright.inference_backend.card.card import Card
from repowright.inference_backend.card.markdown import as_markdown
from repowright.inference_backend.card.plot import as_svg
from repowright.inference_backend.errors import InferenceError


@dataclass(frozen=True)
class WrittenCard:
    """Where a card was written."""

    json: Path
    markdown: Path
    picture: Path


def write(card: Card, folder: Path) -> WrittenCard:
    """Write a card as JSON, as Markdown and as a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    written = WrittenCard(folder / "card.json", folder / "card.md", folder / "card.svg")
    written.json.write_text(json.dumps(card.as_json(), indent=1) + "\n", encoding="utf-8")
    written.markdown.write_text(as_markdown(card), encoding="utf-8")
    written.picture.write_text(as_svg(card), encoding="utf-8")
    return written


def read(file: Path) -> Card:
    """Read a card that was written as JSON.

    Raises
    ------
    InferenceError
        If the file holds no card.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Card).validate_json(file.read_bytes())
    except ValidationError as err:
        raise InferenceError(f"{file} holds no card", "measure the model anew") from err
