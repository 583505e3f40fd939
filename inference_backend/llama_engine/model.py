"""A model of llama.cpp: tokens in, logits out, and a memory of keys and values that sequences share."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from repowright.inference_backend.errors import InferenceError, ModelUnusable
from repowright.inference_backend.llama_engine.library import last_complaint, load_library

_HALF = 2
_LONGEST_VALUE = 256


@dataclass(frozen=True)
class Stretch:
    """Tokens that follow each other in one sequence.

    Parameters
    ----------
    begin
        Place of the first of them.
    """

    sequence: int
    begin: int
    tokens: Sequence[int]


class LlamaWeights:
    """The weights of a GGUF file, mapped into memory as they are.

    Raises
    ------
    BackendMissing
        If the package llama-cpp-python is not installed.
    ModelUnusable
        If llama.cpp cannot read the file, or the model keeps a state that cannot be cut back to a prefix.
    """

    def __init__(self, file: Path) -> None:
        self.library = load_library()
        wanted = self.library.llama_model_default_params()
        wanted.n_gpu_layers = 0
        self.model = self.library.llama_model_load_from_file(str(file).encode(), wanted)
        if not self.model:
            raise ModelUnusable(f"llama.cpp cannot read {file}: {last_complaint()}", "name another file")
        self._freeing = weakref.finalize(self, self.library.llama_model_free, self.model)
        self._vocab = self.library.llama_model_get_vocab(self.model)
        self._check(file)

    @property
    def vocabulary(self) -> int:
        """Tokens it knows."""
        return int(self.library.llama_vocab_n_tokens(self._vocab))

    @property
    def context(self) -> int:
        """Tokens it was trained to read at a time."""
        return int(self.library.llama_model_n_ctx_train(self.model))

    @property
    def end_tokens(self) -> frozenset[int]:
        """Tokens that end an answer."""
        is_end = self.library.llama_vocab_is_eog
        return frozenset(token for token in range(self.vocabulary) if is_end(self._vocab, token))

    @property
    def token_bytes(self) -> int:
        """Bytes that the keys and values of one token take, in half precision."""
        layers = int(self.library.llama_model_n_layer(self.model))
        heads = int(self.library.llama_model_n_head_kv(self.model))
        usual = int(self.library.llama_model_n_embd(self.model)) // int(self.library.llama_model_n_head(self.model))
        family = self._said("general.architecture")
        dims = [int(self._said(f"{family}.attention.{each}_length") or usual) for each in ("key", "value")]
        return layers * heads * sum(dims) * _HALF

    def _check(self, file: Path) -> None:
        kinds = ("recurrent", "hybrid", "diffusion")
        odd = [kind for kind in kinds if getattr(self.library, f"llama_model_is_{kind}")(self.model)]
        if self.library.llama_model_has_encoder(self.model):
            odd.append("encoding")
        if odd:
            raise ModelUnusable(f"{file} is a {odd[0]} model, whose memory cannot be shared", "take a plain decoder")

    def _said(self, name: str) -> str:
        """A value of the file's header; empty if it has none of that name."""
        value = ctypes.create_string_buffer(_LONGEST_VALUE)
        length = self.library.llama_model_meta_val_str(self.model, name.encode(), value, _LONGEST_VALUE)
        return value.value.decode() if length > 0 else ""


class LlamaModel:
    """Weights with a memory; not for several threads.

    Parameters
    ----------
    cells
        Tokens whose keys and values the memory holds, those of all sequences together.
    sequences
        Sequences it tells apart.
    chunk
        Tokens it takes in at a time, at most.
    threads
        Processors it uses.

    Raises
    ------
    ModelUnusable
        If there is no memory for it.
    """

    def __init__(self, weights: LlamaWeights, cells: int, sequences: int, chunk: int, threads: int) -> None:
        self.weights = weights
        self._library = weights.library
        self._width = weights.vocabulary
        wanted = self._library.llama_context_default_params()
        wanted.n_ctx, wanted.n_seq_max, wanted.kv_unified = cells, sequences, True
        wanted.n_batch = wanted.n_ubatch = max(chunk, sequences)
        wanted.n_threads = wanted.n_threads_batch = threads
        self._context = self._library.llama_init_from_model(weights.model, wanted)
        if not self._context:
            raise ModelUnusable(f"llama.cpp has no memory for {cells} tokens: {last_complaint()}", "free some")
        # The callback holds the weights as well: they have to outlive what was made of them.
        self._freeing = weakref.finalize(self, _free, weights, self._context)
        self._memory = self._library.llama_get_memory(self._context)
        self.cells = int(self._library.llama_n_ctx(self._context))
        self._batch = self._library.llama_batch_init(wanted.n_batch, 0, 1)
        weakref.finalize(self, self._library.llama_batch_free, self._batch)

    def evaluate(self, stretches: Sequence[Stretch]) -> Tensor:
        """Take tokens in, and return what follows the last of each stretch, ``float32 [stretches, V]``.

        Raises
        ------
        InferenceError
            If llama.cpp fails.
        """
        last = self._fill(stretches)
        status = int(self._library.llama_decode(self._context, self._batch))
        if status:
            raise InferenceError(f"llama.cpp failed with {status}: {last_complaint()}", "ask again")
        return torch.from_numpy(np.stack([self._logits(at) for at in last]))

    def cut(self, sequence: int, length: int) -> None:
        """Forget what a sequence has beyond so many tokens."""
        self._library.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def share(self, source: int, target: int, length: int) -> None:
        """Let an empty sequence begin with the first tokens of another, without a copy."""
        self._library.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def clear(self) -> None:
        """Forget everything."""
        self._library.llama_memory_clear(self._memory, False)

    def _fill(self, stretches: Sequence[Stretch]) -> list[int]:
        """Write the batch; return where the last tokens of the stretches are in it."""
        batch: Any = self._batch
        count, last = 0, []
        for stretch in stretches:
            for place, token in enumerate(stretch.tokens, stretch.begin):
                batch.token[count], batch.pos[count] = token, place
                batch.n_seq_id[count], batch.seq_id[count][0] = 1, stretch.sequence
                batch.logits[count] = False
                count += 1
            batch.logits[count - 1] = True
            last.append(count - 1)
        batch.n_tokens = count
        return last

    def _logits(self, at: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        pointer = self._library.llama_get_logits_ith(self._context, at)
        found: np.ndarray[tuple[int], np.dtype[np.float32]] = np.ctypeslib.as_array(pointer, (self._width,))
        return found


def _free(weights: LlamaWeights, context: Any) -> None:
    weights.library.llama_free(context)
