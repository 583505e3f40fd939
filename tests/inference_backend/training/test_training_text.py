from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.training.text import (
    HELD_OUT,
    TRAINING,
    file_text,
    module_text,
    sequences,
    standard_texts,
)


def _by_letter(text: str, **named: object) -> dict[str, list[int]]:
    return {"input_ids": [ord(letter) for letter in text]}


TOKENISER: Any = _by_letter


def test_nothing_is_both_trained_and_measured_on() -> None:
    assert not set(HELD_OUT) & set(TRAINING)
    assert not set(standard_texts(HELD_OUT)) & set(standard_texts())
    assert len(standard_texts(HELD_OUT)) == len(HELD_OUT)


def test_modules_that_this_python_lacks_are_left_out() -> None:
    assert module_text("no_such_module") == ""
    assert len(standard_texts(("typing", "no_such_module", "http.client"))) == 2


def test_texts_take_turns_and_tails_are_left_out() -> None:
    found = sequences(TOKENISER, ["aabbc", "xxyyzz"], 2, 4)
    assert ["".join(map(chr, each)) for each in found] == ["aa", "xx", "bb", "yy"]


def test_texts_too_short_are_refused() -> None:
    with pytest.raises(InferenceError, match="no text has 9 tokens"):
        sequences(TOKENISER, ["short"], 9, 1)


def test_folders_are_read_in_the_order_of_names_and_empty_ones_refused(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("second", encoding="utf-8")
    (tmp_path / "a.md").write_text("first", encoding="utf-8")
    (tmp_path / "c.bin").write_bytes(b"\xff")
    assert file_text([tmp_path]) == ["first", "second"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InferenceError, match="holds no text"):
        file_text([tmp_path / "empty"])
