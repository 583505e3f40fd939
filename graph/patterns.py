"""Patterns of paths."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKENS = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", re.DOTALL)


def path_matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a path is meant.

    Parameters
    ----------
    pattern
        ``*`` and ``?`` stay within a folder, ``**`` goes through folders, ``[abc]`` is one of these letters; a
        pattern without a slash means the file's name, a text without signs the path, its end, or a folder.

    Examples
    --------
    >>> [path_matcher(each)("django/db/models.py") for each in ("**/*.py", "*.py", "db/models.py", "django/db")]
    [True, True, True, True]
    >>> path_matcher("db/*.py")("django/db/models.py")
    False
    """
    wanted = pattern.strip().removeprefix("./").strip("/")
    if wanted in ("", "**", "**/*"):
        return lambda path: True
    if not any(sign in wanted for sign in "*?["):
        return lambda path: f"/{path}".endswith(f"/{wanted}") or path.startswith(f"{wanted}/")
    body = "".join(_translated(token) for token in _TOKENS.findall(wanted))
    compiled = re.compile(body if "/" in wanted else f"(?:.*/)?{body}", re.DOTALL)
    return lambda path: compiled.fullmatch(path) is not None


def _translated(token: str) -> str:
    fixed = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in fixed:
        return fixed[token]
    if len(token) > 2 and token[0] == "[":
        inner = token[1:-1].replace("\\", r"\\")
        return f"[{'^' + inner[1:] if inner[0] == '!' else inner}]"
    return re.escape(token)
