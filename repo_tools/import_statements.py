"""Import statements taken apart into single bindings, and put together again sorted."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

_WIDTH = 88


@dataclass(frozen=True)
class ImportBinding:
    """One name that one import binds; ``name`` is empty for a plain ``import module``."""

    module: str
    name: str = ""
    alias: str = ""
    level: int = 0

    @property
    def bound(self) -> str:
        """The name the importing module sees."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def meaning(self) -> str:
        """What the bound name stands for; equal for imports that may share one name."""
        if not self.name and not self.alias:
            return f"import {self.module.partition('.')[0]}"
        return f"{'.' * self.level}{self.module}:{self.name}" if self.name else f"import {self.module}"

    @property
    def statement(self) -> str:
        """The import statement that makes this binding and no other."""
        if not self.name:
            return f"import {self.module}{_suffix(self)}"
        return f"from {'.' * self.level}{self.module} import {self.name}{_suffix(self)}"

    def renamed(self, new: str) -> ImportBinding:
        """The same import under another name."""
        return replace(self, alias="" if new == self.name else new)


def _suffix(binding: ImportBinding) -> str:
    return f" as {binding.alias}" if binding.alias else ""


def bindings_of(node: ast.Import | ast.ImportFrom) -> list[ImportBinding]:
    """The bindings of a statement; ``import a as a`` counts as ``import a``."""
    if isinstance(node, ast.Import):
        return [
            ImportBinding(alias.name, alias="" if alias.asname in (None, alias.name) else alias.asname or "")
            for alias in node.names
        ]
    return [ImportBinding(node.module or "", alias.name, _alias_of(alias), node.level) for alias in node.names]


def _alias_of(alias: ast.alias) -> str:
    return "" if alias.asname in (None, alias.name) else alias.asname or ""


def parse_bindings(statements: Iterable[str]) -> list[ImportBinding]:
    """The bindings of import statements given as text."""
    found: list[ImportBinding] = []
    for statement in statements:
        for node in ast.parse(statement).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found += bindings_of(node)
    return found


def render_imports(bindings: Iterable[ImportBinding], project: str) -> list[list[str]]:
    """Statements in isort's order, a list for each section: future, standard library, third party, project.

    Parameters
    ----------
    project
        Top-level package whose imports come last, with the relative ones; may be empty.
    """
    sections: dict[int, list[ImportBinding]] = {}
    for binding in sorted(set(bindings), key=_binding_key):
        sections.setdefault(_section(binding, project), []).append(binding)
    return [_render_section(sections[index]) for index in sorted(sections)]


def _section(binding: ImportBinding, project: str) -> int:
    top = binding.module.partition(".")[0]
    if top == "__future__":
        return 0
    if binding.level:
        return 4
    if top == project:
        return 3
    return 1 if top in sys.stdlib_module_names else 2


def _binding_key(binding: ImportBinding) -> tuple[object, ...]:
    module = (-binding.level, binding.module.lower(), binding.module)
    return (bool(binding.name), *module, *_member_key(binding.name), binding.alias != "", binding.alias)


def _member_key(name: str) -> tuple[int, str, str]:
    """Constants, then classes, then the rest, as isort orders by type."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name


def _render_section(bindings: list[ImportBinding]) -> list[str]:
    statements: list[str] = []
    groups: dict[tuple[int, str], list[str]] = {}
    for binding in bindings:
        if binding.name and not binding.alias:
            groups.setdefault((binding.level, binding.module), []).append(binding.name)
    for binding in bindings:
        group = groups.pop((binding.level, binding.module), None) if binding.name else None
        if group:
            statements.append(_from_statement(binding, group))
        if binding.alias or not binding.name:
            statements.append(binding.statement)
    return statements


def _from_statement(binding: ImportBinding, names: list[str]) -> str:
    head = f"from {'.' * binding.level}{binding.module} import "
    line = head + ", ".join(names)
    if len(line) <= _WIDTH:
        return line
    return f"{head}(\n" + "".join(f"    {name},\n" for name in names) + ")"
