"""A model of random weights as the engine loads one, with a tokeniser of bytes: for training and cards in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import tiny_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from repowright.inference_backend.models.loader import LoadedModel
from repowright.inference_backend.models.shape import ModelShape


def byte_tokeniser() -> PreTrainedTokenizerBase:
    """Return a tokeniser with a token for each byte, 256 of them."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    found = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    make: Any = PreTrainedTokenizerFast
    tokeniser: PreTrainedTokenizerBase = make(tokenizer_object=found)
    return tokeniser


def loaded_tiny(family: str = "llama", revision: str = "tiny", **changed: Any) -> LoadedModel:
    """Return a tiny model whose attention looks at few tokens, as that of a trained one does."""
    model = tiny_model(family, vocab_size=256, **changed)
    for name, weights in model.named_parameters():
        if "q_proj.weight" in name or "k_proj.weight" in name:
            weights.data *= 2.0
    return LoadedModel("tiny", revision, model, byte_tokeniser(), ModelShape.of(model.config), frozenset())


def saved_tiny(folder: Path, **changed: Any) -> Path:
    """Write a tiny model as transformers keeps one, and return its folder."""
    loaded = loaded_tiny(**changed)
    loaded.model.save_pretrained(folder)
    loaded.tokeniser.save_pretrained(folder)
    return folder
