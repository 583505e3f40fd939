"""Definitions of a Python file: classes, functions however nested, and the names its top level assigns."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter

from tree_sitter import Node

from repowright.repo_tools.facts import Definition, DefinitionKind
from repowright.repo_tools.languages.grammar import one_line
from repowright.repo_tools.languages.python_scopes import Scopes
from repowright.repo_tools.languages.python_syntax import Reach, Source
from repowright.repo_tools.languages.python_text import DOCSTRING_START, comment_above, docstring_at, without_comments

_name_in = re.compile(r"(?:async )?(?:def|class) (\w+)").match
_BEFORE_CLOSING = re.compile(r",?\s*\n\s*(?=[)\]}])")
_AFTER_OPENING = re.compile(r"(?<=[(\[{])\s*\n\s*")
_BLANKS = re.compile(r"(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|\s+")
_SIGNATURE_LIMIT = 200
_LONGEST_READ = 2000
_PATTERNS = ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern")
_END = 1 << 62
_begin = itemgetter(0)
_make: Callable[[tuple[object, ...]], Definition] = partial(tuple.__new__, Definition)


_Entry = tuple[int, int, int, int, Node, bool]
"""Begin with decorators, start, body (-1: an assignment), end, node, and whether it is a class or type alias."""


@dataclass
class Definitions:
    """All definitions of a file and the scopes they make.

    Parameters
    ----------
    bodies
        Offset where the body of each definition begins; of an assignment its own.
    returned
        Where functions say what they return.
    """

    source: Source
    scopes: Scopes = field(default_factory=Scopes)
    records: list[Definition] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    returned: list[Reach] = field(default_factory=list)
    _columns: list[int] = field(default_factory=list)
    _unusual: list[tuple[int, int]] = field(default_factory=list)
    _last_lines: dict[int, int] = field(default_factory=dict)
    _assigned: set[str] = field(default_factory=set)

    def read(self) -> Definitions:
        """Find every definition, in source order."""
        self._decorators = self.source.reaches("decorator")
        blocks = _blocks(self.source)
        blocks.sort(key=_begin)
        entries = blocks + _assignments(self.source, blocks)
        entries.sort(key=_begin)
        close_until = self.scopes.close_until
        for entry in entries:
            parent = close_until(entry[0])
            if entry[2] < 0:
                self._add_assigned(entry)
            else:
                self._add_block(entry, parent)
        close_until(_END)
        self._mark_conditional()
        return self

    def _add_block(self, entry: _Entry, parent: int) -> None:
        begin, start, body, end, node, is_class = entry
        records, text, line_starts = self.records, self.source.text, self.source.line_starts
        signature = _signature(text, start, body)
        name = signature[6 if is_class else 4 :].partition("(")[0]
        if not name.isidentifier():
            name = _name(text, entry, signature)
            if not name:
                return
        kind: DefinitionKind = "class" if is_class else "function"
        qualname, column = name, 0
        if parent >= 0:
            around = records[parent]
            qualname, column = f"{around.qualname}.{name}", self._columns[parent]
            if around.kind == "class" and not is_class:
                kind = "method"
        returned = node.child_by_field_name("return_type") if "->" in signature else None
        if returned is not None:
            self.returned.append((returned.start_byte, returned.end_byte))
        line, last = bisect_right(line_starts, begin), bisect_right(line_starts, end)
        line_start = line_starts[line - 1]
        if begin - line_start != column:
            self._unusual.append((begin, len(records)))
        if "#" in text[line_starts[last - 1] : end]:
            last = self._last_line(end, node)
        doc = docstring_at(text, body, end) if text[body : body + 1] in DOCSTRING_START else ""
        if not doc and line > 1 and text[line_starts[line - 2] : line_start].lstrip().startswith("#"):
            doc = comment_above(text, line_start)
        decorators = self._decorators_of(begin, start) if begin != start else ()
        self.scopes.open(len(records), begin, body, end)
        records.append(_make((kind, name, qualname, (line, last), signature, doc, decorators, parent, False)))
        self.bodies.append(body)
        self._columns.append(body - line_starts[bisect_right(line_starts, body) - 1])

    def _add_assigned(self, entry: _Entry) -> None:
        begin, _, _, end, node, is_alias = entry
        source = self.source
        line, line_start = source.line_and_start(begin)
        column = begin - line_start
        names = _targets(node.child_by_field_name("left")) if is_alias else _assigned_names(node)
        fresh = [name for name in names if column or name not in self._assigned]
        if not fresh:
            return
        text = one_line(source.text[begin : min(end, begin + _LONGEST_READ)])
        signature = text if len(text) <= _SIGNATURE_LIMIT else text[: _SIGNATURE_LIMIT - 3] + "..."
        span, doc = (line, source.line(end)), comment_above(source.text, line_start)
        for name in dict.fromkeys(fresh):
            kind: DefinitionKind = "typedef" if is_alias else "constant" if name.isupper() else "global"
            if column:
                self._unusual.append((begin, len(self.records)))
            self.records.append(Definition(kind, name, name, span, signature, doc))
            self.bodies.append(begin)
            self._columns.append(0)
        self._assigned.update(fresh)

    def _decorators_of(self, begin: int, start: int) -> tuple[str, ...]:
        reaches, text = self._decorators, self.source.text
        first, last = bisect_left(reaches, (begin, 0)), bisect_left(reaches, (start, 0))
        return tuple([one_line(text[at + 1 : end]) for at, end in reaches[first:last]])

    def _last_line(self, end: int, node: Node) -> int:
        """Line of the last token that is no comment; definitions that end together share it."""
        found = self._last_lines.get(end)
        if found is None:
            found = self._last_lines[end] = _last_token_line(node)
        return found

    def _mark_conditional(self) -> None:
        """What does not stand in its parent's column may stand below a condition."""
        if not self._unusual:
            return
        conditions = self.source.reaches("condition")
        around: list[Reach] = []
        position = 0
        for begin, index in self._unusual:
            while position < len(conditions) and conditions[position][0] <= begin:
                around.append(conditions[position])
                position += 1
            while around and around[-1][1] <= begin:
                around.pop()
            record = self.records[index]
            inside = self.bodies[record.parent] if record.parent >= 0 else 0
            if around and around[-1][0] >= inside:
                self.records[index] = record._replace(conditional=True)


