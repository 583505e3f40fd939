"""Comments of languages that write them ``/* ... */`` and ``// ...``, and the documentation they hold."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from tree_sitter import Node

_LICENCE = re.compile(r"(?i)\b(copyright|licen[cs]ed?|spdx-|all rights reserved|@preserve)\b|\(c\)\s")
_DIRECTIVE = re.compile(
    r"(?i)^(/\s*<|!|eslint|js[hl]int|jscs|tslint|globals? |exported |prettier|@ts-|@flow|istanbul|c8 |webpack"
    r"|sourcemappingurl|<editor-fold|noinspection|nolint|region|endregion|[-=*#/]+$)"
)
_STARS = re.compile(r"(?m)^[ \t]*\*(?!/) ?")
_PROLOGUE = re.compile(rb"(?:#![^\n]*)?\s*(?:(['\"])use \w+\1;?)?\s*")
_BLANK = b" \t\r\n"


class Comments:
    """The comments of one file, found by where they end.

    Parameters
    ----------
    data
        The file.
    nodes
        Its comment nodes in source order.
    """

    def __init__(self, data: bytes, nodes: Iterable[Node]) -> None:
        self._data = data
        self._starts = {_end(data, node): node.start_byte for node in nodes}

    def above(self, position: int) -> str:
        """Documentation of what begins at a byte: the comment that stands right above it."""
        start, end = self._ending_above(position)
        if start < 0:
            return ""
        first = start
        while start >= 0 and self._data.startswith(b"//", start):
            first = start
            start, _ = self._ending_above(start)
        raw = self._data[first:end].decode("utf-8", "replace")
        if _LICENCE.search(raw) and first == self._first_byte():
            return ""
        return documentation(raw)

    def _ending_above(self, position: int) -> tuple[int, int]:
        """Bytes of the comment that ends on the line above, or on the same line before it, and begins its line."""
        data, end, breaks = self._data, position, 0
        while end and data[end - 1] in _BLANK:
            end -= 1
            breaks += data[end] == 10
        start = self._starts.get(end, -1)
        if start < 0 or not _begins_line(data, start):
            return -1, -1
        if breaks > (2 if data.startswith(b"/**", start) else 1):
            return -1, -1
        return start, end

    def _first_byte(self) -> int:
        """Byte at which the file begins after an interpreter line and ``'use strict'``."""
        found = _PROLOGUE.match(self._data)
        return found.end() if found else 0

    def leading(self, taken: Iterable[str] = ()) -> str:
        """Documentation the file begins with: its first comment that is no licence and documents nothing else."""
        end = self._first_byte()
        by_start = {start: stop for stop, start in self._starts.items()}
        others = set(taken)
        while end in by_start:
            stop = by_start[end]
            following = _skip_blank(self._data, stop)
            while (
                self._data.startswith(b"//", end) and self._data.startswith(b"//", following) and following in by_start
            ):
                if self._data.count(b"\n", stop, following) > 1:
                    break
                stop = by_start[following]
                following = _skip_blank(self._data, stop)
            raw = self._data[end:stop].decode("utf-8", "replace")
            text = documentation(raw)
            if text and text not in others and not _LICENCE.search(raw):
                return text
            end = following
        return ""


def _end(data: bytes, node: Node) -> int:
    end = node.end_byte
    while end and data[end - 1] in _BLANK:
        end -= 1
    return end


def _begins_line(data: bytes, start: int) -> bool:
    while start and data[start - 1] in b" \t":
        start -= 1
    return start == 0 or data[start - 1] in b"\r\n"


def _skip_blank(data: bytes, position: int) -> int:
    while position < len(data) and data[position] in _BLANK:
        position += 1
    return position


def documentation(raw: str) -> str:
    """Text of a comment or of a run of line comments, without markers, stars and common indent."""
    raw = raw.replace("\r\n", "\n")
    if raw.startswith("/*"):
        text = _STARS.sub("", raw.removesuffix("*/").removeprefix("/*").removeprefix("*").removeprefix("!"))
        text = inspect.cleandoc(text.strip("*"))
    else:
        text = "\n".join(_line(line) for line in raw.split("\n"))
        text = inspect.cleandoc(text)
    return "" if _DIRECTIVE.match(text) else text.strip()


def _line(line: str) -> str:
    return line.strip().removeprefix("//").lstrip("/!").removeprefix(" ").rstrip()
