"""Which frontend reads a file."""

from __future__ import annotations

from functools import cache
from pathlib import PurePath

from repowright.repo_tools.errors import LanguageUnknown
from repowright.repo_tools.facts import LanguageFrontend


@cache
def frontends() -> tuple[LanguageFrontend, ...]:
    """Every frontend, made at the first call."""
    from repowright.repo_tools.languages.python import PythonFrontend

    return (PythonFrontend(),)


def frontend_for(path: str | PurePath) -> LanguageFrontend:
    """The frontend that reads files of this name.

    Raises
    ------
    LanguageUnknown
        If no frontend reads them; see ``is_source`` to ask first.
    """
    extension = PurePath(path).suffix.lower()
    for frontend in frontends():
        if extension in frontend.extensions:
            return frontend
    known = ", ".join(extension for frontend in frontends() for extension in frontend.extensions)
    raise LanguageUnknown(f"nothing here reads {path}", f"known endings: {known}")


def is_source(path: str | PurePath) -> bool:
    """Whether some frontend reads files of this name."""
    extension = PurePath(path).suffix.lower()
    return any(extension in frontend.extensions for frontend in frontends())
