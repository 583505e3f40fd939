"""The outline of one definition: its docstring, its methods, its head."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass

from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.python_ast import DefinitionNode, find, parse
from repowright.repo_tools.signatures import signature_line


@dataclass(frozen=True)
class Method:
    """One public method of a class, special methods included."""

    name: str
    qualname: str
    signature: str
    doc: str


def docstring_of(source: str, qualname: str) -> str:
    """Return the cleaned docstring of a definition; empty if it has none or is not there."""
    node = find(parse(source), qualname)
    return ast.get_docstring(node) or "" if node is not None else ""


def defines(source: str, qualname: str) -> bool:
    """Return whether a source that may not parse defines a class or function of that name."""
    try:
        return find(parse(source), qualname) is not None
    except SourceError:
        return False


def methods_of(source: str, class_name: str) -> list[Method]:
    """Return the methods of a class in source order, one a name; empty for a function."""
    node = find(parse(source), class_name)
    found: dict[str, Method] = {}
    for child in node.body if isinstance(node, ast.ClassDef) else []:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = ast.get_docstring(child) or ""
            found.setdefault(child.name, Method(child.name, f"{class_name}.{child.name}", signature_line(child), doc))
    return list(found.values())


def with_head(source: str, name: str, signature: str, doc: str) -> str:
    """Return the source with a function's signature and docstring replaced and its body left out."""
    tree = parse(source)
    node = find(tree, name)
    kept = [ast.get_source_segment(source, part) or "" for part in tree.body if part is not node]
    decorators = _decorators(source, node) if node is not None else []
    body = inspect.cleandoc(doc).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = "\n".join(f"    {line}".rstrip() for line in f'"""{body}\n"""'.splitlines())
    head = signature if signature.endswith(":") else f"{signature}:"
    return "\n".join([*kept, "", *decorators, head, text, "    ...", ""]).lstrip("\n")


def _decorators(source: str, node: DefinitionNode) -> list[str]:
    return [f"@{ast.get_source_segment(source, one)}" for one in node.decorator_list]
