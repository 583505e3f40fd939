"""Text of a C, Rust or Go file by byte offset: its lines, its slices, and what stands right above a definition."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from inspect import cleandoc
from operator import attrgetter
from typing import NamedTuple

from tree_sitter import Node

from repowright.repo_tools.facts import ParseProblem
from repowright.repo_tools.languages.grammar import Grammar, one_line

_LINE_END = re.compile(b"\n")
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_STARRED = re.compile(r"^[ \t]*\*[ \t]?", re.MULTILINE)
_RULE = re.compile(r"^[-=*_#/~+ \t]{3,}$", re.MULTILINE)
_LICENCE = re.compile(
    r"copyright|\(c\)|licen[sc]e|SPDX-|all rights reserved|permission is hereby|redistribution", re.IGNORECASE
)
_BLANK = frozenset(b" \t\r\n")
_SIGNATURE_LIMIT = 4000
_INDENT_LIMIT = 400
_PROBLEM_LIMIT = 200


class SourceText:
    """UTF-8 bytes of one file.

    Attributes
    ----------
    line
        1-based line of an offset; a plain attribute because it is asked for every name of a file.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._ends = [-1, *map(re.Match.start, _LINE_END.finditer(data))]
        self.line: Callable[[int], int] = partial(bisect_left, self._ends)

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self._ends) - 1 + (not self.data.endswith(b"\n") and bool(self.data))

    def text(self, node: Node | None) -> str:
        """Text of a node as written; empty for no node."""
        return "" if node is None else self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def header(self, start: int, end: int, limit: int = _SIGNATURE_LIMIT) -> str:
        """One line of what stands between two offsets, comments left out, at most so many characters."""
        data = self.data[start : min(end, start + _SIGNATURE_LIMIT)]
        if b"/*" in data or b"//" in data:
            data = _COMMENT.sub(b" ", data)
        text = one_line(data.replace(b"\\\n", b" ").decode("utf-8", "replace"))
        return text if len(text) <= limit else text[: limit - 3] + "..."


class Leading(NamedTuple):
    """What stands right above a definition.

    Parameters
    ----------
    start
        Offset its first attribute begins at; the definition's own where it has none.
    """

    start: int
    doc: str = ""
    attributes: tuple[str, ...] = ()


class LeadingText:
    """Comments and attributes of a file, to be found from the definitions below them.

    Parameters
    ----------
    comments, attributes
        Their nodes, each in source order.
    markers
        Openings of documentation comments; where a block has one, its other comments are no documentation.
    ignored
        Openings of comments that speak to tools or of what is around them.
    """

    def __init__(
        self,
        source: SourceText,
        comments: Iterable[Node],
        attributes: Iterable[Node] = (),
        markers: tuple[str, ...] = (),
        ignored: tuple[str, ...] = (),
    ) -> None:
        self._source = source
        self._markers = markers
        self._ignored = ignored
        self._comments = {self._end(node): node.start_byte for node in comments}
        self._attributes = {self._end(node): node.start_byte for node in attributes}

    def _end(self, node: Node) -> int:
        end = node.end_byte
        while end > node.start_byte and self._source.data[end - 1] in b"\r\n":
            end -= 1
        return end

    def above(self, start: int) -> Leading:
        """What stands above the definition that begins at an offset."""
        first, position = start, start
        comments: list[str] = []
        attributes: list[str] = []
        while True:
            end = self._text_end(position)
            if end in self._attributes:
                first = position = self._attributes[end]
                attributes.append(one_line(self._slice(first, end)))
            elif end in self._comments and self._stands_above(self._comments[end], end, position):
                position = self._comments[end]
                comments.append(self._slice(position, end))
            else:
                break
        return Leading(first, self._doc(comments[::-1]), tuple(attributes[::-1]))

    def opening(self, definition: int = 0) -> str:
        """Documentation the file begins with, licences left out.

        Parameters
        ----------
        definition
            Line the first definition begins on: what stands right above it belongs to it.
        """
        behind = 0
        for block in self._opening_blocks():
            if self._source.data[behind : block[0][0]].strip():
                break
            behind = block[-1][1]
            parts = [self._slice(*part) for part in block]
            text = _without_licence(comment_text(parts))
            if text:
                belongs = self._source.line(behind) + 1 == definition and not parts[-1].startswith(self._ignored)
                return "" if belongs else text
        return ""

    def package_doc(self, start: int) -> str:
        """Documentation right above the clause a file begins with, licences left out."""
        return _without_licence(self.above(start).doc)

    def _opening_blocks(self) -> Iterator[list[tuple[int, int]]]:
        """Comments in source order, line comments that follow each other taken together."""
        block: list[tuple[int, int]] = []
        for end, start in self._comments.items():
            if block and not self._continues(block[-1], (start, end)):
                yield block
                block = []
            block.append((start, end))
        if block:
            yield block

    def _continues(self, above: tuple[int, int], below: tuple[int, int]) -> bool:
        data = self._source.data
        between = data[above[1] : below[0]]
        both = data.startswith(b"//", above[0]) and data.startswith(b"//", below[0])
        return both and between.count(b"\n") == 1 and not between.strip()

    def _text_end(self, position: int) -> int:
        data = self._source.data
        while position > 0 and data[position - 1] in _BLANK:
            position -= 1
        return position

    def _stands_above(self, start: int, end: int, position: int) -> bool:
        """Whether a comment is alone on its line, directly above what begins at the position."""
        data = self._source.data
        if data.count(b"\n", end, position) > 1:
            return False
        before = data[max(0, start - _INDENT_LIMIT) : start].rpartition(b"\n")
        return not before[2].strip() and (bool(before[1]) or start <= _INDENT_LIMIT)

    def _slice(self, start: int, end: int) -> str:
        return self._source.data[start:end].decode("utf-8", "replace")

    def _doc(self, comments: list[str]) -> str:
        comments = [comment for comment in comments if not comment.startswith(self._ignored)]
        marked = [comment for comment in comments if comment.startswith(self._markers)] if self._markers else []
        if marked or not comments:
            return comment_text(marked)
        if comments[-1].startswith("/*"):
            return comment_text(comments[-1:])
        return comment_text([comment for comment in comments if comment.startswith("//")])


