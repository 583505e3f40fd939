"""A tree-sitter grammar with its compiled queries: what every frontend reads files with."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import cached_property

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

_LONE_RETURN = re.compile(rb"\r(?!\n)")


class Grammar:
    """One language's grammar; made once, shared by all files.

    Parameters
    ----------
    pointer
        The grammar package's ``language`` function.
    """

    def __init__(self, pointer: Callable[[], object]) -> None:
        self._pointer = pointer
        self._queries: dict[str, Query] = {}
        # A parser holds the state of one parse: threads share the grammar, not the parser.
        self._local = threading.local()

    @cached_property
    def language(self) -> Language:
        """The grammar itself."""
        return Language(self._pointer())

    def parse(self, source: bytes) -> Tree:
        """Parse UTF-8 bytes, broken or not."""
        parser: Parser | None = getattr(self._local, "parser", None)
        if parser is None:
            parser = self._local.parser = Parser(self.language)
        return parser.parse(source)

    def captures(self, pattern: str, node: Node) -> dict[str, list[Node]]:
        """Nodes that a query captures, by capture name; each pattern is compiled once."""
        found = self._queries.get(pattern)
        if found is None:
            found = self._queries.setdefault(pattern, Query(self.language, pattern))
        return QueryCursor(found).captures(node)


def as_utf8(source: bytes) -> bytes:
    """The file in UTF-8 with line ends that tree-sitter counts; undecodable bytes are replaced."""
    data = source.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = data.decode("utf-8", "replace").encode("utf-8")
    return _LONE_RETURN.sub(b"\n", data) if b"\r" in data else data


def one_line(text: str) -> str:
    """The text with every run of blank space made one space."""
    return " ".join(text.split())
