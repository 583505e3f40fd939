"""Python source as items with lines: functions, methods, variables; stubs are found, bodies replaced."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Item:
    """One function, method, class or variable.

    Parameters
    ----------
    path
        Names from the outside in, as ``Queue::push``.
    first, last
        Lines, decorators included, counted from 1.
    """

    path: str
    node: Function | ast.ClassDef | ast.Assign | ast.AnnAssign
    first: int
    last: int

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path.rpartition("::")[2]

    @property
    def is_variable(self) -> bool:
        """Whether it is an assignment."""
        return isinstance(self.node, ast.Assign | ast.AnnAssign)

    @property
    def is_bare(self) -> bool:
        """Whether it is an assignment without an annotation, as texts that are no code have too."""
        return isinstance(self.node, ast.Assign)

    @property
    def is_function(self) -> bool:
        """Whether it is a function or method."""
        return isinstance(self.node, Function)


@dataclass(frozen=True)
class Source:
    """The items of a file; ``problem`` says why it cannot be read, empty where it can."""

    text: str
    items: tuple[Item, ...]
    problem: str = ""

    def find(self, path: str) -> Item | None:
        """The item of a path; the last one counts, as it does when the file is run."""
        return next((each for each in reversed(self.items) if each.path == path), None)

    def part(self, item: Item) -> str:
        """The text of an item, at the left margin."""
        return textwrap.dedent("\n".join(self.text.splitlines()[item.first - 1 : item.last]))


@lru_cache(maxsize=128)
def read_source(text: str) -> Source:
    """Read the items of a file; never raises on broken source."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
        line = getattr(err, "lineno", 0) or 0
        return Source(text, (), f"line {line}: {getattr(err, 'msg', '') or err}")
    return Source(text, tuple(_items(tree.body, "")))


def _items(body: Collection[ast.stmt], owner: str) -> Iterator[Item]:
    for node in body:
        last = node.end_lineno or node.lineno
        if isinstance(node, Function | ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield Item(owner + node.name, node, first, last)
            if isinstance(node, ast.ClassDef):
                yield from _items(node.body, f"{owner}{node.name}::")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield Item(owner + node.target.id, node, node.lineno, last)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield Item(owner + node.targets[0].id, node, node.lineno, last)


def is_stub(item: Item) -> bool:
    """Tell whether an item is not written: it raises ``NotImplementedError`` or is ``...`` and nothing else."""
    node = item.node
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return isinstance(node.value, ast.Constant) and node.value.value is ...
    if isinstance(node, ast.ClassDef):
        return False
    rest = node.body[1:] if _has_docstring(node) else node.body
    return len(rest) == 1 and (_is_dots(rest[0]) or _is_unwritten(rest[0]))


def stubs_of(text: str) -> tuple[Item, ...]:
    """The items of a file that wait to be written."""
    return tuple(each for each in read_source(text).items if is_stub(each))


def _has_docstring(node: Function | ast.ClassDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _is_unwritten(node: ast.stmt) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    called = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(called, ast.Name) and called.id == "NotImplementedError"


def signature(item: Item) -> str:
    """What callers of a function see, in one spelling; annotations that are left out do not show."""
    assert isinstance(item.node, Function)
    arguments = ast.unparse(item.node.args)
    result = f" -> {ast.unparse(item.node.returns)}" if item.node.returns is not None else ""
    return f"{'async ' if isinstance(item.node, ast.AsyncFunctionDef) else ''}({arguments}){result}"


def names_of(item: Item) -> str:
    """Names, kinds and defaults of a function's parameters."""
    assert isinstance(item.node, Function)
    copied = ast.parse(ast.unparse(item.node)).body[0]
    assert isinstance(copied, Function)
    for each in ast.walk(copied.args):
        if isinstance(each, ast.arg):
            each.annotation = None
    return f"{type(copied).__name__}({ast.unparse(copied.args)})"


def is_annotated(item: Item) -> bool:
    """Tell whether a function says a type anywhere in its head."""
    assert isinstance(item.node, Function)
    said = [each.annotation for each in ast.walk(item.node.args) if isinstance(each, ast.arg)]
    return item.node.returns is not None or any(each is not None for each in said)


def head_lines(text: str, item: Item) -> int:
    """How many lines of an item's text its head takes; 0 where head and body share a line."""
    assert isinstance(item.node, Function)
    lines = read_source(text).text.splitlines()[item.first - 1 : item.node.body[0].lineno - 1]
    for count in range(item.node.lineno - item.first + 1, len(lines) + 1):
        try:
            ast.parse(textwrap.dedent("\n".join(lines[:count])) + "\n    pass")
        except SyntaxError:
            continue
        return count
    return 0
