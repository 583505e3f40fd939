"""The package llama-cpp-python, which is optional: imported when it is needed, and kept quiet."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import logging
from typing import Any

from repowright.inference_backend.errors import BackendMissing

INSTALL = "pip install 'repowright[local,llama]'; it is compiled, which takes a C++ compiler and minutes"

_PACKAGE = "llama_cpp"
_ERROR = 4
_log = logging.getLogger(__name__)
_kept: list[Any] = []
"""The function that takes llama.cpp's messages: it has to live as long as the library."""

_complaints: list[str] = []


def require_llama() -> None:
    """Check that the package is there.

    Raises
    ------
    BackendMissing
        If it is not.
    """
    if importlib.util.find_spec(_PACKAGE) is None:
        raise BackendMissing("llama-cpp-python is not installed: the engine llama.cpp cannot run", INSTALL)


def load_library() -> Any:
    """Return the package, whose messages go to the log from now on.

    Raises
    ------
    BackendMissing
        If it is not installed, or its library does not load on this machine.
    """
    require_llama()
    try:
        library: Any = importlib.import_module(_PACKAGE)
    except (ImportError, OSError, RuntimeError) as err:
        raise BackendMissing(f"llama-cpp-python does not load: {err}", "install it anew on this machine") from err
    if not _kept:
        _kept.append(library.llama_log_callback(_told))
        library.llama_log_set(_kept[0], ctypes.c_void_p(0))
        library.llama_backend_init()
    return library


def last_complaint() -> str:
    """Return what llama.cpp said of its last failure, and forget it."""
    said = _complaints[0] if _complaints else "no reason was given"
    _complaints.clear()
    return said


def _told(level: int, text: bytes, data: object) -> None:
    line = text.decode(errors="replace").strip()
    _log.debug(line)
    if level == _ERROR and line:
        # The first of several lines names the cause; those behind it say where it was met.
        _complaints.append(line.partition(": ")[2] or line)
        del _complaints[8:]
