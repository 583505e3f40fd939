"""The entry point that vLLM calls in each of its processes (group ``vllm.general_plugins``)."""

# mypy: disable-error-code="import-not-found, import-untyped, unused-ignore"

from __future__ import annotations

import importlib.util
import logging
from importlib.metadata import version

from repowright.inference_backend.errors import BackendMissing, InferenceError

SUPPORTED = "0.33"
"""The minor version whose interface the backend implements."""

BACKEND = "repowright.inference_backend.vllm_plugin.backend.PagedBackend"
_log = logging.getLogger(__name__)


def register() -> None:
    """Let ``--attention-backend CUSTOM`` mean our pages; leave vLLM alone where its version is not the one known.

    Raises
    ------
    BackendMissing
        If vLLM is not installed.
    """
    if importlib.util.find_spec("vllm") is None:
        raise BackendMissing(
            "vLLM is not installed: there is nothing to plug into", f"pip install 'vllm=={SUPPORTED}.*'"
        )
    try:
        check_version(version("vllm"))
    except InferenceError as err:
        # Every vLLM process of this environment loads the plugin, also those that do not ask for it.
        _log.warning("the attention backend is not registered: %s", err)
        return
    from vllm.v1.attention.backends.registry import AttentionBackendEnum, register_backend

    register_backend(AttentionBackendEnum.CUSTOM, BACKEND)


def check_version(found: str) -> None:
    """Check that a version of vLLM has the interface that is implemented.

    Raises
    ------
    InferenceError
        If it is another minor version.
    """
    if found.split(".")[:2] != SUPPORTED.split("."):
        raise InferenceError(f"vLLM {found} has another interface than {SUPPORTED}", f"install vllm=={SUPPORTED}.*")
