"""Python's concrete syntax: one pass of one query over a file, and text that offsets of the tree fit."""

from __future__ import annotations

import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import accumulate, repeat
from operator import attrgetter
from typing import cast

import tree_sitter_python
from tree_sitter import Node, Tree

from repowright.repo_tools.languages.grammar import Grammar

GRAMMAR = Grammar(tree_sitter_python.language)

Reach = tuple[int, int]
"""First offset of a node and the offset after its last."""

# One query, since a pass costs a third of a parse whatever it captures. A supertype before the slash keeps
# members after dots, keywords and defined names out of what is read.
QUERY = """
(function_definition) @function
(class_definition) @class
(decorated_definition) @decorated
(decorator) @decorator
(expression_statement (assignment) @assignment)
(type_alias_statement) @type_alias
(call function: (_) @callee)
[(import_statement) (import_from_statement) (future_import_statement)] @import
(primary_expression/identifier) @read
(pattern/identifier) @store
(parameter/identifier) @store
(default_parameter name: (identifier) @store)
(typed_default_parameter name: (identifier) @store)
(typed_parameter . (identifier) @store)
(list_splat_pattern (identifier) @store)
(dictionary_splat_pattern (identifier) @store)
(as_pattern_target (identifier) @store)
(named_expression name: (identifier) @store)
(global_statement (identifier) @global)
[(if_statement) (try_statement) (match_statement)] @condition
(class_pattern (dotted_name) @matched)
(type [(string) (concatenated_string)] @quoted)
(typed_parameter type: (type) @typed)
(typed_default_parameter type: (type) @typed)
(assignment left: [(identifier) (attribute)] type: (type) @typed)
(assignment left: [(identifier) (attribute)] @called_target
  right: [(call function: [(identifier) (attribute)] @called)
    (await (call function: [(identifier) (attribute)] @called))])
(assignment left: [(identifier) (attribute)] @named_target right: [(identifier) (attribute)] @named)
(return_statement (call function: [(identifier) (attribute)] @returned_call))
(return_statement [(identifier) (attribute)] @returned_name)
(assignment left: (pattern_list) right: (expression_list)) @unpacked
(with_item (as_pattern
  (call function: [(identifier) (attribute)] @entered)
  alias: (as_pattern_target [(identifier) (attribute)] @entered_target)))
"""

# Stands for the further bytes of a character: a letter to regular expressions, no blank to ``split``.
_FILL = "\uffa0"
_WIDE = re.compile(f"[^\x00-\x7f{_FILL}]")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_reach = attrgetter("byte_range")


class Source:
    """A file's text, a character for each byte, with what the query found in it.

    Parameters
    ----------
    data
        The file as it lies on the disk; kept in UTF-8.
    """

    def __init__(self, data: bytes) -> None:
        data = as_utf8(data)
        self.data = data
        self.tree: Tree = GRAMMAR.parse(data)
        self.is_ascii = data.isascii()
        self.text = data.decode() if self.is_ascii else _padded(data.decode())
        self.line_starts = [0, *accumulate(map(len, data.splitlines(True)))]
        self.lines = len(self.line_starts) - 1
        self._captures = GRAMMAR.captures(QUERY, self.tree.root_node)

    def nodes(self, capture: str) -> list[Node]:
        """Nodes of one capture, in no particular order."""
        return self._captures.get(capture) or []

    def reaches(self, capture: str) -> list[Reach]:
        """Where the nodes of one capture stand, in source order."""
        return sorted(self.unsorted(capture))

    def unsorted(self, capture: str) -> Iterable[Reach]:
        """Where the nodes of one capture stand, in no particular order."""
        return cast(Iterable[Reach], map(_reach, self._captures.get(capture) or ()))

    def line(self, offset: int) -> int:
        """1-based line of an offset."""
        return bisect_right(self.line_starts, offset)

    def lines_of(self, offsets: Iterable[int]) -> list[int]:
        """1-based lines of offsets."""
        return list(map(bisect_right, repeat(self.line_starts), offsets))

    def line_and_start(self, offset: int) -> tuple[int, int]:
        """1-based line of an offset, and the offset where that line begins."""
        line = bisect_right(self.line_starts, offset)
        return line, self.line_starts[line - 1]

    def line_start(self, offset: int) -> int:
        """Offset where the line of an offset begins."""
        return self.line_starts[bisect_right(self.line_starts, offset) - 1]


def pairs(targets: Sequence[Reach], values: Sequence[Reach]) -> list[tuple[Reach, Reach]]:
    """Each value with the last target that begins before it; both in source order."""
    if len(targets) == len(values):
        # They come from the same matches, none of which lies in another.
        return list(zip(targets, values, strict=True))
    starts = [start for start, _ in targets]
    found = [(bisect_right(starts, value[0]) - 1, value) for value in values]
    return [(targets[index], value) for index, value in found if index >= 0]


def as_utf8(source: bytes) -> bytes:
    """The file in UTF-8 with line ends that tree-sitter counts; undecodable bytes are replaced."""
    data = source.removeprefix(b"\xef\xbb\xbf")
    try:
        data.isascii() or data.decode("utf-8")
    except UnicodeDecodeError:
        data = _declared(data).encode("utf-8", "replace")
    return _LONE_RETURN.sub(b"\n", data) if b"\r" in data else data


def _declared(data: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return data.decode("utf-8", "replace")


def _padded(text: str) -> str:
    wide = _WideCharacters()
    return _WIDE.sub(lambda found: wide[found[0]], text)


class _WideCharacters(dict[str, str]):
    """Characters of several bytes with as many fillings as they have further bytes."""

    def __missing__(self, character: str) -> str:
        found = self[character] = character + _FILL * (len(character.encode("utf-8", "surrogatepass")) - 1)
        return found


def unpadded(text: str) -> str:
    """A piece of a source's text as it was before each byte had its character."""
    return text.replace(_FILL, "")
