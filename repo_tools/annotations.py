"""One spelling for each type: annotations that mean the same compare equal."""

from __future__ import annotations

import ast

_BUILTIN_OF = {
    "List": "list",
    "Dict": "dict",
    "Tuple": "tuple",
    "Set": "set",
    "FrozenSet": "frozenset",
    "Type": "type",
    "Deque": "deque",
    "DefaultDict": "defaultdict",
    "Text": "str",
}


def normal_annotation(node: ast.expr) -> str:
    """Spell an annotation in its normal form.

    Quotes around types vanish, ``Optional[X]`` and ``Union`` become sorted ``|`` unions, ``typing.List``
    becomes ``list``. Of a dotted name only the last component counts: re-exports make one type reachable by
    several paths.

    Examples
    --------
    >>> normal_annotation(ast.parse("Optional['List[int]']", mode="eval").body)
    'None | list[int]'
    """
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return _BUILTIN_OF.get(name, name)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right])
    if isinstance(node, ast.Subscript):
        return _subscript(node)
    if isinstance(node, ast.List | ast.Tuple):
        inner = ", ".join(normal_annotation(element) for element in node.elts)
        return f"[{inner}]" if isinstance(node, ast.List) else inner
    return ast.unparse(node)


def _constant(node: ast.Constant) -> str:
    if not isinstance(node.value, str):
        return ast.unparse(node)
    try:
        return normal_annotation(ast.parse(node.value.strip(), mode="eval").body)
    except SyntaxError:
        return repr(node.value)


def _subscript(node: ast.Subscript) -> str:
    base = normal_annotation(node.value)
    if base == "Optional":
        return _union([node.slice, ast.Constant(None)])
    if base == "Union":
        return _union(node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])
    if base == "Literal":
        return f"Literal[{ast.unparse(node.slice).strip('()')}]"
    if base == "Annotated" and isinstance(node.slice, ast.Tuple):
        extras = ", ".join(ast.unparse(element) for element in node.slice.elts[1:])
        return f"Annotated[{normal_annotation(node.slice.elts[0])}, {extras}]"
    return f"{base}[{normal_annotation(node.slice) or '()'}]"


def _union(members: list[ast.expr]) -> str:
    spelled = {part for member in members for part in _split_union(normal_annotation(member))}
    return " | ".join(sorted(spelled))


def _split_union(text: str) -> list[str]:
    """Cut a normal form at the bars that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        depth += (char in "[(") - (char in "])")
        if char == "|" and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]
