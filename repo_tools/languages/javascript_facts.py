"""Facts of one JavaScript or TypeScript file: one query, then one sweep over what it found in source order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tree_sitter import Node

from repowright.repo_tools.facts import Binding, FileFacts, Import
from repowright.repo_tools.languages import javascript_definitions as definitions
from repowright.repo_tools.languages import javascript_exports as modules
from repowright.repo_tools.languages import javascript_variables as variables
from repowright.repo_tools.languages import typescript_types as types
from repowright.repo_tools.languages.grammar import Grammar, as_utf8
from repowright.repo_tools.languages.javascript_frame import Frame
from repowright.repo_tools.languages.javascript_mentions import Mentions
from repowright.repo_tools.languages.javascript_record import Record
from repowright.repo_tools.languages.source_guard import line_count, minified, problems_of, too_large

_Handler = Callable[[Record, Node, Frame], None]

_HANDLERS: dict[str, _Handler] = {
    "function": definitions.read_function,
    "method": definitions.read_method,
    "class": definitions.read_class,
    "field": definitions.read_field,
    "pair": definitions.read_pair,
    "signature": definitions.read_signature,
    "overload": definitions.read_overload,
    "decorator": definitions.read_decorator,
    "condition": definitions.read_condition,
    "variable": variables.read_variable,
    "assignment": variables.read_assignment,
    "parameter": variables.read_parameter,
    "import": modules.read_import,
    "export": modules.read_export,
    "interface": types.read_interface,
    "alias": types.read_alias,
    "enum": types.read_enum,
    "namespace": types.read_namespace,
    "import_alias": types.read_import_alias,
}


def read_source(path: str, source: bytes, language: str, grammar: Grammar, query: str) -> FileFacts:
    """Facts of one file; what cannot be read, or was not written by a person, gives its error alone."""
    problem = too_large(source) or minified(path, source)
    if problem is not None:
        return FileFacts(path, language, line_count(source), errors=(problem,))
    data = as_utf8(source).replace(b"\0", b" ")
    root = grammar.parse(data).root_node
    found = grammar.captures(query, root)
    record = sweep(data, found)
    mentions = Mentions(record, found)
    calls = mentions.calls()
    return FileFacts(
        path=path,
        language=language,
        lines=line_count(data),
        definitions=tuple(record.definitions),
        imports=tuple(sorted(record.imports, key=_line)),
        calls=tuple(calls),
        uses=tuple(mentions.uses()),
        bindings=tuple(sorted(record.bindings, key=_line)),
        inheritances=tuple(record.inheritances),
        docstring=record.comments.leading(made.doc for made in record.definitions[:1]),
        exports=tuple(record.exports) if record.declares_exports else None,
        errors=tuple(problems_of(data, root, grammar)),
    )


def sweep(data: bytes, found: Mapping[str, Sequence[Node]]) -> Record:
    """Read definitions, imports, bindings and bases in source order."""
    record = Record(data, found.get("comment", ()))
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
    _add_lone_imports(record, found)
    return record


def _position(event: tuple[int, int, int, Node, _Handler]) -> tuple[int, int, int]:
    return event[:3]


def _line(each: Import | Binding) -> int:
    return each.line


def _add_lone_imports(record: Record, found: Mapping[str, Sequence[Node]]) -> None:
    """Modules taken by ``require`` or ``import()`` that no variable names."""
    for node in found.get("lone", ()):
        module = variables.required_module(record.data, node)
        if module and node.start_byte not in record.written:
            scope = record.scopes.definition_at(node.start_byte)
            record.imports.append(Import(module, "", "", 0, node.start_point.row + 1, scope=scope))
