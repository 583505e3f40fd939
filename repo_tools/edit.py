"""Edits of one definition or of a module's head, which leave every other byte as it was."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence

from repowright.repo_tools.errors import EditError, SourceError
from repowright.repo_tools.indentation import fit_indentation
from repowright.repo_tools.module_parts import is_type_checking
from repowright.repo_tools.python_ast import (
    DefinitionNode,
    definitions,
    is_docstring,
    lines_of,
    parse,
    role,
    span_of,
)


def replace_function(source: str, name: str, code: str) -> str:
    """Replace a module-level function, decorators included.

    Raises
    ------
    EditError
        If there is no such function, or ``code`` is not one function of that name.
    """
    if "." in name:
        raise EditError(f"`{name}` is a method, not a module-level function", "use replace_method")
    return _replace(source, name, code, "function")


def replace_method(source: str, qualname: str, code: str) -> str:
    """Replace a method, named ``A.f``; of a property, the getter, setter or deleter that ``code`` defines.

    Parameters
    ----------
    code
        The method alone, at any indentation.

    Raises
    ------
    EditError
        If there is no such method, or ``code`` is not one method of that name.
    """
    if "." not in qualname:
        raise EditError(f"`{qualname}` names no class", "give the method as Class.method")
    return _replace(source, qualname, code, "method")


def replace_class(source: str, name: str, code: str) -> str:
    """Replace a class, decorators included; a nested one is named ``A.B``.

    Raises
    ------
    EditError
        If there is no such class, or ``code`` is not one class of that name.
    """
    return _replace(source, name, code, "class")


def replace_imports(source: str, code: str) -> str:
    """Replace the imports and assignments above the first class or function by those of ``code``.

    Other statements up there stay where they are; without any import the new ones go below the docstring.

    Raises
    ------
    EditError
        If ``code`` holds anything but imports and assignments, or either text does not parse.
    """
    new = [node for node in _parsed(code, "the new text").body if not is_docstring(node)]
    for node in new:
        if not _is_head(node):
            raise EditError(f"line {node.lineno} of the new text is neither an import nor an assignment")
    text = "\n".join("".join(lines_of(code)[slice(*_lines(node))]).rstrip() for node in new)
    return _with_head(source, text)


def unified_diff(old: str | None, new: str | None, path: str) -> str:
    """The change of one file as ``git apply`` reads it; empty for no change.

    Parameters
    ----------
    old, new
        Content; ``None`` where the file does not exist.
    path
        Relative POSIX path.
    """
    before = "/dev/null" if old is None else f"a/{path}"
    after = "/dev/null" if new is None else f"b/{path}"
    lines = difflib.unified_diff(_diff_lines(old), _diff_lines(new), before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _diff_lines(text: str | None) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text or "")


def _replace(source: str, qualname: str, code: str, noun: str) -> str:
    tree = _parsed(source, "the source")
    new = _only_definition(code, qualname, noun)
    target = _target(tree, qualname, new, noun)
    lines = lines_of(source)
    first, last = span_of(target)
    ending = re.search(r"[\r\n]*$", lines[last - 1])
    margin = lines[first - 1][: target.col_offset]
    text = fit_indentation(code, margin).replace("\n", _line_end(lines))
    edited = "".join([*lines[: first - 1], text, ending.group() if ending else "", *lines[last:]])
    _parsed(edited, "the edited source")
    return edited


def _only_definition(code: str, qualname: str, noun: str) -> DefinitionNode:
    name = qualname.rpartition(".")[2]
    body = _parsed(fit_indentation(code, ""), "the new text").body
    node = body[0] if len(body) == 1 else None
    if not isinstance(node, DefinitionNode) or isinstance(node, ast.ClassDef) != (noun == "class"):
        raise EditError(f"the new text must be the {noun} `{name}` and nothing else")
    if node.name != name:
        raise EditError(f"the new text defines `{node.name}`, not `{name}`")
    return node


def _target(tree: ast.Module, qualname: str, new: DefinitionNode, noun: str) -> DefinitionNode:
    every = list(definitions(tree.body))
    named = [node for name, node in every if name == qualname]
    if not named:
        raise EditError(
            f"there is no {noun} `{qualname}` in the source",
            _near(qualname, [name for name, _ in every]),
        )
    fitting = [node for node in named if isinstance(node, ast.ClassDef) == (noun == "class")]
    if not fitting:
        raise EditError(f"`{qualname}` is no {noun}")
    same = [node for node in fitting if role(node) == role(new)]
    return (same or fitting)[-1]


def _near(qualname: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(qualname, sorted(set(names)), n=3, cutoff=0.5)
    shown = near or sorted(set(names))[:5]
    return f"{'near it' if near else 'it defines'}: {', '.join(shown)}" if shown else "it defines nothing"


def _with_head(source: str, text: str) -> str:
    tree = _parsed(source, "the source")
    lines = lines_of(source)
    head = [node for node in _above_definitions(tree) if _is_head(node)]
    new = [f"{line}{_line_end(lines)}" for line in text.split("\n")] if text else []
    spans = [_lines(node) for node in head]
    at = spans[0][0] if spans else _below_docstring(tree)
    for start, end in reversed(spans):
        del lines[start:end]
    if at == len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += _line_end(lines)
    edited = "".join([*lines[:at], *new, *lines[at:]])
    _parsed(edited, "the edited source")
    return edited


def _above_definitions(tree: ast.Module) -> list[ast.stmt]:
    stop = next((index for index, node in enumerate(tree.body) if isinstance(node, DefinitionNode)), len(tree.body))
    above = tree.body[:stop]
    rows = [row for node in above for row in range(*_lines(node))]
    if len(rows) != len(set(rows)):
        raise EditError("statements above the first definition share a line", "put each on a line of its own")
    return above


def _is_head(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign) or is_type_checking(node)


def _lines(node: ast.stmt) -> tuple[int, int]:
    """Half-open range of a statement's lines, from zero."""
    first, last = span_of(node)
    return first - 1, last


def _below_docstring(tree: ast.Module) -> int:
    if tree.body and is_docstring(tree.body[0]):
        return tree.body[0].end_lineno or 0
    return _lines(tree.body[0])[0] if tree.body else 0


def _line_end(lines: Sequence[str]) -> str:
    return "\r\n" if lines and lines[0].endswith("\r\n") else "\n"


def _parsed(text: str, what: str) -> ast.Module:
    try:
        return parse(text)
    except SourceError as error:
        raise EditError(f"{what} does not parse: {error.message.partition(': ')[2]}") from error
