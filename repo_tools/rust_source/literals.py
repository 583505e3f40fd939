"""Literals of Rust code, and which of them decide what a function does."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.rust_source.items import read_items
from repowright.repo_tools.rust_source.syntax import RustTree, line_of, walk

_LITERALS = frozenset({"string_literal", "raw_string_literal", "integer_literal", "float_literal"})
_AROUND = frozenset({"negative_literal", "unary_expression", "or_pattern", "tuple_pattern", "reference_expression"})
_COMPARING = frozenset({"==", "!="})


@dataclass(frozen=True)
class RustLiteral:
    """One literal."""

    value: str
    """Text of a string without quotes; a number without underscores and type."""
    line: int
    compared: bool
    """It stands in a pattern of a ``match`` or beside ``==``."""
    in_tests: bool


def find_literals(source: bytes) -> tuple[RustLiteral, ...]:
    """Return the strings and numbers of a file, those in macro arguments too, in order."""
    tree = RustTree(source)
    tests = [item.declared for item in read_items(source).items if item.in_tests]
    found = []
    for node in walk(tree.root):
        if node.type in _LITERALS:
            inside = any(span.start <= node.start_byte < span.end for span in tests)
            found.append(RustLiteral(value_of(tree.text(node)), line_of(node), _is_compared(node), inside))
    return tuple(found)


def value_of(text: str) -> str:
    """A literal's own text, such as ``10`` of ``1_0u8`` and ``a`` of ``"a"``."""
    if text.endswith(('"', "#")):
        return text.lstrip("bcr").strip("#").removeprefix('"').removesuffix('"')
    plain = text.replace("_", "")
    if plain.startswith("0x"):
        return plain
    for suffix in ("usize", "isize", *(f"{kind}{size}" for kind in "iuf" for size in (8, 16, 32, 64, 128))):
        plain = plain.removesuffix(suffix)
    return plain


def _is_compared(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type in _AROUND:
        above = above.parent
    if above is None:
        return False
    if above.type in ("match_pattern", "range_pattern"):
        return True
    return above.type == "binary_expression" and any(child.type in _COMPARING for child in above.children)
