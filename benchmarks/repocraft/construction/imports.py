"""What the names of a test module stand for, as far as its imports tell."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_TEST_TOOLS = frozenset({"testing", "tests", "test", "_testing", "estimator_checks", "conftest"})


class Imports:
    """Names bound by imports anywhere in a module, in full.

    Parameters
    ----------
    module
        Dotted name of the module, for relative imports.
    """

    def __init__(self, tree: ast.Module, module: str) -> None:
        self._package = module.split(".")[:-1]
        self._full: dict[str, str] = {}
        self.at_top = [name for node in tree.body for name in _modules(node)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._full |= {alias.asname or alias.name.split(".")[0]: _bound(alias) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                source = self._source(node)
                self._full |= {alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names}

    def full(self, name: str) -> str:
        """Return a dotted name with what its first part was imported as; as it is if it was not."""
        first, dot, rest = name.partition(".")
        return self._full.get(first, first) + dot + rest

    def is_imported(self, name: str) -> bool:
        """Whether the first part of a dotted name comes from an import."""
        return name.partition(".")[0] in self._full

    def checkers(self) -> frozenset[str]:
        """Return imported names that come from test tools and are called for what they check."""
        return frozenset(
            name
            for name, full in self._full.items()
            if _TEST_TOOLS.intersection(full.split(".")[:-1])
            and any(word in name.lower() for word in ("check", "assert", "verify", "test", "compare"))
        )

    def _source(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self._package[: len(self._package) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])


def _modules(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def _bound(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.split(".")[0]


def is_tool(full: str) -> bool:
    """Whether a full name belongs to tools for tests rather than to what is tested."""
    return bool(_TEST_TOOLS.intersection(full.split(".")[:-1]))


def first_of(names: Iterable[str]) -> list[str]:
    """Return names without repetition, in the order of their first use."""
    return list(dict.fromkeys(names))
