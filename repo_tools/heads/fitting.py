"""A definition cut to what stands alone: heads and fields whose names are known, no bodies."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from repowright.repo_tools.python_ast import DefinitionNode, FunctionNode, dotted, is_docstring, parse_quietly

ANNOTATION = "an annotation of an unknown type became `object`"
BASE = "an unknown base class was dropped"
DECORATOR = "a decorator that is unknown, or would run as a stub, was dropped"
VALUE = "a default or class value that is unknown, or would run a stub, was dropped"
CREATION = "a statement that runs while the class is created was dropped"
_WRAPPERS = frozenset({"property", "staticmethod", "classmethod"})
"""They keep a function and do not run it."""
_UNCHANGED = ("Literal",)


@dataclass(frozen=True)
class Verdicts:
    """What is known of the free names of one definition.

    Parameters
    ----------
    unknown
        They mean nothing where the definition shall stand.
    stubs
        Stubs until they are written: nothing at import may run them.
    quoted
        Definitions that annotations may name in quotes alone, since building on them would close a circle.
    literals
        Values of constants, as source text, that stand in for them.
    """

    unknown: frozenset[str] = frozenset()
    stubs: frozenset[str] = frozenset()
    quoted: frozenset[str] = frozenset()
    literals: Mapping[str, str] = field(default_factory=dict)


def without_bodies(node: DefinitionNode, *, bodies: bool) -> None:
    """Empty the bodies of a definition, and drop the private members of a class.

    Parameters
    ----------
    bodies
        Keep them: a declaration's are part of what it declares.
    """
    if isinstance(node, FunctionNode):
        if not bodies:
            kept = [one for one in node.body[:1] if is_docstring(one)]
            node.body = [*kept, ast.Expr(ast.Constant(...))]
        return
    if not bodies:
        node.body = [one for one in node.body if not _is_private(one)]
    for inner in node.body:
        if isinstance(inner, DefinitionNode):
            without_bodies(inner, bodies=bodies)
    if not node.body:
        node.body = [ast.Expr(ast.Constant(...))]


class Fitter:
    """Cuts one definition by verdicts on its names; ``changes`` says what, one entry a change."""

    def __init__(self, verdicts: Verdicts) -> None:
        self.changes: list[str] = []
        self._verdicts = verdicts
        self._running = verdicts.unknown | verdicts.stubs | verdicts.quoted
        self._members: frozenset[str] = frozenset()

    def fit(self, node: DefinitionNode) -> None:
        """Cut a definition and what lies in it, in place."""
        kept = [one for one in node.decorator_list if not self._runs(one, _is_accessor(one))]
        if len(kept) < len(node.decorator_list):
            self.changes.append(DECORATOR)
        node.decorator_list = [self._inlined(one) for one in kept]
        if isinstance(node, FunctionNode):
            self._fit_function(node)
        else:
            self._fit_class(node)

    def _fit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for one in (*every, arguments.vararg, arguments.kwarg):
            if one is not None and one.annotation is not None:
                one.annotation = self._annotation(one.annotation)
        if node.returns is not None:
            node.returns = self._annotation(node.returns)
        arguments.defaults = [self._value(one) for one in arguments.defaults]
        arguments.kw_defaults = [None if one is None else self._value(one) for one in arguments.kw_defaults]

    def _fit_class(self, node: ast.ClassDef) -> None:
        known = self._verdicts.unknown | self._verdicts.quoted
        bases = [one for one in node.bases if not _names(one) & (self._running if _calls(one) else known)]
        keywords = [one for one in node.keywords if not _names(one.value) & self._running]
        if len(bases) + len(keywords) < len(node.bases) + len(node.keywords):
            self.changes.append(BASE)
        node.bases, node.keywords = bases, keywords
        # A class runs what its body calls, and its own methods are stubs too.
        outer, self._members = (
            self._members,
            frozenset(one.name for one in node.body if isinstance(one, DefinitionNode)),
        )
        node.body = [fitted for one in node.body if (fitted := self._member(one)) is not None]
        node.body = node.body or [ast.Expr(ast.Constant(...))]
        self._members = outer

    def _runs(self, node: ast.expr, harmless: bool) -> bool:
        """Return whether evaluating an expression needs what is unknown, or runs a stub."""
        names = _names(node)
        return bool(names & self._running) or (not harmless and bool(names & self._members))

    def _member(self, node: ast.stmt) -> ast.stmt | None:
        if isinstance(node, DefinitionNode):
            self.fit(node)
        elif isinstance(node, ast.AnnAssign):
            node.annotation = self._annotation(node.annotation)
            node.value = None if node.value is None else self._value(node.value)
        elif isinstance(node, ast.Assign):
            return self._assigned(node)
        elif not isinstance(node, ast.Pass | ast.Expr):
            self.changes.append(CREATION)
            return None
        return node

    def _assigned(self, node: ast.Assign) -> ast.stmt | None:
        names = {name for target in node.targets for name in _names(target)} - self._members
        if not names & self._running and not self._runs(node.value, not _calls(node.value)):
            node.value = self._inlined(node.value)
            return node
        self.changes.append(VALUE)
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Name):
            return None
        return ast.AnnAssign(target, ast.Name("object", ast.Load()), None, 1)

    def _value(self, node: ast.expr) -> ast.expr:
        if not self._runs(node, not _calls(node)):
            return self._inlined(node)
        self.changes.append(VALUE)
        return ast.Constant(None)

    def _inlined(self, node: ast.expr) -> ast.expr:
        if not _names(node) & self._verdicts.literals.keys():
            return node
        inlined: ast.expr = _Inliner(self._verdicts.literals).visit(node)
        return inlined

    def _annotation(self, node: ast.expr) -> ast.expr:
        plain = _Annotation(self._verdicts.unknown)
        fitted: ast.expr = plain.visit(node)
        if plain.changed:
            self.changes.append(ANNOTATION)
        if _names(fitted) & self._verdicts.quoted:
            return ast.Constant(ast.unparse(fitted))
        return fitted


class _Annotation(ast.NodeTransformer):
    """Puts ``object`` in the place of unknown types; takes inner quotes away."""

    def __init__(self, unknown: frozenset[str]) -> None:
        self.changed = False
        self._unknown = unknown

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._object() if node.id in self._unknown else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._object() if dotted(node).partition(".")[0] in self._unknown else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        head = dotted(node.value)
        if head.partition(".")[0] in self._unknown:
            return self._object()
        if head.rpartition(".")[2] in _UNCHANGED:
            return node
        node.slice = self.visit(node.slice)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        tree = parse_quietly(node.value) if isinstance(node.value, str) else None
        inner = tree.body[0] if tree is not None and len(tree.body) == 1 else None
        if not isinstance(inner, ast.Expr):
            return node
        unquoted: ast.expr = self.visit(inner.value)
        return unquoted

    def _object(self) -> ast.expr:
        self.changed = True
        return ast.Name("object", ast.Load())


class _Inliner(ast.NodeTransformer):
    def __init__(self, literals: Mapping[str, str]) -> None:
        self._literals = literals

    def visit_Name(self, node: ast.Name) -> ast.expr:
        text = self._literals.get(node.id)
        return node if text is None else ast.parse(text, mode="eval").body


def _is_accessor(node: ast.expr) -> bool:
    """Return whether a decorator adds to a property that stands above it."""
    return isinstance(node, ast.Attribute) and node.attr in ("setter", "getter", "deleter")


def _calls(node: ast.AST) -> bool:
    called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return any(not (isinstance(one, ast.Name) and one.id in _WRAPPERS) for one in called)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _is_private(node: ast.stmt) -> bool:
    if isinstance(node, DefinitionNode):
        return _private(node.name)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return bool(targets) and all(isinstance(one, ast.Name) and _private(one.id) for one in targets)


def _private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))
