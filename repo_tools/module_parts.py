"""A module text cut into its imports and its top-level statements, each with its own text."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from repowright.repo_tools.import_statements import ImportBinding, bindings_of
from repowright.repo_tools.python_ast import DefinitionNode, dotted, is_docstring, lines_of, parse, span_of


@dataclass(frozen=True)
class TopLevel:
    """One top-level statement that is no import.

    Parameters
    ----------
    names
        Names it binds; empty for a statement that is run for its effect.
    text
        Its source without a line end, with the comment lines directly above it.
    line
        1-based line it begins on.
    """

    names: tuple[str, ...]
    text: str
    line: int
    node: ast.stmt


@dataclass(frozen=True)
class ModuleParts:
    """A module's imports, those for type checkers alone, and its statements; its docstring is dropped."""

    imports: tuple[ImportBinding, ...]
    type_checking: tuple[ImportBinding, ...]
    statements: tuple[TopLevel, ...]


def module_parts(code: str) -> ModuleParts:
    """Cut a module into parts.

    Raises
    ------
    SourceError
        If the code does not parse.
    """
    text = re.sub(r"\r\n?", "\n", code)
    tree = parse(text)
    lines = lines_of(text)
    imports: list[ImportBinding] = []
    guarded: list[ImportBinding] = []
    statements: list[TopLevel] = []
    for index, node in enumerate(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports += bindings_of(node)
        elif is_type_checking(node):
            guarded += _guarded(node)
        elif not (index == 0 and is_docstring(node)):
            statements.append(TopLevel(_names(node), _text(tree.body, index, lines), node.lineno, node))
    return ModuleParts(tuple(dict.fromkeys(imports)), tuple(dict.fromkeys(guarded)), tuple(statements))


def is_type_checking(node: ast.stmt) -> bool:
    """Whether the statement is an ``if TYPE_CHECKING:`` that holds imports alone."""
    if not isinstance(node, ast.If) or dotted(node.test).rpartition(".")[2] != "TYPE_CHECKING" or node.orelse:
        return False
    return all(isinstance(inner, ast.Import | ast.ImportFrom | ast.Pass) for inner in node.body)


def _guarded(node: ast.stmt) -> list[ImportBinding]:
    inner = node.body if isinstance(node, ast.If) else []
    return [
        binding
        for statement in inner
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for binding in bindings_of(statement)
    ]


def _names(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, DefinitionNode):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    found = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return tuple(part.id for part in found if isinstance(part.ctx, ast.Store))


def _text(body: list[ast.stmt], index: int, lines: list[str]) -> str:
    node = body[index]
    first, last = span_of(node)
    before = span_of(body[index - 1])[1] if index else 0
    after = span_of(body[index + 1])[0] if index + 1 < len(body) else len(lines) + 1
    if before == first or after == last:
        # Statements that share a line have no lines of their own to copy.
        return ast.unparse(node)
    while first - 1 > before and lines[first - 2].startswith("#"):
        first -= 1
    return "".join(lines[first - 1 : _with_inner_comments(lines, last, after)]).rstrip("\n")


def _with_inner_comments(lines: list[str], last: int, after: int) -> int:
    """Last line of a definition, counting indented comments that close its body."""
    end = last
    for number in range(last + 1, after):
        line = lines[number - 1]
        if line.strip() and not (line[0] in " \t" and line.strip().startswith("#")):
            break
        end = number if line.strip() else end
    return end
