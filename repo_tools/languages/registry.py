"""Which frontend reads a file."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from pathlib import PurePath

from repowright.repo_tools.errors import LanguageUnknown
from repowright.repo_tools.facts import LanguageFrontend

_C = ("c", "CFrontend")
_JAVASCRIPT = ("javascript", "JavaScriptFrontend")
_PYTHON = ("python", "PythonFrontend")
_TYPESCRIPT = ("typescript", "TypeScriptFrontend")
# Frontends are named, not imported: a grammar costs milliseconds, and most repositories need one or two.
_FRONTENDS = {
    ".py": _PYTHON,
    ".pyi": _PYTHON,
    ".c": _C,
    ".h": _C,
    ".rs": ("rust", "RustFrontend"),
    ".go": ("go", "GoFrontend"),
    ".js": _JAVASCRIPT,
    ".jsx": _JAVASCRIPT,
    ".mjs": _JAVASCRIPT,
    ".cjs": _JAVASCRIPT,
    ".ts": _TYPESCRIPT,
    ".tsx": _TYPESCRIPT,
    ".mts": _TYPESCRIPT,
    ".cts": _TYPESCRIPT,
    ".java": ("java", "JavaFrontend"),
}


def frontend_for(path: str | PurePath) -> LanguageFrontend:
    """The frontend that reads files of this name.

    Raises
    ------
    LanguageUnknown
        If no frontend reads them; see ``is_source`` to ask first.
    """
    found = _FRONTENDS.get(_ending(path))
    if found is None:
        raise LanguageUnknown(f"nothing here reads {path}", f"known endings: {', '.join(_FRONTENDS)}")
    return _frontend(*found)


def is_source(path: str | PurePath) -> bool:
    """Whether some frontend reads files of this name."""
    return _ending(path) in _FRONTENDS


def _ending(path: str | PurePath) -> str:
    return os.path.splitext(path)[1].lower()


@cache
def _frontend(module: str, name: str) -> LanguageFrontend:
    made: LanguageFrontend = getattr(import_module(f"repowright.repo_tools.languages.{module}"), name)()
    return made
