"""The order of top-level definitions: what runs while the module is imported must find its names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repowright.repo_tools.errors import ComposeError
from repowright.repo_tools.python_ast import FunctionNode, parse


@dataclass(frozen=True)
class Block:
    """One top-level definition; ``helpers`` names the blocks it would rather stand below."""

    name: str
    text: str
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamesUsed:
    """Names a block uses while the module is imported, and those it uses only when it is called."""

    now: frozenset[str]
    later: frozenset[str]


def ordered(blocks: Sequence[Block]) -> list[Block]:
    """Put blocks behind what they need at import time, and otherwise leave them where they are.

    Raises
    ------
    ComposeError
        If blocks need each other while the module is imported.
    """
    return _Order(blocks).run()


def names_used(text: str) -> NamesUsed:
    """The names a block uses, told apart by when it uses them; annotations are used never."""
    collector = _Collector()
    collector.visit(parse(text))
    return NamesUsed(frozenset(collector.now), frozenset(collector.later))


class _Order:
    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = {block.name: block for block in blocks}
        self._used = {block.name: names_used(block.text) for block in blocks}
        self._rank = {name: rank for rank, name in enumerate(self._blocks)}
        self._done: dict[str, Block] = {}
        self._open: list[str] = []

    def run(self) -> list[Block]:
        for name in self._blocks:
            self._place(name)
        return list(self._done.values())

    def _place(self, name: str) -> None:
        if name in self._done:
            return
        self._open.append(name)
        for needed in self._known(self._used[name].now, name):
            if needed in self._open:
                raise _cycle([*self._open[self._open.index(needed) :], needed])
            self._place(needed)
        for wished in self._known({*self._called(name), *self._blocks[name].helpers}, name):
            if wished not in self._open and not self._leads_to_open(wished):
                self._place(wished)
        self._open.pop()
        self._done[name] = self._blocks[name]

    def _known(self, names: Iterable[str], but: str) -> list[str]:
        return sorted({name for name in names if name in self._blocks and name != but}, key=self._rank.__getitem__)

    def _called(self, name: str) -> set[str]:
        """Blocks that functions run at import time may need in their turn."""
        found: set[str] = set()
        pending = self._known(self._used[name].now, name)
        while pending:
            used = self._used[pending.pop()]
            fresh = set(self._known(used.later | used.now, name)) - found
            found |= fresh
            pending += sorted(fresh)
        return found

    def _leads_to_open(self, name: str) -> bool:
        """Whether placing the block now would need one that is just being placed."""
        seen: set[str] = set()
        pending = [name]
        while pending:
            current = pending.pop()
            if current in self._open:
                return True
            fresh = set(self._known(self._used[current].now, current)) - seen - self._done.keys()
            seen |= fresh
            pending += sorted(fresh)
        return False


def _cycle(names: Sequence[str]) -> ComposeError:
    chain = " -> ".join(names)
    return ComposeError("the module cannot be put in order", (f"these need each other at import time: {chain}",))


class _Collector(ast.NodeVisitor):
    def __init__(self) -> None:
        self.now: set[str] = set()
        self.later: set[str] = set()
        self._deferred = False

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            (self.later if self._deferred else self.now).add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: FunctionNode) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]:
            if part is not None:
                self.visit(part)
        self._visit_deferred(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in [*node.args.defaults, *node.args.kw_defaults]:
            if part is not None:
                self.visit(part)
        self._visit_deferred([node.body])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def _visit_deferred(self, nodes: Iterable[ast.AST]) -> None:
        before, self._deferred = self._deferred, True
        for node in nodes:
            self.visit(node)
        self._deferred = before
