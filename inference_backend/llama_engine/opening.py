"""A served model that llama.cpp evaluates, from the name of a GGUF file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.errors import ModelUnusable
from repowright.inference_backend.models.loader import SMALL, small_model

if TYPE_CHECKING:
    from repowright.inference_backend.llama_engine.model import LlamaWeights
    from repowright.inference_backend.server.served import Served

RUNNING, KEPT = 8, 8
"""Answers under way at a time, and prefixes that are kept beside them."""

CHUNK = 128
"""Tokens of a prompt taken in between two steps of the answers under way."""

_USUAL_BYTES, _MOST_BYTES = 1 << 30, 2 << 30


def serve_llama(name: str, threads: int, waiting: int = 256, cells: int | None = None) -> Served:
    """Return a model ready to be served by llama.cpp.

    Parameters
    ----------
    name
        A GGUF file, or `SMALL`.
    threads
        Processors it uses.
    waiting
        Requests that may wait; further ones are refused.
    cells
        Tokens that the memory holds, of all requests together; if not given, what a gigabyte holds, and up to two
        where a single conversation may need them.

    Raises
    ------
    BackendMissing
        If a package is not installed.
    ModelUnusable
        If there is no such file, or it cannot be read.
    """
    from repowright.inference_backend.engine.engine import Engine
    from repowright.inference_backend.engine.settings import EngineSettings
    from repowright.inference_backend.llama_engine.core import LlamaCore
    from repowright.inference_backend.llama_engine.model import LlamaModel, LlamaWeights
    from repowright.inference_backend.llama_engine.tokeniser import revision_of_file, tokeniser_of
    from repowright.inference_backend.server.prompts import Prompts
    from repowright.inference_backend.server.served import Served
    from repowright.inference_backend.structured import Grammars

    file = find_file(name)
    weights = LlamaWeights(file)
    tokeniser = tokeniser_of(file, weights.vocabulary)
    ends = weights.end_tokens | ({tokeniser.eos_token_id} if isinstance(tokeniser.eos_token_id, int) else set())
    model = LlamaModel(weights, cells or _cells(weights), RUNNING + KEPT, CHUNK, threads)
    settings = EngineSettings(running=RUNNING, pinned=KEPT, waiting=waiting, chunk=CHUNK)
    core = LlamaCore(model, tokeniser, settings, time.monotonic, ends)
    return Served(
        name=name if name == SMALL else file.stem,
        engine=Engine(core),
        prompts=Prompts(tokeniser),
        grammars=Grammars(tokeniser, weights.vocabulary, ends),
        end_tokens=ends,
        revision=revision_of_file(file),
        aliases=frozenset({name}),
        created=int(time.time()),
    )


def find_file(name: str) -> Path:
    """Return the GGUF file that a name stands for.

    Raises
    ------
    BackendMissing
        If it is the small model, and its package is not installed.
    ModelUnusable
        If it stands for none, or the file is not there.
    """
    file = small_model() if name == SMALL else Path(name).expanduser()
    if file.suffix.lower() != ".gguf":
        raise ModelUnusable(f"llama.cpp reads GGUF files, and {name} is none", f"name one, or {SMALL}")
    if not file.is_file():
        raise ModelUnusable(f"there is no file {file}", f"name another one, or {SMALL}")
    return file


def _cells(weights: LlamaWeights) -> int:
    each, context = weights.token_bytes, weights.context
    usual = max(_USUAL_BYTES // each, min(context, _MOST_BYTES // each))
    return max(PAGE, min(usual, RUNNING * context))
