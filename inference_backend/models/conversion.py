"""GGUF files, converted once: transformers takes a minute to read one, and a second to read what it became."""

from __future__ import annotations

import hashlib
import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from repowright.inference_backend.errors import BackendMissing, ModelUnusable

_BLOCK = 1 << 22
_VERSION = "1"
_MAGIC = b"GGUF"
_WEIGHTS = "*.safetensors"


def converted(file: Path, cache: Path, convert: Callable[[Path, Path], None] | None = None) -> Path:
    """Return the folder with the model of a GGUF file as transformers keeps it, made if it is not there.

    Parameters
    ----------
    cache
        Folder of converted models, each named by the hash of the file it came from.
    convert
        Writes the model of a file into a folder; through transformers if none is given.

    Raises
    ------
    ModelUnusable
        If the file is damaged, or of a kind that transformers cannot read.
    """
    _check(file)
    folder = cache / f"{_hash(file)[:32]}-{_VERSION}"
    if any(folder.glob(_WEIGHTS)):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=cache, prefix=".converting-"))
    try:
        (convert or _through_transformers)(file, scratch)
        _move(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _check(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(_MAGIC))
    except OSError as err:
        raise ModelUnusable(f"{file} cannot be read: {err.strerror}", "name another file") from err
    if magic != _MAGIC:
        raise ModelUnusable(f"{file} is no GGUF file", "name another file, or fetch it again")


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _move(scratch: Path, folder: Path) -> None:
    """Put what was made in its place; another process may have been faster, and has made the same."""
    try:
        scratch.rename(folder)
    except OSError:
        if not any(folder.glob(_WEIGHTS)):
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)


def _through_transformers(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source, name = str(file.parent), file.name
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(source, gguf_file=name, dtype=torch.float32)
        tokeniser = AutoTokenizer.from_pretrained(source, gguf_file=name)
    except ImportError as err:
        raise BackendMissing(f"{file} cannot be converted: {err}", "pip install gguf accelerate") from err
    except (ValueError, LookupError, RuntimeError, OSError, OverflowError, struct.error) as err:
        hint = "fetch it again, or take a model of a known family"
        raise ModelUnusable(f"{file} cannot be converted: {err}", hint) from err
    # Weights were dequantised on reading: what says that they are GGUF would keep them from being saved.
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(folder)
    tokeniser.save_pretrained(folder)
