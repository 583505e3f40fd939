"""Items of an answer put into a file: heads stay as they are given, bodies are replaced, what is private is added."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from repowright.repo_tools.python_items.items import Function, Item, head_lines, read_source


@dataclass(frozen=True)
class Spliced:
    """A file with items in it, and which of those that were wanted it got."""

    text: str
    replaced: tuple[str, ...]


def splice(text: str, block: str, wanted: Sequence[str]) -> Spliced:
    """Put the wanted items of a block into a file, with helpers and imports that the file does not have.

    Everything else that the block says is left out.
    """
    given, said = read_source(text), read_source(block)
    replaced: list[str] = []
    lines = text.splitlines()
    changes: list[tuple[int, int, list[str]]] = []
    for path in wanted:
        here, there = given.find(path), said.find(path)
        if here is not None and there is not None and here.is_function == there.is_function:
            changes.append((here.first, here.last, _written(text, here, block, there)))
            replaced.append(path)
    owners = [given.find(path.partition("::")[0]) for path in replaced]
    if replaced:
        at = min(owner.first for owner in owners if owner is not None)
        changes.append((at, at - 1, _additions(text, block, given.find)))
    for begin, end, new in sorted(changes, key=lambda each: (each[0], each[1]), reverse=True):
        lines[begin - 1 : end] = new
    return Spliced(re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines) + "\n"), tuple(replaced))


def _written(text: str, here: Item, block: str, there: Item) -> list[str]:
    """The given head with the body of the answer, as deep as the head stands."""
    indent = _indent(text, here)
    if not here.is_function:
        return _as_annotated(here, there, read_source(block).part(there), indent)
    body = _body(block, there)
    count = head_lines(text, here)
    if count:
        head = text.splitlines()[here.first - 1 : here.first - 1 + count]
    else:
        head = [indent + line for line in _bare_head(here).splitlines()]
    return [*head, *_docstring(here, there, indent), *textwrap.indent(body, f"{indent}    ").splitlines()]


def _as_annotated(here: Item, there: Item, text: str, indent: str) -> list[str]:
    """A variable with its given annotation and the value of the answer."""
    value = there.node.value if isinstance(there.node, ast.Assign | ast.AnnAssign) else None
    if not isinstance(here.node, ast.AnnAssign) or value is None:
        return textwrap.indent(text, indent).splitlines()
    said = ast.get_source_segment(text, _value_of(text)) or ast.unparse(value)
    return f"{indent}{here.name}: {ast.unparse(here.node.annotation)} = {said}".splitlines()


def _value_of(text: str) -> ast.expr:
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
    return node.value


def _body(block: str, there: Item) -> str:
    """The statements of a function at the left margin, with the remarks above the first of them."""
    count = head_lines(block, there)
    if count:
        return textwrap.dedent("\n".join(block.splitlines()[there.first - 1 + count : there.last]))
    assert isinstance(there.node, Function)
    return "\n".join(ast.unparse(each) for each in there.node.body)


def _bare_head(here: Item) -> str:
    node = ast.parse(ast.unparse(here.node)).body[0]
    assert isinstance(node, Function)
    node.body = [ast.Pass()]
    return ast.unparse(node).rpartition("\n")[0]


def _docstring(here: Item, there: Item, indent: str) -> list[str]:
    """The given docstring where the answer has none."""
    assert isinstance(here.node, Function) and isinstance(there.node, Function)
    known = ast.get_docstring(here.node, clean=False)
    if known is None or ast.get_docstring(there.node, clean=False) is not None or '"""' in known:
        return []
    return f'{indent}    """{known}"""'.splitlines()


def _indent(text: str, item: Item) -> str:
    line = text.splitlines()[item.first - 1]
    return line[: len(line) - len(line.lstrip())]


def _additions(text: str, block: str, find: Callable[[str], Item | None]) -> list[str]:
    """Imports, helpers and constants of a block that the file has not."""
    known = {ast.unparse(node) for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)}
    found: list[str] = []
    for node in ast.parse(block).body:
        new = isinstance(node, ast.Import | ast.ImportFrom) and ast.unparse(node) not in known
        if new and getattr(node, "module", "") != "__future__":
            found += [ast.unparse(node), ""]
    for item in read_source(block).items:
        if "::" not in item.path and find(item.path) is None:
            found += ["", *read_source(block).part(item).splitlines(), ""]
    return [*found, ""] if found else []
