"""Names that a Python file declares to export by ``__all__``."""

from __future__ import annotations

import re

from repowright.repo_tools.facts import MODULE
from repowright.repo_tools.languages.python_scopes import Scopes
from repowright.repo_tools.languages.python_syntax import Source
from repowright.repo_tools.languages.python_text import unescaped

_NAME = "__all__"
_changed = re.compile(r"__all__\s*(?::[^=\n]*)?(?:\+?=(?!=)|\.\s*(?:extend|append)\s*(?=\())").match
_pieces = re.compile(r"#[^\n]*|\\\n|[rRuU]?(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|[\[({]|[\])}]|\n|;").finditer


def exports_of(source: Source, scopes: Scopes) -> tuple[str, ...] | None:
    """Names in the literals that make ``__all__``, in source order; `None` if there is none."""
    text = source.text
    if _NAME not in text:
        return None
    reaches = [*source.unsorted("store"), *source.unsorted("read")]
    starts = sorted(start for start, end in reaches if end - start == len(_NAME) and text.startswith(_NAME, start))
    changes = [found for start in starts if (found := _changed(text, start)) and scopes.at(start) == MODULE]
    if not changes:
        return None
    return tuple(dict.fromkeys(name for found in changes for name in _strings(text, found.end())))


def _strings(text: str, start: int) -> list[str]:
    """Values of the string literals from an offset to the end of its statement."""
    found: list[str] = []
    depth = 0
    for piece in _pieces(text, start):
        if piece[1]:
            found.append(unescaped(piece[1][1:-1]))
        elif piece[0] in "[({":
            depth += 1
        elif piece[0] in "])}":
            depth -= 1
        elif depth <= 0 and piece[0] in "\n;":
            break
    return found
