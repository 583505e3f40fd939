"""Where a path of a call lies: in the folder, outside of it, or in a place that decides what runs later."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Literal

Place = Literal["inside", "protected", "outside"]

_PROTECTED = re.compile(
    r"(.*/)?\.git(/.*)?|(.*/)?\.repowright(/.*)?|repowright\.toml|(.*/)?(agents|claude|gemini)(\.local)?\.md|\.envrc"
    r"|\.github/(workflows|actions)/.*|\.gitmodules|\.gitlab-ci\.yml|\.vscode/.*|\.idea/.*|\.husky/.*"
    r"|\.pre-commit-config\.yaml|\.devcontainer/.*",
    re.IGNORECASE,
)
_NEVER_BY_RULE = re.compile(r"(.*/)?\.(git|repowright)(/.*)?", re.IGNORECASE)


def place_of(path: str, folder: Path) -> Place:
    """Say where a path lies that is given from ``folder``; links are followed, so one may lead outside."""
    clean = relative(path, folder)
    if clean is None:
        return "outside"
    return "protected" if _PROTECTED.fullmatch(clean) else "inside"


def relative(path: str, folder: Path) -> str | None:
    """Return the path from ``folder`` with slashes; ``None`` if it leads outside, also over a link."""
    if "\0" in path or path.startswith("~"):
        return None
    root = folder.resolve()
    try:
        real = (root / path).resolve()
    except (OSError, RuntimeError):
        return None
    if not real.is_relative_to(root):
        return None
    return real.relative_to(root).as_posix()


def beyond_rules(path: str) -> bool:
    """Whether no rule may allow a change there: what git and this program run or trust by themselves."""
    return bool(_NEVER_BY_RULE.fullmatch(posixpath.normpath(path)))
