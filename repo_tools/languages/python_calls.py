"""Calls in a Python file, with the definition around each."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from functools import partial

from repowright.repo_tools.facts import Call
from repowright.repo_tools.languages.grammar import one_line
from repowright.repo_tools.languages.python_scopes import Scopes
from repowright.repo_tools.languages.python_syntax import Source
from repowright.repo_tools.languages.python_text import without_comments

BUILTINS = frozenset(dir(builtins))
_LIMIT = 200
_LONGEST_READ = 2000
# A named tuple made by its own constructor costs twice as much.
_make: Callable[[tuple[int, str, int]], Call] = partial(tuple.__new__, Call)
_is_literal = re.compile(r"[(\s]*(?:[rbufRBUF]{0,2}[\"']|[\d\[{])").match
_last_attribute = re.compile(r"\.\s*(\w+)\s*$").search
_AROUND_DOT = re.compile(r"\s*\.\s*")


def calls_of(source: Source, scopes: Scopes, bound: frozenset[str]) -> list[Call]:
    """Every call but those of built-ins that the file does not bind, and of methods of literals."""
    text, written = source.text, _Callees(bound)
    found = [
        (start, end, callee)
        for start, end in source.unsorted("callee")
        if (callee := written[text[start:end] if end - start <= _LIMIT else _shortened(text, start, end)])
    ]
    if not found:
        return []
    found.sort()
    starts, _, callees = zip(*found, strict=True)
    return list(map(_make, zip(scopes.all_at(starts), callees, source.lines_of(starts), strict=True)))


class _Callees(dict[str, str]):
    """What is written of a callee by its text, nothing for one that is left out; a file calls most things often."""

    def __init__(self, bound: frozenset[str]) -> None:
        self._bound = bound

    def __missing__(self, text: str) -> str:
        if text in BUILTINS and text not in self._bound:
            found = ""
        else:
            is_plain = len(text) <= _LIMIT and text.replace(".", "_").isidentifier()
            found = text if is_plain else _tidy(text)
        self[text] = found
        return found


def _shortened(text: str, start: int, end: int) -> str:
    return text[start:end] if end - start < _LONGEST_READ else "..." + text[end - _LIMIT : end]


def _tidy(text: str) -> str:
    """What is called on one line; nothing for a literal's method, of an overlong chain its last attribute."""
    if _is_literal(text):
        return ""
    if "\n" in text or " " in text or "\t" in text:
        text = one_line(without_comments(text).replace("\\\n", "") if "#" in text or "\\" in text else text)
        text = _AROUND_DOT.sub(".", text) if '"' not in text and "'" not in text else text
    if len(text) <= _LIMIT and not text.startswith("..."):
        return text
    last = _last_attribute(text)
    return f"...{last[1]}" if last else ""
