"""What can be said of Python source without running it: the front door of the exact, ``ast``-based tools."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass

from repowright.repo_tools.python_ast import parse, syntax_error
from repowright.repo_tools.signatures import same_annotation, signature_of, signature_problems
from repowright.repo_tools.stubs import stub

__all__ = [
    "ImportedModule",
    "imported_modules",
    "is_stdlib",
    "same_annotation",
    "signature_of",
    "signature_problems",
    "stub",
    "syntax_error",
    "undefined_names",
]


@dataclass(frozen=True)
class ImportedModule:
    """One module an import names.

    Parameters
    ----------
    top
        Top-level package; empty for a relative import.
    module
        Full dotted name as written, without leading dots.
    level
        Number of leading dots.
    line
        1-based line of the statement.
    """

    top: str
    module: str
    level: int
    line: int


def undefined_names(source: str) -> list[str]:
    """Names used but bound nowhere, as ``line 4: undefined name 'foo'``, in line order (by pyflakes).

    Raises
    ------
    SourceError
        If the source does not parse.
    """
    from pyflakes.checker import Checker
    from pyflakes.messages import UndefinedLocal, UndefinedName

    checker = Checker(parse(source), filename="<source>")
    found = {
        (message.lineno, message.message_args[0])
        for message in checker.messages
        if isinstance(message, UndefinedName | UndefinedLocal)
    }
    return [f"line {line}: undefined name {name!r}" for line, name in sorted(found)]


def imported_modules(source: str) -> list[ImportedModule]:
    """Every module the source imports, anywhere in it, in line order.

    Raises
    ------
    SourceError
        If the source does not parse.
    """
    found: list[ImportedModule] = []
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found += [ImportedModule(name.partition(".")[0], name, 0, node.lineno) for name in names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            top = "" if node.level else module.partition(".")[0]
            found.append(ImportedModule(top, module, node.level, node.lineno))
    return sorted(found, key=lambda module: (module.line, module.module))


def is_stdlib(name: str) -> bool:
    """Whether a module, given by its dotted name, belongs to Python's standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names
