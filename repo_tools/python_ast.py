"""Python source as an ``ast`` tree: parsing without warnings, definitions by qualified name, spans."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterator, Sequence

from repowright.repo_tools.errors import SourceError

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
DefinitionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# catch_warnings swaps process-wide state, so only one thread may be inside it.
_WARNINGS_LOCK = threading.Lock()


def parse(source: str) -> ast.Module:
    """Parse a module.

    Raises
    ------
    SourceError
        If Python cannot compile the text; the message begins with the line.
    """
    problem, tree = _compile(source)
    if problem is not None or tree is None:
        raise SourceError(f"the source does not parse: {problem}")
    return tree


def syntax_error(source: str) -> str | None:
    """What keeps Python from compiling the text, as ``line 3: invalid syntax``; ``None`` if nothing does."""
    return _compile(source)[0]


def _compile(source: str) -> tuple[str | None, ast.Module | None]:
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
            # Only the compiler refuses a return outside a function, or two parameters of one name.
            compile(source, "<source>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"line {error.lineno or 1}: {error.msg}", None
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            return f"line 1: {error or 'nested too deeply'}", None
    return None, tree


def parse_quietly(text: str) -> ast.Module | None:
    """Parse a piece of source; ``None`` if it does not parse."""
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return None


def lines_of(source: str) -> list[str]:
    """Split into lines with their ends, at the line ends Python knows and at no others."""
    return _LINE.findall(source)


def line_offsets(source: bytes) -> list[int]:
    """Byte offset at which each line begins."""
    offsets = [0]
    offsets.extend(match.end() for match in re.finditer(rb"\r\n|\r|\n", source))
    return offsets


def span_of(node: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement, 1-based and inclusive, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return first, node.end_lineno or node.lineno


def definitions(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, DefinitionNode]]:
    """Classes and functions outside functions, with their qualified names (``A.f``), in source order."""
    for node in statements(body):
        if isinstance(node, DefinitionNode):
            yield f"{prefix}{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{prefix}{node.name}.")


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a scope in source order, those inside its ``if``, ``try``, ``with`` and loops too."""
    for node in body:
        yield node
        for inner in inner_blocks(node):
            yield from statements(inner)


def inner_blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks a compound statement runs in the scope it stands in."""
    if isinstance(node, DefinitionNode):
        return
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        block = getattr(node, field, [])
        if field in ("handlers", "cases"):
            yield from (part.body for part in block)
        elif block:
            yield block


def find(tree: ast.Module, qualname: str) -> DefinitionNode | None:
    """The definition in force under a qualified name: the last one that is no overload and no setter."""
    found: DefinitionNode | None = None
    for name, node in definitions(tree.body):
        if name == qualname and (found is None or role(node) == ""):
            found = node
    return found


def role(node: DefinitionNode) -> str:
    """``overload``, ``setter``, ``deleter``, or an empty string for the definition proper."""
    names = {decorator_name(decorator) for decorator in node.decorator_list}
    return next((kind for kind in ("overload", "setter", "deleter") if kind in names), "")


def decorator_name(decorator: ast.expr) -> str:
    """Last part of a decorator's dotted name: ``dataclass`` for ``@dataclasses.dataclass(frozen=True)``."""
    return dotted(decorator.func if isinstance(decorator, ast.Call) else decorator).rpartition(".")[2]


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a name or an attribute chain, an empty string of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def is_docstring(node: ast.stmt) -> bool:
    """Whether the statement is a bare string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
