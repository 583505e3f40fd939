"""Definitions of a Python file: classes, functions, methods, and the names its top level assigns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.facts import Definition, DefinitionKind
from repowright.repo_tools.languages.python_syntax import (
    docstring_of,
    last_line_of,
    line_of,
    one_line,
    signature_text,
    text_of,
)

_SIGNATURE_LIMIT = 200
# Blocks that run in the scope they stand in; broken source keeps whole definitions below its error nodes.
_TRANSPARENT = frozenset(
    {
        "block",
        "case_clause",
        "elif_clause",
        "else_clause",
        "ERROR",
        "except_clause",
        "except_group_clause",
        "expression_statement",
        "finally_clause",
        "for_statement",
        "if_statement",
        "match_statement",
        "module",
        "try_statement",
        "while_statement",
        "with_statement",
    }
)


@dataclass(frozen=True)
class Place:
    """A definition with the node it was read from."""

    definition: Definition
    node: Node


@dataclass(frozen=True)
class _Scope:
    qualname: str = ""
    is_class: bool = False

    def named(self, name: str) -> str:
        return f"{self.qualname}.{name}" if self.qualname else name


def definitions_of(root: Node) -> list[Place]:
    """Every definition outside function bodies, in source order; of a name assigned twice, the first."""
    found: list[Place] = []
    assigned: set[str] = set()
    pending: list[tuple[Node, _Scope, Node | None]] = [(root, _Scope(), None)]
    while pending:
        node, scope, decorated = pending.pop()
        if node.type in ("function_definition", "class_definition"):
            place = _definition(node, scope, decorated)
            found.append(place)
            pending += _class_body(node, place.definition)
        elif node.type == "decorated_definition":
            inner = node.child_by_field_name("definition")
            pending += [(inner, scope, node)] if inner else []
        elif node.type == "assignment":
            fresh = [place for place in _assigned(node, scope) if place.definition.name not in assigned]
            assigned.update(place.definition.name for place in fresh)
            found += fresh
        elif node.type in _TRANSPARENT:
            pending += [(child, scope, None) for child in reversed(node.named_children)]
    return found


def _class_body(node: Node, definition: Definition) -> list[tuple[Node, _Scope, Node | None]]:
    body = node.child_by_field_name("body")
    if node.type != "class_definition" or body is None:
        return []
    return [(body, _Scope(definition.qualname, is_class=True), None)]


def _definition(node: Node, scope: _Scope, decorated: Node | None) -> Place:
    name = text_of(node.child_by_field_name("name"))
    body = node.child_by_field_name("body")
    definition = Definition(
        kind=_kind(node, scope),
        name=name,
        qualname=scope.named(name),
        span=(line_of(decorated or node), last_line_of(node)),
        signature=signature_text(_header(node, body)),
        doc=docstring_of(body),
        decorators=_decorators(decorated),
        parent=scope.qualname,
    )
    return Place(definition, node)


def _kind(node: Node, scope: _Scope) -> DefinitionKind:
    if node.type == "class_definition":
        return "class"
    return "method" if scope.is_class else "function"


def _header(node: Node, body: Node | None) -> str:
    """Text from ``def`` or ``class`` to the colon before the body."""
    colon = next((child for child in reversed(node.children) if child.type == ":"), None)
    end = colon.end_byte if colon else body.start_byte if body else node.end_byte
    data = node.text or b""
    return data[: end - node.start_byte].decode("utf-8", "replace")


def _decorators(decorated: Node | None) -> tuple[str, ...]:
    children = decorated.named_children if decorated else []
    return tuple(one_line(text_of(child)[1:]) for child in children if child.type == "decorator")


def _assigned(node: Node, scope: _Scope) -> Iterator[Place]:
    """Names that an assignment at the top level binds, chains and tuples included."""
    if scope.qualname:
        return
    text = one_line(text_of(node))
    signature = text if len(text) <= _SIGNATURE_LIMIT else text[: _SIGNATURE_LIMIT - 3] + "..."
    link: Node | None = node
    while link is not None and link.type == "assignment":
        for name in _targets(link.child_by_field_name("left")):
            kind: DefinitionKind = "constant" if name.isupper() else "global"
            yield Place(Definition(kind, name, name, (line_of(node), last_line_of(node)), signature), node)
        link = link.child_by_field_name("right")


def _targets(node: Node | None) -> list[str]:
    if node is None:
        return []
    if node.type == "identifier":
        return [text_of(node)]
    if node.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"):
        return [name for child in node.named_children for name in _targets(child)]
    return []
