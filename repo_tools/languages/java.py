"""Facts of Java files: one query, then one sweep over what it found in source order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import tree_sitter_java
from tree_sitter import Node

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages import java_record as record_of
from repowright.repo_tools.languages.grammar import Grammar, as_utf8
from repowright.repo_tools.languages.java_mentions import JavaMentions
from repowright.repo_tools.languages.java_query import JAVA
from repowright.repo_tools.languages.java_record import Frame, JavaRecord
from repowright.repo_tools.languages.source_guard import line_count, problems_of, too_large

_Handler = Callable[[JavaRecord, Node, Frame], None]

_HANDLERS: dict[str, _Handler] = {
    "package": record_of.read_package,
    "import": record_of.read_import,
    "type": record_of.read_type,
    "anonymous": record_of.read_anonymous,
    "enum_constant": record_of.read_enum_constant,
    "method": record_of.read_method,
    "field": record_of.read_field,
    "variable": record_of.read_variable,
    "parameter": record_of.read_parameter,
    "lambda": record_of.read_lambda,
}


class JavaFrontend:
    """Reads Java source, broken or not."""

    name = "java"
    extensions = (".java",)
    version = 1

    def __init__(self) -> None:
        self._grammar = Grammar(tree_sitter_java.language)

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        problem = too_large(source)
        if problem is not None:
            return FileFacts(path, self.name, line_count(source), errors=(problem,))
        data = as_utf8(source).replace(b"\0", b" ")
        root = self._grammar.parse(data).root_node
        found = self._grammar.captures(JAVA, root)
        record = _sweep(data, found)
        mentions = JavaMentions(record, found)
        calls = mentions.calls()
        return FileFacts(
            path=path,
            language=self.name,
            lines=line_count(data),
            definitions=tuple(record.definitions),
            imports=tuple(record.imports),
            calls=tuple(calls),
            uses=tuple(mentions.uses()),
            bindings=tuple(record.bindings),
            inheritances=tuple(record.inheritances),
            docstring=record.comments.leading(made.doc for made in record.definitions[:1]),
            package=record.package,
            errors=tuple(problems_of(data, root, self._grammar)),
        )


def _sweep(data: bytes, found: Mapping[str, Sequence[Node]]) -> JavaRecord:
    record = JavaRecord(data, found.get("comment", ()))
    events = [
        (node.start_byte, -node.end_byte, order, node, handler)
        for order, (name, handler) in enumerate(_HANDLERS.items())
        for node in found.get(name, ())
    ]
    events.sort(key=_position)
    frames = record.frames
    for start, _, _, node, handler in events:
        while frames[-1].end <= start:
            frames.pop()
        handler(record, node, frames[-1])
    record.scopes.close()
    return record


def _position(event: tuple[int, int, int, Node, _Handler]) -> tuple[int, int, int]:
    return event[:3]
