"""Gates and codebooks on disk: safetensors in the folder of models, by the revision of the weights they belong to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.kv.pool import Books
from repowright.inference_backend.models.loader import LoadedModel, user_cache
from repowright.inference_backend.models.shape import ModelShape
from repowright.inference_backend.sparse.gate import Gate

RATES = (1.0, 0.375)
"""Bits of an element that codebooks can have; see `kv.layout.coded_layout`."""


class NotTrained(InferenceError):
    """Nothing was trained for this model yet, or what lies there does not fit it."""


def folder_of(revision: str, cache: Path | None = None) -> Path:
    """Return the folder of what was trained for one set of weights; ``cache`` is the user's if not given."""
    return (cache or user_cache()) / "trained" / revision.replace("/", "--")


def save_gate(gate: Gate, loaded: LoadedModel, about: Mapping[str, str], cache: Path | None = None) -> Path:
    """Write a gate, in half precision, with words on how it was trained."""
    tensors = {"of_query": gate.of_query.half(), "of_key": gate.of_key.half()}
    return _save(_gate_file(loaded, cache), tensors, {**about, "base": repr(gate.base)})


def load_gate(loaded: LoadedModel, cache: Path | None = None) -> Gate:
    """Read the gate of a model.

    Raises
    ------
    NotTrained
        If it has none, or one that does not fit.
    """
    tensors, about = _load(_gate_file(loaded, cache), loaded, "gate", "train-gate")
    shape, of_query, of_key = loaded.shape, tensors.get("of_query"), tensors.get("of_key")
    if of_query is None or of_key is None or not _fits(of_query, of_key, shape) or "base" not in about:
        raise _misfit(loaded, "gate", "train-gate")
    return Gate(of_query.float(), of_key.float(), float(about["base"]))


def known_gate(loaded: LoadedModel, cache: Path | None = None) -> Gate | None:
    """Return the gate of a model, or None if it has none that fits."""
    try:
        return load_gate(loaded, cache)
    except NotTrained:
        return None


def save_books(
    books: Books, rate: float, loaded: LoadedModel, about: Mapping[str, str], cache: Path | None = None
) -> Path:
    """Write the codebooks of one rate, with words on how they were trained."""
    tensors = {}
    for layer, pair in enumerate(books):
        for name, tensor in zip(("keys", "values"), pair, strict=True):
            tensors[f"{layer}.{name}"] = tensor.half()
    return _save(_books_file(loaded, rate, cache), tensors, about)


def load_books(loaded: LoadedModel, rate: float, cache: Path | None = None) -> Books:
    """Read the codebooks of one rate, bits an element.

    Raises
    ------
    NotTrained
        If the model has none, or some that do not fit.
    """
    name, command = f"codebook of {rate:g} bits", f"train-codebook --rate {rate:g}"
    tensors, _ = _load(_books_file(loaded, rate, cache), loaded, name, command)
    names = [(f"{layer}.keys", f"{layer}.values") for layer in range(loaded.shape.layers)]
    if sorted(tensors) != sorted(each for pair in names for each in pair):
        raise _misfit(loaded, name, command)
    books = [(tensors[keys], tensors[values]) for keys, values in names]
    if any(each.shape[0] != loaded.shape.kv_heads or each.dim() != 4 for pair in books for each in pair):
        raise _misfit(loaded, name, command)
    return books


def known_books(loaded: LoadedModel, cache: Path | None = None) -> dict[float, Books]:
    """Return the codebooks that a model has, by their rates."""
    found: dict[float, Books] = {}
    for rate in RATES:
        try:
            found[rate] = load_books(loaded, rate, cache)
        except NotTrained:
            continue
    return found


def _gate_file(loaded: LoadedModel, cache: Path | None) -> Path:
    return folder_of(loaded.revision, cache) / "gate.safetensors"


def _books_file(loaded: LoadedModel, rate: float, cache: Path | None) -> Path:
    return folder_of(loaded.revision, cache) / f"codebook-{rate:g}.safetensors"


def _save(file: Path, tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> Path:
    """Write beside the file and rename, so that no reader finds half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(f".{os.getpid()}")
    save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, scratch, dict(about))
    scratch.replace(file)
    return file


def _load(file: Path, loaded: LoadedModel, what: str, command: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not file.is_file():
        raise NotTrained(f"no {what} is trained for {loaded.name}", f"repowright model {command} {loaded.name}")
    try:
        with safe_open(file, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
            return tensors, dict(opened.metadata() or {})
    except (SafetensorError, OSError) as err:
        raise NotTrained(f"{file} is damaged: {err}", f"repowright model {command} {loaded.name}") from err


def _fits(of_query: Tensor, of_key: Tensor, shape: ModelShape) -> bool:
    group = shape.q_heads // shape.kv_heads
    ends = of_query.shape[-1], of_key.shape[-1]
    beginnings = of_query.shape[:-1], of_key.shape[:-1]
    heads = shape.layers, shape.kv_heads
    return ends[0] == ends[1] and beginnings == ((*heads, group * shape.head_dim), (*heads, 3 * shape.head_dim))


def _misfit(loaded: LoadedModel, what: str, command: str) -> NotTrained:
    message = f"the {what} that lies there does not fit {loaded.name}"
    return NotTrained(message, f"repowright model {command} {loaded.name}")
