"""Definitions of a C file: functions, types, enumerators, file-scope variables and macros."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, DefinitionKind
from repowright.repo_tools.languages.c_recovered import recovered_functions
from repowright.repo_tools.languages.c_syntax import KEYWORDS, Declarator, declarator_of, declarators_of
from repowright.repo_tools.languages.compiled_places import Place, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText
from repowright.repo_tools.languages.grammar import one_line

Captures = Mapping[str, list[Node]]

_VALUE_LIMIT = 200
_STRAY = -2
_GUARD = re.compile(
    rb"#[ \t]*(?:ifndef[ \t]+(\w+)|if[ \t]+![ \t]*defined[ \t]*\(?[ \t]*(\w+)[ \t]*\)?)[^\n]*\n"
    rb"(?:\s|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|//[^\n]*\n)*#[ \t]*define[ \t]+(\w+)[ \t]*\d*[ \t\r]*(?:/[/*][^\n]*)?\n"
)
_AFTER_GUARD = re.compile(rb"(?:\s|/\*.*?\*/|//[^\n]*)*\Z", re.DOTALL)


def guards_of(found: Captures, source: SourceText) -> dict[int, bytes]:
    """The include guard of a file: the byte its condition begins at and the macro's name."""
    for node in found.get("condition", [])[:1]:
        match = _GUARD.match(source.data, node.start_byte)
        if match and (match[1] or match[2]) == match[3] and _AFTER_GUARD.match(source.data, node.end_byte):
            return {node.start_byte: match[3]}
    return {}


def conditions_of(found: Captures, guards: Mapping[int, bytes]) -> ScopeMap:
    """What stands below a preprocessor condition that is no include guard."""
    nodes = [node for node in found.get("condition", []) if node.start_byte not in guards]
    return ScopeMap((node.start_byte, node.end_byte, 0) for node in nodes)


def places_of(found: Captures, source: SourceText, is_header: bool, guards: Mapping[int, bytes]) -> list[Place]:
    """Every definition of the file; prototypes and ``extern`` variables in headers only."""
    names = _typedef_names(found, source)
    places = [*_functions(found, source), *_macros(found, source, frozenset(guards.values()))]
    for kind in ("struct", "union", "enum"):
        places += _tagged(kind, found, source, names)
    places += _enumerators(found, source)
    places += _typedefs(found, source, names)
    places += _file_scope(found, source, is_header)
    places += recovered_functions(found.get("headless", []), local_bytes(found), source, is_header)
    return places


def local_bytes(found: Captures) -> ScopeMap:
    """Bytes in function bodies, and in blocks that a macro the parser cannot expand made into one."""
    functions = [(node.start_byte, node.end_byte, index) for index, node in enumerate(found.get("function", []))]
    return ScopeMap([*functions, *((node.start_byte, node.end_byte, _STRAY) for node in found.get("stray", []))])


def _functions(found: Captures, source: SourceText) -> Iterator[Place]:
    for node in found.get("function", []):
        declared = declarator_of(node.child_by_field_name("declarator"))
        body = node.child_by_field_name("body")
        name = source.text(declared.name) if declared else ""
        if declared is None or body is None or name in KEYWORDS:
            continue
        signature = source.header(node.start_byte, body.start_byte)
        attributes = _attributes(node, source)
        yield Place("function", name, node.start_byte, node.end_byte, signature, attributes)


def _attributes(node: Node, source: SourceText) -> tuple[str, ...]:
    """Attributes before the name and behind the parameters."""
    if source.data.find(b"__attribute", node.start_byte, node.end_byte) < 0:
        return ()
    outer = node.child_by_field_name("declarator")
    children = [*node.children, *(outer.children if outer else [])]
    return tuple(one_line(source.text(child)) for child in children if child.type == "attribute_specifier")


def _macros(found: Captures, source: SourceText, guards: frozenset[bytes]) -> Iterator[Place]:
    for node in found.get("macro", []):
        name = node.child_by_field_name("name")
        if name is None or source.data[name.start_byte : name.end_byte] in guards:
            continue
        parameters = node.child_by_field_name("parameters")
        end = parameters.end_byte if parameters else node.end_byte
        signature = source.header(node.start_byte, end, _VALUE_LIMIT)
        yield Place("macro", source.text(name), node.start_byte, node.end_byte, signature)


def _typedef_names(found: Captures, source: SourceText) -> dict[int, tuple[str, Node]]:
    """Names that typedefs give the types whose bodies stand in them, by the type's first byte."""
    names: dict[int, tuple[str, Node]] = {}
    for node in found.get("typedef", []):
        described = node.child_by_field_name("type")
        if described is None or described.child_by_field_name("body") is None:
            continue
        tag = source.text(described.child_by_field_name("name"))
        plain = [source.text(part.name) for _, part in declarators_of(node) if not part.shapes]
        if plain and (not tag or tag in plain):
            names[described.start_byte] = (tag or plain[0], node)
    return names


