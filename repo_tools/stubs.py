"""Stubs: the same module with every body replaced by ``raise NotImplementedError``."""

from __future__ import annotations

import ast

from repowright.repo_tools.python_ast import (
    FunctionNode,
    definitions,
    dotted,
    is_docstring,
    line_offsets,
    parse,
    role,
    span_of,
)

_AT_CLASS_CREATION = frozenset({"__init_subclass__", "__set_name__", "__prepare__", "_generate_next_value_"})
_AT_MEMBER_CREATION = frozenset({"__init__", "__new__"})
_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"})


def stub(source: str) -> str:
    """Replace every function body by its docstring and ``raise NotImplementedError("<qualified name>")``.

    Decorators, signatures, fields and module-level statements stay byte for byte. Bodies that run while the
    module is imported stay too: class creation hooks, and the constructors of enums. A bare signature such as
    ``def f(a: int) -> int`` is taken as a skeleton.

    Raises
    ------
    SourceError
        If the text does not parse.
    """
    text = planned_text(source)
    tree = parse(text)
    enums = {name for name, node in definitions(tree.body) if isinstance(node, ast.ClassDef) and _is_enum(node)}
    data = text.encode()
    edits = [
        _body_edit(node, name, data)
        for name, node in definitions(tree.body)
        if isinstance(node, FunctionNode) and not _runs_at_import(name, node, enums)
    ]
    for start, end, new in sorted(edits, reverse=True):
        data = data[:start] + new + data[end:]
    return data.decode()


def planned_text(skeleton: str) -> str:
    """Complete a bare ``def`` or ``class`` line to a statement that parses; other text stays as it is."""
    text = skeleton.strip("\n")
    lines = text.splitlines()
    bare = bool(lines) and lines[-1].strip() != "" and _parses(f"{text.rstrip().removesuffix(':')}: ...")
    return skeleton if _parses(skeleton) or not bare else f"{text.rstrip().removesuffix(':')}: ...\n"


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_enum(node: ast.ClassDef) -> bool:
    return any(dotted(base).rpartition(".")[2] in _ENUMS for base in node.bases)


def _runs_at_import(qualname: str, node: FunctionNode, enums: set[str]) -> bool:
    owner = qualname.rpartition(".")[0]
    if role(node) == "overload" or node.name in _AT_CLASS_CREATION:
        return True
    return owner in enums and node.name in _AT_MEMBER_CREATION


def _body_edit(node: FunctionNode, qualname: str, data: bytes) -> tuple[int, int, bytes]:
    """Byte range of the body below the docstring and the text that takes its place."""
    offsets = line_offsets(data)
    raised = f'raise NotImplementedError("{qualname}")'.encode()
    first = node.body[0]
    end = _line_end(data, offsets[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0))
    if not is_docstring(first):
        return offsets[span_of(first)[0] - 1] + first.col_offset, end, raised
    margin = data[offsets[first.lineno - 1] :][: first.col_offset]
    # A docstring on the line of the signature takes no new line below it.
    joint = b"; " if margin.strip() else b"\n" + margin
    return offsets[(first.end_lineno or 0) - 1] + (first.end_col_offset or 0), end, joint + raised


def _line_end(data: bytes, end: int) -> int:
    """Where the line of ``end`` ends, so that a comment behind the last statement goes with it."""
    stops = [position for position in (data.find(b"\n", end), data.find(b"\r", end)) if position >= 0]
    return min(stops, default=len(data))
