"""Imports of a Python file, wherever in it they stand."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from repowright.repo_tools.facts import Import
from repowright.repo_tools.languages.python_syntax import captures, line_of, text_of

_IMPORTS = "[(import_statement) (import_from_statement) (future_import_statement)] @import"


def imports_of(root: Node) -> list[Import]:
    """Every imported name, in source order."""
    return [found for node in captures(_IMPORTS, root, "import") for found in _statement(node)]


def _statement(node: Node) -> Iterator[Import]:
    line, checking = line_of(node), _is_type_checking(node)
    names = [_name_and_alias(child) for child in node.children_by_field_name("name")]
    if node.type == "import_statement":
        yield from (Import(name, "", alias, 0, line, type_checking=checking) for name, alias in names)
        return
    module, level = _module(node)
    if any(child.type == "wildcard_import" for child in node.named_children):
        yield Import(module, "*", "", level, line, is_star=True, type_checking=checking)
    yield from (Import(module, name, alias, level, line, type_checking=checking) for name, alias in names)


def _module(node: Node) -> tuple[str, int]:
    if node.type == "future_import_statement":
        return "__future__", 0
    dotted = "".join(text_of(node.child_by_field_name("module_name")).split())
    module = dotted.lstrip(".")
    return module, len(dotted) - len(module)


def _name_and_alias(node: Node) -> tuple[str, str]:
    if node.type == "aliased_import":
        name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
        return "".join(text_of(name).split()), text_of(alias)
    return "".join(text_of(node).split()), ""


def _is_type_checking(node: Node) -> bool:
    """Whether the statement stands in the first branch of an ``if TYPE_CHECKING``."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.type == "if_statement" and parent.child_by_field_name("consequence") == child:
            condition = text_of(parent.child_by_field_name("condition"))
            if condition.rpartition(".")[2] == "TYPE_CHECKING":
                return True
        child, parent = parent, parent.parent
    return False
