"""A served model from a name and a few settings."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from repowright.inference_backend.config import PAGE, PRESETS, KVSpec, Selector, SparseSpec
from repowright.inference_backend.errors import InferenceError

if TYPE_CHECKING:
    from repowright.inference_backend.models.loader import LoadedModel
    from repowright.inference_backend.server.served import Served

SMALL = "smollm2"

FOR_TRYING = "the model smollm2 is for trying the engine: its answers are not good enough for work"

EngineName = Literal["own", "llama.cpp"]
"""What evaluates tokens."""

ENGINES: tuple[EngineName, ...] = get_args(EngineName)

_RUNNING_ON_GPU, _RUNNING_ON_PROCESSOR = 32, 8
_GPU_SHARE = 0.85
_PROCESSOR_BYTES = 2 << 30


@dataclass(frozen=True)
class ServeSettings:
    """What to serve, and how.

    Parameters
    ----------
    model
        See `models.loader.load_model`; empty takes the small model of its package.
    kv
        One of `config.PRESETS`; empty takes ``int4`` on a GPU and ``fp16`` on a processor, where a low-bit cache saves
        memory and costs time.
    sparse, budget
        Which pages are read; see `config.SparseSpec`.
    waiting
        Requests that may wait; further ones are refused.
    engine
        This project's own, or llama.cpp, which decodes faster on a processor and has only a plain cache.
    """

    model: str = ""
    kv: str = ""
    sparse: Selector = "none"
    budget: int = 4096
    device: str = "auto"
    waiting: int = 256
    engine: EngineName = "own"


def open_served(settings: ServeSettings, tell: Callable[[str], None]) -> Served:
    """Load a model and return it ready to be served.

    Parameters
    ----------
    tell
        Takes what the user should know, a line each.

    Raises
    ------
    BackendMissing
        If the packages of the extra ``local`` are not there, or llama-cpp-python where it is to compute.
    InferenceError
        If the model or the settings cannot be used, or want a gate or codebooks that were not trained.
    """
    from repowright.inference_backend.models.loader import load_model, require_backend

    require_backend()
    _require_server()
    _check(settings)
    _quieten()
    if settings.engine == "llama.cpp":
        return _open_llama(settings, tell)
    loaded = load_model(settings.model or SMALL, settings.device)
    device = str(loaded.model.device)
    if not device.startswith("cuda"):
        tell(_made_polite())
    if loaded.name == SMALL:
        tell(FOR_TRYING)
    return serve_loaded(loaded, _spec(settings, device), settings.waiting)


def serve_loaded(loaded: LoadedModel, spec: KVSpec, waiting: int = 256, pages: int | None = None) -> Served:
    """Return a loaded model ready to be served.

    Parameters
    ----------
    pages
        Of the cache; as many as fit, and can be used, if not given.
    """
    from repowright.inference_backend.engine.engine import Engine
    from repowright.inference_backend.engine.opening import open_core
    from repowright.inference_backend.engine.settings import EngineSettings
    from repowright.inference_backend.server.prompts import Prompts
    from repowright.inference_backend.server.served import Served
    from repowright.inference_backend.structured import Grammars

    device = str(loaded.model.device)
    running = _RUNNING_ON_GPU if device.startswith("cuda") else _RUNNING_ON_PROCESSOR
    count = pages or _pages(loaded, spec, 2 * running)
    core = open_core(loaded, spec, EngineSettings(pages=count, running=running, pinned=running, waiting=waiting))
    return Served(
        name=_shown_name(loaded.name),
        engine=Engine(core),
        prompts=Prompts(loaded.tokeniser),
        grammars=Grammars(loaded.tokeniser, loaded.shape.vocabulary, loaded.end_tokens),
        end_tokens=loaded.end_tokens,
        revision=loaded.revision,
        aliases=frozenset({loaded.name}),
        created=int(time.time()),
    )


def _open_llama(settings: ServeSettings, tell: Callable[[str], None]) -> Served:
    import torch

    from repowright.inference_backend.llama_engine.opening import serve_llama

    tell(_made_polite())
    if (settings.model or SMALL) == SMALL:
        tell(FOR_TRYING)
    return serve_llama(settings.model or SMALL, torch.get_num_threads(), settings.waiting)


def _check(settings: ServeSettings) -> None:
    if settings.engine == "llama.cpp":
        _check_llama(settings)
    if settings.kv and settings.kv not in PRESETS:
        raise InferenceError(f"there is no cache setting {settings.kv}", f"known are {', '.join(PRESETS)}")
    if settings.sparse != "none" and settings.budget < PAGE:
        raise InferenceError(f"a budget of {settings.budget} tokens is less than a page", f"give {PAGE} or more")


def _check_llama(settings: ServeSettings) -> None:
    """Refuse what llama.cpp is not asked for here, and say so before a model is loaded."""
    from repowright.inference_backend.llama_engine.library import require_llama

    hint = "leave that out, or take the engine own"
    if settings.kv not in ("", "fp16"):
        raise InferenceError(f"the engine llama.cpp keeps its cache in half precision, not as {settings.kv}", hint)
    if settings.sparse != "none":
        raise InferenceError(f"the engine llama.cpp reads its whole cache, it has no {settings.sparse}", hint)
    if settings.device == "cuda":
        raise InferenceError("the engine llama.cpp computes on the processor here, not on cuda", hint)
    require_llama()


def _spec(settings: ServeSettings, device: str) -> KVSpec:
    name = settings.kv or ("int4" if device.startswith("cuda") else "fp16")
    return replace(PRESETS[name], sparse=SparseSpec(settings.sparse, settings.budget))


def _pages(loaded: LoadedModel, spec: KVSpec, slots: int) -> int:
    """Pages that fit in the memory that is left, but no more than all sequences could use together."""
    import torch

    from repowright.inference_backend.engine.opening import pages_within

    free = _PROCESSOR_BYTES
    if str(loaded.model.device).startswith("cuda"):
        free = int(torch.cuda.mem_get_info(loaded.model.device)[0] * _GPU_SHARE)
    usable = slots * -(-loaded.shape.context // PAGE)
    return min(pages_within(loaded.shape, spec, slots, free), usable)


def _require_server() -> None:
    import importlib.util

    from repowright.inference_backend.errors import BackendMissing
    from repowright.inference_backend.structured import require_grammars

    require_grammars()
    for package in ("starlette", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise BackendMissing(
                f"{package} is not installed: nothing can be served", "pip install 'repowright[local]'"
            )


def _made_polite() -> str:
    """Leave half of the processors to others; say so."""
    import torch

    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(1, processors // 2)
    torch.set_num_threads(threads)
    return f"no GPU is used; the model takes {threads} of {processors} processors"


def _quieten() -> None:
    """Keep transformers from drawing progress bars on standard error."""
    from transformers.utils import logging

    disable: Callable[[], None] = logging.disable_progress_bar
    disable()


def _shown_name(name: str) -> str:
    """What clients call a model: the last part of a path, the whole name otherwise."""
    path = Path(name).expanduser()
    return path.stem if path.suffix.lower() == ".gguf" else path.resolve().name if path.is_dir() else name
