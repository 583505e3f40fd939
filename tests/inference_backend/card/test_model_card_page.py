from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

from repowright.inference_backend.card.card import Card
from repowright.inference_backend.card.markdown import as_markdown
from repowright.inference_backend.card.plot import as_svg
from repowright.inference_backend.card.writing import read
from repowright.inference_backend.config import PRESETS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "model-card.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def card() -> Card:
    return read(ROOT / "benchmarks" / "inference" / "card_results" / "card.json")


def test_page_and_picture_show_what_was_measured(card: Card) -> None:
    rows = [line for line in as_markdown(card).splitlines() if line.startswith("| ")]
    assert len(rows) > 30 and [row for row in rows if row not in PAGE] == []
    assert (ROOT / "docs" / "images" / "model-card.svg").read_text(encoding="utf-8") == as_svg(card)


def test_anchors_close_what_the_window_leaves_and_random_ones_do_not(card: Card) -> None:
    found = {row.name: row.perplexity for row in card.perplexities}
    left = found["int2 + window"] - found["exact"]
    assert found["int2 + window + 1 % query"] - found["exact"] < 0.5 * left
    assert found["int2 + window + 1 % random"] - found["exact"] > 0.8 * left


def test_gate_keeps_more_attention_than_quest(card: Card) -> None:
    found = {(each.chosen_by, each.budget): each.mean for each in card.selection}
    for budget in card.settings.budgets:
        assert found["truth", budget] > found["gate", budget] > found["quest", budget]
        assert found["quest", budget] > found["mean", budget] - 0.005


def test_shipped_defaults_are_borne_by_the_small_model(card: Card) -> None:
    found = {row.name: row.perplexity for row in card.perplexities}
    assert found["int4"] < 1.05 * found["exact"]
    assert PRESETS["int4"].anchors == 0 and PRESETS["int4"].window == 128
    assert PRESETS["int2"].anchors == 0.01 and PRESETS["vq1"].anchors == 0.01
    assert found["1 bit + window + 1 % query"] < found["1 bit + window"]
