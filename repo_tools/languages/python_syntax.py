"""Python's concrete syntax by tree-sitter: parsing bytes, texts of nodes, strings and one-line forms."""

from __future__ import annotations

import ast
import inspect
import re
import tokenize
from functools import cache
from io import BytesIO

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from repowright.repo_tools.python_ast import DefinitionNode, parse_quietly
from repowright.repo_tools.signatures import signature_line

_STRING = re.compile(r"""(?is)^([a-z]*)('''|\"\"\"|'|")(.*)\2$""")


@cache
def language() -> Language:
    """The Python grammar."""
    return Language(tree_sitter_python.language())


@cache
def query(pattern: str) -> Query:
    """A compiled query on the Python grammar."""
    return Query(language(), pattern)


def captures(pattern: str, node: Node, name: str) -> list[Node]:
    """Nodes that a query captures under a name, in source order."""
    found = QueryCursor(query(pattern)).captures(node).get(name, [])
    return sorted(found, key=lambda part: (part.start_byte, -part.end_byte))


def parse_bytes(source: bytes) -> Tree:
    """Parse a file, whatever its encoding and line ends, broken or not."""
    return Parser(language()).parse(as_utf8(source))


def as_utf8(source: bytes) -> bytes:
    """The file in UTF-8 with line ends that tree-sitter counts; undecodable bytes are replaced."""
    data = source.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = _declared(data).encode("utf-8")
    return re.sub(rb"\r(?!\n)", b"\n", data)


def _declared(data: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return data.decode("utf-8", "replace")


def text_of(node: Node | None) -> str:
    """Source text of a node; empty for no node."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def one_line(text: str) -> str:
    """The text with every run of blank space made one space."""
    return " ".join(text.split())


def line_of(node: Node) -> int:
    """1-based line a node begins on."""
    return node.start_point.row + 1


def last_line_of(node: Node) -> int:
    """1-based line of the last token of a node that is no comment."""
    last: Node | None = node
    while last is not None:
        node = last
        last = next((child for child in reversed(node.children) if child.type != "comment"), None)
    return node.end_point.row + 1


def docstring_of(body: Node | None) -> str:
    """The documentation a block begins with, without common indent; empty if it begins otherwise."""
    for child in body.named_children if body else []:
        if child.type == "comment":
            continue
        if child.type != "expression_statement" or child.named_child_count != 1:
            return ""
        inner = child.named_children[0]
        return inspect.cleandoc(string_value(text_of(inner))) if inner.type in _STRINGS else ""
    return ""


_STRINGS = ("string", "concatenated_string", "parenthesized_expression")


def string_value(literal: str) -> str:
    """Value of a string literal; empty for bytes, f-strings and all that is no literal."""
    match = _STRING.match(literal)
    if match and "\\" not in literal and match[1].lower() in ("", "r", "u") and match[2] not in match[3]:
        return match[3]
    tree = parse_quietly(f"({literal})")
    node = tree.body[0] if tree and len(tree.body) == 1 else None
    value = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return value if isinstance(value, str) else ""


def signature_text(header: str) -> str:
    """One normalised line of a ``def`` or ``class`` header that ends with its colon."""
    tree = parse_quietly(f"{header}\n pass")
    node = tree.body[0] if tree and tree.body else None
    if isinstance(node, DefinitionNode):
        return signature_line(node)
    return one_line(header).removesuffix(":").rstrip()
