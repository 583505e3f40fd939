"""What a test module must not do: skip itself, act while imported, end the process, import strangers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator

from repowright.repo_tools.python_ast import DefinitionNode, dotted, is_docstring

_SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip", "skipTest", "skipIf", "skipUnless", "expectedFailure"})
_SKIP_OWNERS = frozenset({"", "pytest", "mark", "unittest", "self"})
_EXITS = frozenset({"sys.exit", "os._exit", "os.abort", "exit", "quit"})
_DECLARATIONS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Pass)


def lint_test_module(tree: ast.Module, packages: Collection[str]) -> list[str]:
    """Say, one sentence each with its line, what the module must not do."""
    found = [*_skips(tree), *_exits(tree), *_effects(tree), *_foreign_imports(tree, packages)]
    return [f"line {line}: {what}" for line, what in sorted(set(found))]


def _skips(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            owner, _, name = dotted(node).rpartition(".")
            if name in _SKIPS and owner.rpartition(".")[2] in _SKIP_OWNERS and isinstance(node.ctx, ast.Load):
                yield node.lineno, f"`{dotted(node)}` keeps a test from counting"


def _exits(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in _EXITS:
            yield node.lineno, f"`{dotted(node.func)}` ends the process"


def _effects(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in tree.body:
        if not isinstance(node, (*_DECLARATIONS, *DefinitionNode.__args__)) and not _is_harmless(node):
            yield node.lineno, f"`{ast.unparse(node).splitlines()[0]}` runs while the module is imported"


def _is_harmless(node: ast.stmt) -> bool:
    if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
        return True
    return is_docstring(node) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _foreign_imports(tree: ast.Module, packages: Collection[str]) -> Iterator[tuple[int, str]]:
    allowed = {"pytest", *packages}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "a relative import does not work in a test module"
        for name, line in _imported(node):
            top = name.partition(".")[0]
            if top not in allowed and top not in sys.stdlib_module_names:
                yield line, f"`{name}` is neither in the standard library, pytest nor the package under test"


def _imported(node: ast.AST) -> list[tuple[str, int]]:
    if isinstance(node, ast.Import):
        return [(alias.name, node.lineno) for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(node.module or "", node.lineno)]
    return []
