"""Calls and uses in a JavaScript or TypeScript file, once its definitions and imports are known."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, Call, Use
from repowright.repo_tools.languages.javascript_names import LIMIT, dotted_name
from repowright.repo_tools.languages.javascript_record import Record
from repowright.repo_tools.languages.scope_table import OUTSIDE

_REST = re.compile(rb"(?:\s*(?:\?|!)?\.\s*[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)+")
_NOISE = re.compile(rb"[\s?!]+")


class Mentions:
    """Finds what a file calls and reads.

    Parameters
    ----------
    record
        What the sweep left.
    found
        Captured nodes by capture name.
    """

    def __init__(self, record: Record, found: Mapping[str, Sequence[Node]]) -> None:
        self._record = record
        self._data = record.data
        self._found = found
        self._breaks = [match.start() for match in re.finditer(rb"\n", record.data)]
        self._known = _known_names(record)
        self._locals = self._local_names()
        self._hidden: frozenset[bytes] = frozenset().union(*self._locals.values())
        self._called: dict[int, int] = {}

    def _line(self, position: int) -> int:
        return bisect_left(self._breaks, position) + 1

    def _local_names(self) -> dict[int, set[bytes]]:
        """Interval of a function -> those parameters and variables of it that hide a known name."""
        names: dict[int, set[bytes]] = {}
        scopes, data, written = self._record.scopes, self._data, self._record.written
        written.update(node.start_byte for node in self._found.get("closing", ()))
        for node in self._found.get("local", ()):
            start = node.start_byte
            name = data[start : node.end_byte]
            if name in self._known and start not in written:
                interval = scopes.interval_at(start)
                if interval != OUTSIDE:
                    names.setdefault(interval, set()).add(name)
            written.add(start)
        for position, name in self._record.inner_names:
            if name in self._known:
                names.setdefault(scopes.interval_at(position), set()).add(name)
        return names

    def _is_local(self, name: bytes, position: int) -> bool:
        if name not in self._hidden:
            return False
        scopes = self._record.scopes
        interval = scopes.interval_at(position)
        while interval != OUTSIDE:
            if name in self._locals.get(interval, ()):
                return True
            interval = scopes.parent(interval)
        return False

    def calls(self) -> list[Call]:
        """Every call, ``new`` included, in source order."""
        nodes = [*self._found.get("callee", ()), *self._found.get("created", ())]
        calls = [(node.start_byte, node.end_byte, node) for node in nodes]
        calls.sort(key=itemgetter(1))
        self._called = {start: end for start, end, _ in reversed(calls)}
        return list(self._calls(calls))

    def _calls(self, nodes: Sequence[tuple[int, int, Node]]) -> Iterator[Call]:
        data, breaks, definition_at = self._data, self._breaks, self._record.scopes.definition_at
        names = dict.fromkeys((b"require", b"import"), "")
        for start, end, node in nodes:
            text = data[start:end] if end - start <= LIMIT else b""
            name = names.get(text)
            if name is None:
                name = dotted_name(data, node)
                if text:
                    names[text] = name
            if name and not (text in self._known and self._is_local(text, start)):
                yield Call(definition_at(start), name, bisect_left(breaks, end - 1) + 1)

    def uses(self) -> list[Use]:
        """Every known name that is read but not called, in source order; `calls` must have been asked before."""
        data, known, written = self._data, self._known, self._record.written
        found: list[tuple[int, bytes, int]] = []
        for node in self._found.get("name", ()):
            start, end = node.start_byte, node.end_byte
            name = data[start:end]
            if name in known and start not in written and not self._is_local(name, start):
                found.append((start, name, end))
        found.sort()
        return list(self._uses(found))

    def _uses(self, found: Sequence[tuple[int, bytes, int]]) -> Iterator[Use]:
        data, definition_at = self._data, self._record.scopes.definition_at
        for start, name, end in found:
            rest = _REST.match(data, end)
            if self._called.get(start) == (rest.end() if rest else end):
                continue
            if rest:
                name += _NOISE.sub(b"", rest.group())
            text = name.decode("utf-8", "replace")
            yield Use(definition_at(start), text[:LIMIT], self._line(start))


def _known_names(record: Record) -> frozenset[bytes]:
    """Names the file imports, or defines outside function bodies."""
    names = {found.alias or found.name for found in record.imports if not found.exported}
    definitions = record.definitions
    for made in definitions:
        if made.parent == MODULE or definitions[made.parent].kind == "namespace":
            names.add(made.name)
    names -= {"", "*", "default"}
    return frozenset(name.encode() for name in names)
