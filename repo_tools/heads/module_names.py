"""The names a module has beside its definitions: what it imports, and its constants."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.import_statements import ImportBinding, bindings_of
from repowright.repo_tools.module_parts import module_parts
from repowright.repo_tools.python_ast import parse, statements
from repowright.repo_tools.python_source import is_stdlib

_LONGEST_LITERAL = 200


@dataclass(frozen=True)
class ModuleNames:
    """Names of one module.

    Parameters
    ----------
    imports
        By bound name. Of alternatives, as ``try`` and ``except`` offer them, the standard library's counts.
    constants
        Source text of short literals, by name.
    """

    imports: Mapping[str, ImportBinding] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def module_names(text: str) -> ModuleNames:
    """Return the names of a module; none if it does not parse."""
    try:
        parts, bindings = module_parts(text), _bindings(text)
    except SourceError:
        return ModuleNames()
    imports: dict[str, ImportBinding] = {}
    for binding in bindings:
        held = imports.get(binding.bound)
        if held is None or (is_library(binding) and not is_library(held)):
            imports[binding.bound] = binding
    constants = {}
    for part in parts.statements:
        value = part.node.value if isinstance(part.node, ast.Assign | ast.AnnAssign) else None
        if value is not None and len(part.names) == 1 and _is_literal(value):
            constants[part.names[0]] = ast.unparse(value)
    return ModuleNames(imports, constants)


def is_library(binding: ImportBinding) -> bool:
    """Return whether an import takes something from the standard library."""
    return not binding.level and is_stdlib(binding.module)


def _bindings(text: str) -> list[ImportBinding]:
    """Return what a module imports, inside ``if`` and ``try`` too."""
    nodes = (node for node in statements(parse(text).body) if isinstance(node, ast.Import | ast.ImportFrom))
    return [binding for node in nodes for binding in bindings_of(node)]


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return len(ast.unparse(value)) <= _LONGEST_LITERAL
