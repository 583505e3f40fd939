"""Renames module-level names in a piece of source, and nothing that merely looks like them."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import tree_sitter_python
from tree_sitter import Language, Node, Parser

from repowright.repo_tools.python_ast import FunctionNode, decorator_name, line_offsets, parse
from repowright.repo_tools.scopes import (
    Comprehension,
    Scope,
    class_scope,
    comprehension_scope,
    function_scope,
    is_global,
    module_names,
)

Edit = tuple[int, int, bytes]
_NAMES_FIXTURES = frozenset({"usefixtures", "getfixturevalue"})


def rename_globals(source: str, names: Mapping[str, str], fixtures: Collection[str] = ()) -> str:
    """Rename every reference to the given module-level names, and their definitions.

    Strings, attributes, keyword arguments, parameters and local names that only share the spelling stay.
    Names in f-strings and in quoted annotations are references and follow.

    Parameters
    ----------
    names
        New name by old name.
    fixtures
        Those of the names that are pytest fixtures: parameters of tests and fixtures are references to them.

    Raises
    ------
    SourceError
        If the source does not parse.
    """
    if not any(name in source for name in names):
        return source
    collector = _References(source.encode(), names, fixtures)
    collector.visit(parse(source))
    return apply_edits(source.encode(), collector.edits).decode()


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Replace byte ranges that do not overlap."""
    for start, end, new in sorted(set(edits), reverse=True):
        data = data[:start] + new + data[end:]
    return data


class _References(ast.NodeVisitor):
    def __init__(self, data: bytes, names: Mapping[str, str], fixtures: Collection[str]) -> None:
        self.edits: list[Edit] = []
        self._data = data
        self._names = names
        self._fixtures = frozenset(fixtures)
        self._offsets = line_offsets(data)
        self._scopes: list[Scope] = []

    def visit_Name(self, node: ast.Name) -> None:
        if self._is_target(node.id, stores=not isinstance(node.ctx, ast.Load)):
            self._replace(self._start(node), node.id)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Names in f-strings are found by tree-sitter: before 3.12 ``ast`` does not know where they stand."""
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and self._is_target(part.id)}
        if not used:
            return
        for start in _interpolated(self._data, self._start(node), self._end(node), used):
            match = re.compile(rb"\w+").match(self._data, start)
            if match:
                self._replace(start, match.group().decode())

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: FunctionNode) -> None:
        self._visit_definition_name(node)
        self._visit_all([*node.decorator_list, node.args])
        if node.returns:
            self._visit_annotation(node.returns)
        scope = function_scope(node)
        if self._fixtures and _asks_for_fixtures(node):
            self._rename_parameters(node)
            scope = replace(scope, bound=scope.bound - self._fixtures)
        self._visit_inside(scope, node.body)

    def _rename_parameters(self, node: FunctionNode) -> None:
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            if argument.arg in self._fixtures:
                self._replace(self._offsets[argument.lineno - 1] + argument.col_offset, argument.arg)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if self._fixtures and decorator_name(node) in _NAMES_FIXTURES:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and argument.value in self._fixtures:
                    self._replace_within(self._start(argument), self._end(argument), str(argument.value))

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._visit_inside(function_scope(node), [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_definition_name(node)
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        # A class body reads the module's name until it has bound its own.
        scope = class_scope(node)
        for index, statement in enumerate(node.body):
            self._visit_inside(replace(scope, bound=module_names(node.body[:index])), [statement])

    def visit_arg(self, node: ast.arg) -> None:
        if node.annotation:
            self._visit_annotation(node.annotation)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_annotation(node.annotation)
        self._visit_all([part for part in (node.target, node.value) if part])

    def visit_Global(self, node: ast.Global) -> None:
        for name in set(node.names) & self._names.keys():
            self._replace_within(self._start(node), self._end(node), name)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, Comprehension):
            self.visit(node.generators[0].iter)
            self._visit_inside(comprehension_scope(node), _inside(node))
        else:
            super().generic_visit(node)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _visit_inside(self, scope: Scope, nodes: Iterable[ast.AST]) -> None:
        self._scopes.append(scope)
        self._visit_all(nodes)
        self._scopes.pop()

    def _visit_annotation(self, node: ast.expr) -> None:
        self.visit(node)
        for part in _type_strings(node):
            for name in self._names:
                if self._is_target(name):
                    self._replace_within(self._start(part), self._end(part), name)

    def _visit_definition_name(self, node: FunctionNode | ast.ClassDef) -> None:
        if self._is_target(node.name, stores=True):
            keyword = re.compile(rb"(?:async\s+)?(?:def|class)\s+").match(self._data, self._start(node))
            if keyword:
                self._replace(keyword.end(), node.name)

    def _is_target(self, name: str, stores: bool = False) -> bool:
        if name in self._names and stores and self._scopes and self._scopes[-1].is_class:
            return name in self._scopes[-1].declared_global
        return name in self._names and is_global(name, self._scopes)

    def _replace(self, start: int, name: str) -> None:
        self.edits.append((start, start + len(name.encode()), self._names[name].encode()))

    def _replace_within(self, start: int, end: int, name: str) -> None:
        pattern = re.compile(rb"(?<![\w.])" + re.escape(name.encode()) + rb"(?!\w)")
        for match in pattern.finditer(self._data, start, end):
            self._replace(match.start(), name)

    def _start(self, node: ast.stmt | ast.expr) -> int:
        return self._offsets[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.stmt | ast.expr) -> int:
        return self._offsets[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _asks_for_fixtures(node: FunctionNode) -> bool:
    return node.name.startswith("test") or any(decorator_name(part) == "fixture" for part in node.decorator_list)


def _inside(node: Comprehension) -> list[ast.AST]:
    """What a comprehension evaluates in its own scope: all but the first iterable."""
    later = [generator.iter for generator in node.generators[1:]]
    filters = [test for generator in node.generators for test in generator.ifs]
    results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [*later, *filters, *results]


def _type_strings(node: ast.expr) -> Iterator[ast.Constant]:
    """The quoted types of an annotation; the strings of ``Literal`` and ``Annotated`` are values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] in (
        "Literal",
        "Annotated",
    ):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _type_strings(child)


def _interpolated(data: bytes, start: int, end: int, names: set[str]) -> list[int]:
    """Offsets of names used inside the f-strings of a range."""
    tree = Parser(Language(tree_sitter_python.language())).parse(data)
    found: list[int] = []
    pending: list[tuple[Node, bool]] = [(tree.root_node, False)]
    while pending:
        node, inside = pending.pop()
        if node.end_byte <= start or node.start_byte >= end:
            continue
        inside = inside or node.type == "interpolation"
        if inside and node.type == "identifier" and _spelled(node) in names and not _is_label(node):
            found.append(node.start_byte)
        pending += [(child, inside) for child in node.children]
    return found


def _spelled(node: Node) -> str:
    return (node.text or b"").decode()


def _is_label(node: Node) -> bool:
    """Whether the identifier is an attribute's or a keyword argument's name."""
    parent = node.parent
    if parent is None:
        return False
    field = {"attribute": "attribute", "keyword_argument": "name"}.get(parent.type)
    return field is not None and parent.child_by_field_name(field) == node
