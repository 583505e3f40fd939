"""Python's scopes: which names a function, class or comprehension binds itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from repowright.repo_tools.python_ast import DefinitionNode, FunctionNode

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Scope:
    """One scope: the names it binds, those it declares global, and whether nested scopes see it."""

    bound: frozenset[str]
    declared_global: frozenset[str]
    is_class: bool = False


def is_global(name: str, scopes: Sequence[Scope]) -> bool:
    """Whether a name used in the innermost of the scopes, given from the outside in, is the module's."""
    for depth, scope in enumerate(reversed(scopes)):
        if name in scope.declared_global:
            return True
        if name in scope.bound and (depth == 0 or not scope.is_class):
            return False
    return True


def function_scope(node: FunctionNode | ast.Lambda) -> Scope:
    """The scope of a function's body."""
    arguments = node.args
    every = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    parameters = frozenset(argument.arg for argument in every if argument is not None)
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    return _scope(body, parameters)


def class_scope(node: ast.ClassDef) -> Scope:
    """The scope of a class body, which methods do not see."""
    scope = _scope(node.body, frozenset())
    return Scope(scope.bound, scope.declared_global, is_class=True)


def comprehension_scope(node: Comprehension) -> Scope:
    """The scope of a comprehension: its loop variables."""
    targets = [part for generator in node.generators for part in ast.walk(generator.target)]
    return Scope(frozenset(part.id for part in targets if isinstance(part, ast.Name)), frozenset())


def module_names(body: Sequence[ast.stmt]) -> frozenset[str]:
    """Every name the statements bind at module level."""
    return _scope(body, frozenset()).bound


def _scope(body: Iterable[ast.AST], parameters: frozenset[str]) -> Scope:
    nodes = [part for node in body for part in _own_nodes(node)]
    elsewhere = {name for node in nodes if isinstance(node, ast.Nonlocal) for name in node.names}
    declared = frozenset(name for node in nodes if isinstance(node, ast.Global) for name in node.names)
    bound = parameters | {name for node in nodes for name in _bound_by(node)}
    return Scope(bound - declared - elsewhere, declared)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below ``node`` that belong to its scope; nested definitions are yielded but not entered."""
    yield node
    if isinstance(node, DefinitionNode | ast.Lambda):
        return
    if isinstance(node, Comprehension):
        # An assignment expression binds in the scope around the comprehension.
        yield from (part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
        return
    for child in ast.iter_child_nodes(node):
        yield from _own_nodes(child)


def _bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, DefinitionNode):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    return []
