"""The text of a merged module, spaced as black would space it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from repowright.repo_tools.import_statements import ImportBinding, render_imports
from repowright.repo_tools.import_time import Block
from repowright.repo_tools.merge import MergedModule
from repowright.repo_tools.python_ast import parse

_ANNOTATIONS = ImportBinding("__future__", "annotations")
_TYPE_CHECKING = ImportBinding("typing", "TYPE_CHECKING")


def render_module(docstring: str, merged: MergedModule, project: str) -> str:
    """Write a module: docstring, imports by section, the imports for type checkers, the definitions.

    ``from __future__ import annotations`` always comes first: annotations then need no names at import time.
    """
    imports = {binding for binding in merged.imports if binding != _TYPE_CHECKING or _mentions(merged.blocks)}
    imports.add(_ANNOTATIONS)
    if merged.guarded:
        imports.add(_TYPE_CHECKING)
    head = [docstring_literal(docstring)] if docstring.strip() else []
    head += ["\n".join(section) for section in render_imports(imports, project)]
    if merged.guarded:
        head.append(_guarded(merged.guarded, project))
    text = "\n\n".join(head) + _definitions(merged.blocks) + "\n"
    parse(text)
    return text


def docstring_literal(text: str) -> str:
    """A triple-quoted literal of the text, whatever characters it holds; outer blank space is dropped."""
    shown = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    escaped = shown.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').replace("\0", "\\x00")
    if "\n" in escaped:
        return f'"""{escaped}\n"""'
    closing = '\\"' if escaped.endswith('"') else escaped[-1:]
    return f'"""{escaped[:-1]}{closing}"""'


def _mentions(blocks: Iterable[Block]) -> bool:
    return any("TYPE_CHECKING" in block.text for block in blocks)


def _guarded(bindings: Iterable[ImportBinding], project: str) -> str:
    lines = [
        f"    {line}"
        for section in render_imports(bindings, project)
        for statement in section
        for line in statement.splitlines()
    ]
    return "\n".join(["if TYPE_CHECKING:", *lines])


def _definitions(blocks: Iterable[Block]) -> str:
    """The definitions, each behind the blank lines that set it off."""
    text, above = "", ""
    for block in blocks:
        kind = "assignment" if _is_assignment(block) else "definition"
        # Assignments stand together; one blank line sets them off from the imports.
        gap = {"assignment": 1, "": 2}.get(above, 3) if kind == "assignment" else 3
        text += "\n" * gap + block.text
        above = kind
    return text


def _is_assignment(block: Block) -> bool:
    return isinstance(ast.parse(block.text).body[0], ast.Assign | ast.AnnAssign)
