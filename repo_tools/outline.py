"""The outline of one definition: its docstring, its methods, its head."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import lru_cache

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


def kind_of(source: str, name: str) -> str:
    """Return what a top-level name is defined as: ``class``, ``function``, or empty for neither."""
    for node in parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return "class"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return "function"
    return ""


def class_names(source: str) -> list[str]:
    """Return the names of a module's top-level classes in source order."""
    return [node.name for node in parse(source).body if isinstance(node, ast.ClassDef)]


def mentioned_names(source: str) -> set[str]:
    """Return every plain name that a source reads or binds, annotations included."""
    return {node.id for node in ast.walk(parse(source)) if isinstance(node, ast.Name)}


def is_expression(text: str) -> bool:
    """Return whether a text is one Python expression."""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def imported_names(source: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each imported module with the names taken from it; an ``import x`` takes none.

    Examples
    --------
    >>> imported_names("import os\\nfrom a.b import c, d")
    (('os', ()), ('a.b', ('c', 'd')))
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found.append((module, tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Import):
            found.extend((alias.name, ()) for alias in node.names)
    return tuple(found)


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
