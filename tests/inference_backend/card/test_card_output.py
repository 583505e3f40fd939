from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

from repowright.inference_backend.card.bits import bits_of
from repowright.inference_backend.card.card import Card, CardSettings, PerplexityRow, RecallRow
from repowright.inference_backend.card.markdown import as_markdown
from repowright.inference_backend.card.plot import as_svg
from repowright.inference_backend.card.selection import Kept
from repowright.inference_backend.card.writing import read, write
from repowright.inference_backend.config import PRESETS, KVSpec
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.models.shape import ModelShape

SHAPE = ModelShape(2, 32, 8, 128, (0, 0), 4096, 97)
SVG = "{http://www.w3.org/2000/svg}"

CARD = Card(
    "a<b",
    "0123456789abcdef",
    "some text",
    CardSettings(),
    (
        PerplexityRow("exact", 16.0, 128, 0.0, False, 9.87654),
        PerplexityRow("int2", 2.5, 0, 0.0, False, 37.1),
        PerplexityRow("int2 + window", 2.5, 128, 0.0, False, 12.0),
        PerplexityRow("int2 + window + 1 % query", 2.66, 128, 0.01, False, 11.0),
        PerplexityRow("dropped: window alone", 0.0, 128, 0.0, True, 15.0),
        PerplexityRow("dropped: window + 1 % first", 0.16, 128, 0.01, True, 12.5),
    ),
    (RecallRow("fp16", 1.0, 0.875, 0.123, 0.5),),
    (Kept("quest", 256, 0.75, (0.9, 0.6)), Kept("quest", 512, 0.85, (0.9, 0.8))),
)


def test_bits_count_scales_bounds_and_anchors() -> None:
    bounds = 16 * 2 / (2 * 64)
    assert bits_of(PRESETS["fp16"], SHAPE) == pytest.approx(16 + bounds)
    assert bits_of(PRESETS["int4"], SHAPE) == pytest.approx(4.5 + bounds)
    assert bits_of(KVSpec(2, 2, anchors=0.01), SHAPE) == pytest.approx(2.5 + bounds + 0.16)
    assert bits_of(KVSpec(codebook=0.375), SHAPE) == pytest.approx(0.375 + bounds)


def test_tables_have_a_row_for_each_measurement() -> None:
    lines = as_markdown(CARD).splitlines()
    assert "| int2 + window + 1 % query | 2.66 | 128 | 11.00 |" in lines
    assert "| fp16 | 100% | 0.12 | 88% | 0.50 |" in lines
    assert "| Quest, extremes of the keys | 0.750 | 0.850 | 0.80 (layer 1) |" in lines
    tables = [line for line in lines if line.startswith("|")]
    assert len(tables) == 3 * 2 + 6 + 1 + 1


def test_picture_is_xml_with_a_point_for_each_row_that_has_bits() -> None:
    root = ElementTree.fromstring(as_svg(CARD))
    points = [each for each in root.iter(f"{SVG}circle") if each.find(f"{SVG}title") is not None]
    assert len(points) == 5
    across = {str(each.findtext(f"{SVG}title")).split(":")[0]: float(each.attrib["cx"]) for each in points}
    assert across["exact"] > across["int2 + window + 1 % query"] > across["int2"]
    up = {str(each.findtext(f"{SVG}title")): float(each.attrib["cy"]) for each in points}
    assert min(up, key=lambda name: up[name]).startswith("int2: 37.10")


def test_card_without_perplexities_has_no_picture() -> None:
    with pytest.raises(ValueError, match="no picture"):
        as_svg(Card("a", "b", "c", CardSettings()))


def test_files_say_the_same_and_numbers_are_rounded(tmp_path: Path) -> None:
    written = write(CARD, tmp_path / "new")
    found = json.loads(written.json.read_text(encoding="utf-8"))
    assert found["perplexities"][0]["perplexity"] == 9.8765
    assert found["selection"][1] == {"chosen_by": "quest", "budget": 512, "mean": 0.85, "by_layer": [0.9, 0.8]}
    assert written.markdown.read_text(encoding="utf-8") == as_markdown(CARD)
    assert written.picture.read_text(encoding="utf-8") == as_svg(CARD)


def test_written_card_is_read_again_and_anything_else_refused(tmp_path: Path) -> None:
    written = write(CARD, tmp_path)
    found = read(written.json)
    assert replace(found, perplexities=CARD.perplexities) == CARD
    assert found.perplexities[1:] == CARD.perplexities[1:]
    written.json.write_text('{"model": 3}', encoding="utf-8")
    with pytest.raises(InferenceError, match="holds no card"):
        read(written.json)
