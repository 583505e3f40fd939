"""Imports of a Python file, wherever in it they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from repowright.repo_tools.facts import Import
from repowright.repo_tools.languages.python_scopes import Scopes
from repowright.repo_tools.languages.python_syntax import GRAMMAR, Reach, Source

_from = re.compile(r"from\b([^;]*?)\bimport\b(.*)", re.DOTALL).match
_without_comments = partial(re.compile(r"#[^\n]*|\\\r?\n").sub, " ")
_CHECKING = '(if_statement condition: (_) @condition consequence: (block) @block (#match? @condition "TYPE_CHECKING$"))'
_make: Callable[[tuple[object, ...]], Import] = partial(tuple.__new__, Import)


def imports_of(source: Source, scopes: Scopes) -> list[Import]:
    """Every imported name, in source order."""
    found: list[Import] = []
    text = source.text
    checked = _checked_blocks(source) if "TYPE_CHECKING" in text else []
    for start, end in source.reaches("import"):
        line, scope = source.line(start), scopes.at(start)
        checking = any(first <= start < last for first, last in checked) if checked else False
        module, level, names = _statement(text[start:end])
        for part in names.split(","):
            name, alias = _name_and_alias(part)
            if not name:
                continue
            if level < 0:
                found.append(_make((name, "", alias, 0, line, False, checking, False, scope)))
            else:
                found.append(_make((module, name, alias, level, line, name == "*", checking, False, scope)))
    return found


def _statement(text: str) -> tuple[str, int, str]:
    """Module, level (-1 where modules themselves are imported), and the names yet to be taken apart."""
    if "#" in text or "\\" in text:
        text = _without_comments(text)
    found = _from(text)
    if found is None:
        return "", -1, text.removeprefix("import")
    dotted = "".join(found[1].split())
    module = dotted.lstrip(".")
    return module, len(dotted) - len(module), found[2].strip(" \t\r\n()")


def _name_and_alias(part: str) -> tuple[str, str]:
    words = part.split()
    if len(words) == 1:
        return words[0], ""
    if len(words) >= 3 and words[-2] == "as":
        return "".join(words[:-2]), words[-1]
    return "".join(words), ""


def _checked_blocks(source: Source) -> list[Reach]:
    """First branches of ``if TYPE_CHECKING``."""
    nodes = GRAMMAR.captures(_CHECKING, source.tree.root_node).get("block", [])
    return sorted((node.start_byte, node.end_byte) for node in nodes)
