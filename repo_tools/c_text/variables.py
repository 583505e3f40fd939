"""The variables of a C file that keep their value between calls and that something may write."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.c_text.syntax import declarator_name, parse, text_of, top_level, walk

_AT = r"(?:\s*\[[^][;]*\]|\s*(?:\.|->)\s*\w+)*"
_CHANGES = r"\s*(?:=(?!=)|\+\+|--|[-+*/%&|^]=|<<=|>>=)"


@dataclass(frozen=True)
class CVariable:
    """One variable.

    Parameters
    ----------
    is_static
        Whether only its own file sees it.
    function
        The function that it stands in; empty at file scope.
    """

    name: str
    is_static: bool
    function: str = ""


def read_variables(source: bytes) -> tuple[CVariable, ...]:
    """Return the variables of static storage that the text of the file may write, in its order."""
    data, root = parse(source)
    text = data.decode("utf-8", "replace")
    found: list[CVariable] = []
    for node in top_level(root):
        if node.type == "declaration":
            found += _of(node, "")
        elif node.type == "function_definition":
            name = text_of(declarator_name(node.child_by_field_name("declarator")))
            inside = (each for each in walk(node) if each.type == "declaration")
            found += [each for local in inside for each in _of(local, name) if each.is_static]
    return tuple(each for each in found if _may_be_written(each, text))


def _of(node: Node, function: str) -> list[CVariable]:
    words = {text_of(child) for child in node.children if child.type == "storage_class_specifier"}
    fixed = any(child.type == "type_qualifier" and text_of(child) == "const" for child in node.children)
    found = []
    for declarator in () if "extern" in words else node.children_by_field_name("declarator"):
        inner = declarator
        if declarator.type == "init_declarator":
            inner = declarator.child_by_field_name("declarator") or declarator
        kinds = {each.type for each in walk(inner)}
        pointer = "pointer_declarator" in kinds and "const" not in text_of(inner)
        if "function_declarator" not in kinds and (pointer or not fixed):
            found.append(CVariable(text_of(declarator_name(inner)), "static" in words, function))
    return found


def _may_be_written(variable: CVariable, text: str) -> bool:
    """Tell whether text assigns to a variable or a part of it, takes its address, or hands it on."""
    if not variable.is_static:
        return True
    name = re.escape(variable.name)
    # Its declaration is the first place that gives it a value.
    assigned = len(re.findall(rf"\b{name}\b{_AT}{_CHANGES}", text))
    declared = len(re.findall(rf"\bstatic\b[^;{{}}()]*\b{name}\b{_AT}\s*=(?!=)", text))
    handed = re.search(rf"(?:\+\+|--|&)\s*{name}\b|[(,]\s*{name}\s*[,)]|\breturn\s+{name}\s*;", text)
    return assigned > declared or handed is not None
