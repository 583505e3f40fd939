"""The tokeniser and the chat template that a GGUF file carries, as transformers has them."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repowright.inference_backend.errors import BackendMissing, ModelUnusable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBED = 1 << 20


def tokeniser_of(file: Path, vocabulary: int) -> PreTrainedTokenizerBase:
    """Return the tokeniser of a GGUF file; its weights are not read.

    Parameters
    ----------
    vocabulary
        Tokens that the model knows.

    Raises
    ------
    BackendMissing
        If the package gguf is not installed.
    ModelUnusable
        If transformers cannot read it, or it is another model's.
    """
    from transformers import AutoTokenizer

    try:
        found: Any = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
    except ImportError as err:
        raise BackendMissing(f"the tokeniser of {file} cannot be read: {err}", "pip install gguf accelerate") from err
    except (ValueError, LookupError, RuntimeError, OSError, OverflowError, TypeError, struct.error) as err:
        hint = "take a model of a family that transformers reads from GGUF"
        raise ModelUnusable(f"the tokeniser of {file} cannot be read: {err}", hint) from err
    if len(found) > vocabulary:
        message = f"the tokeniser of {file} knows {len(found)} tokens, its model {vocabulary}"
        raise ModelUnusable(message, "fetch the file again")
    tokeniser: PreTrainedTokenizerBase = found
    return tokeniser


def revision_of_file(file: Path) -> str:
    """Return a name of a file's weights: a hash of its length and its first megabyte."""
    digest = hashlib.sha256(f"llama.cpp {file.stat().st_size} ".encode())
    with file.open("rb") as opened:
        digest.update(opened.read(_PROBED))
    return digest.hexdigest()[:32]