def _tagged(
    kind: DefinitionKind, found: Captures, source: SourceText, names: Mapping[int, tuple[str, Node]]
) -> Iterator[Place]:
    for node in found.get(kind, []):
        given, whole = names.get(node.start_byte, ("", node))
        body = node.child_by_field_name("body")
        tag = node.child_by_field_name("name")
        name = given or source.text(tag)
        if not name or body is None:
            continue
        signature = source.header(whole.start_byte, body.start_byte)
        if tag is None:
            signature = f"{signature} {{ ... }} {name}"
        yield Place(kind, name, whole.start_byte, node.end_byte, signature)


def _enumerators(found: Captures, source: SourceText) -> Iterator[Place]:
    for node in found.get("enumerator", []):
        signature = source.header(node.start_byte, node.end_byte, _VALUE_LIMIT)
        name = source.text(node.child_by_field_name("name"))
        yield Place("constant", name, node.start_byte, node.end_byte, signature)


def _typedefs(found: Captures, source: SourceText, names: Mapping[int, tuple[str, Node]]) -> Iterator[Place]:
    for node in found.get("typedef", []):
        described = node.child_by_field_name("type")
        given = names.get(described.start_byte, ("", node))[0] if described else ""
        body = described.child_by_field_name("body") if described else None
        for part, declared in declarators_of(node):
            name = source.text(declared.name)
            if name == given or name in KEYWORDS:
                continue
            signature = source.header(node.start_byte, node.end_byte).removesuffix(";").rstrip()
            if described is not None and body is not None:
                head = source.header(node.start_byte, body.start_byte)
                signature = f"{head} {{ ... }} {source.header(part.start_byte, part.end_byte)}"
            start = node.start_byte if body is None else part.start_byte
            yield Place("typedef", name, start, part.end_byte, signature)


def _file_scope(found: Captures, source: SourceText, is_header: bool) -> Iterator[Place]:
    """Variables, constants and prototypes outside function bodies."""
    inside = local_bytes(found)
    debris = _debris(found, source)
    for node in found.get("declaration", []):
        if inside.at(node.start_byte) != MODULE or node.start_byte in debris:
            continue
        words = _words(node, source)
        for part, declared in declarators_of(node):
            name = source.text(declared.name)
            if name in KEYWORDS or (not is_header and (declared.is_function or _is_extern(part, words))):
                continue
            yield _variable(node, part, declared, name, words, source)


def _debris(found: Captures, source: SourceText) -> frozenset[int]:
    """First bytes of locals of a function whose head the parser lost: indented, in the midst of an error."""
    starts = (node.start_byte for node in found.get("debris", []))
    return frozenset(start for start in starts if start > 0 and source.data[start - 1] not in b"\r\n")


def _words(node: Node, source: SourceText) -> frozenset[str]:
    """Qualifiers and storage classes written before the declarators."""
    kinds = ("storage_class_specifier", "type_qualifier")
    return frozenset(source.text(child) for child in node.children if child.type in kinds)


def _is_extern(part: Node, words: frozenset[str]) -> bool:
    return "extern" in words and part.type != "init_declarator"


def _variable(
    node: Node, part: Node, declared: Declarator, name: str, words: frozenset[str], source: SourceText
) -> Place:
    first = node.child_by_field_name("declarator")
    is_first = first is not None and first.start_byte == part.start_byte
    described = node.child_by_field_name("type")
    is_whole = is_first and (described is None or described.child_by_field_name("body") is None)
    start = node.start_byte if is_whole else part.start_byte
    signature = _declaration_line(node, part, first, source)
    if declared.is_function:
        decorators = (*_attributes(node, source), "prototype")
        return Place("function", name, start, node.end_byte if is_first else part.end_byte, signature, decorators)
    kind: DefinitionKind = "constant" if _is_constant(declared, words, source) else "global"
    decorators = ("extern",) if _is_extern(part, words) else ()
    return Place(kind, name, start, part.end_byte, signature, decorators)


def _declaration_line(node: Node, part: Node, first: Node | None, source: SourceText) -> str:
    described = node.child_by_field_name("type")
    body = described.child_by_field_name("body") if described is not None else None
    head_end = body.start_byte if body is not None else first.start_byte if first is not None else part.start_byte
    head = source.header(node.start_byte, head_end)
    value = part.child_by_field_name("value") if part.type == "init_declarator" else None
    braced = value is not None and value.type == "initializer_list"
    end = value.start_byte if value is not None and braced else part.end_byte
    text = source.header(part.start_byte, end)
    if braced:
        text = text.removesuffix("=").rstrip()
    whole = f"{head} {{ ... }} {text}" if body is not None else f"{head} {text}"
    return whole if len(whole) <= _VALUE_LIMIT or value is None else whole[: _VALUE_LIMIT - 3] + "..."


def _is_constant(declared: Declarator, words: frozenset[str], source: SourceText) -> bool:
    """Whether the variable itself never changes; of a pointer, whether the pointer does not."""
    if declared.pointer is None:
        return "const" in words or "constexpr" in words
    qualifiers = [child for child in declared.pointer.children if child.type == "type_qualifier"]
    return any(source.text(child) == "const" for child in qualifiers)
