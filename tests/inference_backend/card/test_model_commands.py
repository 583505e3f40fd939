from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

from click.testing import CliRunner, Result
from small_training import saved_tiny

from repowright.inference_backend.card import making
from repowright.inference_backend.errors import InferenceError, ModelUnusable
from repowright.inference_backend.training.trained import TextSettings
from repowright.tui.commands.model.group import model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_tiny(tmp_path_factory.mktemp("model"), head_dim=64, num_hidden_layers=2)


def _run(*arguments: str) -> Result:
    result = CliRunner().invoke(model, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_gate_and_codebooks_are_trained_into_the_folder_of_models(folder: Path, tmp_path: Path) -> None:
    small = ["--cache", str(tmp_path), "--threads", "1", "--texts", "2"]
    gate = _run("train-gate", str(folder), *small, "--tokens", "512", "--steps", "3", "--channels", "16")
    books = _run("train-codebook", str(folder), *small, "--tokens", "256", "--rate", "0.375")
    for result, name in ((gate, "gate.safetensors"), (books, "codebook-0.375.safetensors")):
        file = Path(result.stdout.strip())
        assert file.name == name and file.is_file() and file.is_relative_to(tmp_path)
        assert "text 2 of 2 has passed" in result.stderr


def test_calibration_names_a_cache_within_the_tolerance(folder: Path, tmp_path: Path) -> None:
    told = _run("calibrate", str(folder), "--cache", str(tmp_path), "--threads", "1", "--tolerance", "0.5", "--json")
    found = json.loads(told.stdout)
    assert found["perplexities"][found["kv"]] <= 1.5 * found["perplexities"]["fp16"]
    assert found["chosen_by"] == "quest" and 0 <= found["dense_layers"] <= len(found["by_layer"]) == 2
    assert set(found["perplexities"]) == {"fp16", "int8", "int4", "int2"}
    assert [each.name for each in tmp_path.rglob("*.json")] == ["calibration.json"]


@pytest.mark.slow
def test_card_trains_what_is_missing_and_writes_three_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FOR_GATE", "FOR_CODEBOOK"):
        monkeypatch.setattr(making, name, TextSettings(2, 512, 16))
    out = tmp_path / "out"
    told = _run("card", str(folder), "--cache", str(tmp_path), "--threads", "1", "--quick", "--out", str(out), "--json")
    found = json.loads(told.stdout)
    assert json.loads((out / "card.json").read_text(encoding="utf-8")) == found
    assert {each.name for each in out.iterdir()} == {"card.json", "card.md", "card.svg"}
    assert {each["chosen_by"] for each in found["selection"]} == {"truth", "quest", "mean", "gate"}
    assert {"1 bit", "fp16, gate 256"} <= {each["name"] for each in found["recalls"]}
    assert {"exact", "0.375 bit + window", "dropped: window alone"} <= {each["name"] for each in found["perplexities"]}


def test_a_model_or_a_text_that_is_not_there_is_one_clear_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="there is no model"):
        _run("train-gate", "./nothing-here", "--cache", str(tmp_path))
    (tmp_path / "short.txt").write_text("too short", encoding="utf-8")
    with pytest.raises(InferenceError, match="no text has 2048 tokens"):
        _run("train-gate", str(folder), "--cache", str(tmp_path), "--text", str(tmp_path / "short.txt"))