def _blocks(source: Source) -> list[_Entry]:
    """Classes and functions, each from its first decorator on."""
    decorated = {}
    for node in source.nodes("decorated"):
        inner = node.child_by_field_name("definition")
        if inner is not None:
            decorated[inner.start_byte] = node.start_byte
    found = []
    for capture, is_class in (("function", False), ("class", True)):
        for node in source.nodes(capture):
            start, end = node.start_byte, node.end_byte
            block = node.child_by_field_name("body")
            found.append((decorated.get(start, start), start, block.start_byte if block else end, end, node, is_class))
    return found


def _assignments(source: Source, blocks: list[_Entry]) -> list[_Entry]:
    """Assignments that stand in no class or function."""
    starts, ends = [0], [0]
    for entry in blocks:
        if entry[0] >= ends[-1]:
            starts.append(entry[0])
            ends.append(entry[3])
    found = []
    for capture, is_alias in (("assignment", False), ("type_alias", True)):
        for node in source.nodes(capture):
            start = node.start_byte
            if ends[bisect_right(starts, start) - 1] <= start:
                found.append((start, start, -1, node.end_byte, node, is_alias))
    return found


def _assigned_names(node: Node) -> list[str]:
    names: list[str] = []
    link: Node | None = node
    while link is not None and link.type == "assignment":
        names += _targets(link.child_by_field_name("left"))
        link = link.child_by_field_name("right")
    return names


def _targets(node: Node | None) -> list[str]:
    """Names in a target, tuples and lists included, in source order."""
    names: list[str] = []
    pending = [node] if node is not None else []
    while pending:
        part = pending.pop()
        if part.type == "identifier":
            names.append((part.text or b"").decode("utf-8", "replace"))
        elif part.type in _PATTERNS:
            pending += reversed(part.named_children)
        elif part.type == "type" or part.type == "generic_type":
            pending += part.named_children[:1]
    return names


def _name(text: str, entry: _Entry, signature: str) -> str:
    found = _name_in(signature)
    if found:
        return found[1]
    name = entry[4].child_by_field_name("name")
    return "" if name is None else text[name.start_byte : name.end_byte]


def _signature(text: str, start: int, body: int) -> str:
    """The header on one line, without its colon, comments, and the comma before a bracket on a line of its own."""
    header = text[start:body].rstrip()
    if "#" in header or "\\" in header:
        header = without_comments(header).replace("\\\n", " ").rstrip()
    if header.endswith(":"):
        header = header[:-1]
    if "\n" in header:
        header = _AFTER_OPENING.sub("", _BEFORE_CLOSING.sub("", header))
    elif "  " not in header and "\t" not in header:
        return header
    if '"' in header or "'" in header:
        return _BLANKS.sub(lambda found: found[1] or " ", header)
    return one_line(header)


def _last_token_line(node: Node) -> int:
    last: Node | None = node
    while last is not None:
        node = last
        last = next((child for child in reversed(node.children) if child.type != "comment"), None)
    return node.end_point.row + 1