def comment_text(comments: Iterable[str]) -> str:
    """Text of comments without their markers, common indent and rules of repeated signs."""
    parts: list[str] = []
    for comment in comments:
        if comment.startswith("/*"):
            body = comment.removeprefix("/*").removesuffix("*/").lstrip("*!")
            starred = all(line.lstrip().startswith("*") for line in body.splitlines()[1:] if line.strip())
            parts.append(cleandoc(_STARRED.sub("", body) if starred else body))
        else:
            parts.append(comment.lstrip("/").removeprefix("!").removeprefix(" ").rstrip())
    return _RULE.sub("", cleandoc("\n".join(parts))).strip("\n \t")


def _without_licence(text: str) -> str:
    """The paragraphs before the first one that speaks of a licence."""
    kept: list[str] = []
    for paragraph in text.split("\n\n"):
        if _LICENCE.search(paragraph):
            break
        kept.append(paragraph)
    return "\n\n".join(kept).strip()


def captures_of(grammar: Grammar, pattern: str, root: Node) -> dict[str, list[Node]]:
    """Nodes that a query captures, by capture name, each list in source order, outer nodes first."""
    found = grammar.captures(pattern, root)
    for nodes in found.values():
        nodes.sort(key=_last_byte, reverse=True)
        nodes.sort(key=_first_byte)
    return found


_first_byte = attrgetter("start_byte")
_last_byte = attrgetter("end_byte")
_PROBLEMS = "[(ERROR) (MISSING)] @problem"


def problems_of(grammar: Grammar, root: Node, source: SourceText, pardoned: str = "") -> tuple[ParseProblem, ...]:
    """Places the parser could not make sense of; of a hopeless file the first ones.

    Parameters
    ----------
    pardoned
        A token that may be missing where a macro stands for it.
    """
    if not root.has_error:
        return ()
    found = grammar.captures(_PROBLEMS, root).get("problem", [])
    found = sorted((node for node in found if not node.is_missing or node.type != pardoned), key=_extent)
    return tuple(ParseProblem(_line(node, source), _message(node, source)) for node in found[:_PROBLEM_LIMIT])


def _extent(node: Node) -> tuple[int, int, str]:
    return node.start_byte, -node.end_byte, node.type


def _line(node: Node, source: SourceText) -> int:
    return min(source.line(node.start_byte), max(source.lines, 1))


def _message(node: Node, source: SourceText) -> str:
    if node.is_missing:
        return f"missing {node.type!r}"
    return f"cannot read {source.header(node.start_byte, node.end_byte, 60)!r}"
