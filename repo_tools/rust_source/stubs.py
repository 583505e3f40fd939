"""Functions that are not written yet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.rust_source.items import RustItem, read_items
from repowright.repo_tools.rust_source.splice import replace_spans
from repowright.repo_tools.rust_source.syntax import COMMENTS, RustTree, Span, line_of, named, walk

_MARKS = frozenset({"unimplemented", "todo"})
_EXCUSE = re.compile(
    r"not\s+(yet\s+)?(been\s+)?implemented|unimplemented|implement\s+me|\bstub\b|\btodo\b", re.IGNORECASE
)
_PANICS = frozenset({"panic", "unreachable"})


@dataclass(frozen=True)
class Stub:
    """A function that stops where it should work."""

    path: str
    line: int
    whole: bool
    """True where the body is nothing but the stop; else the stop is one branch of it."""


def find_stubs(source: bytes) -> tuple[Stub, ...]:
    """Return the functions of a file, tests left out, that hold ``todo!``, ``unimplemented!`` or a panic saying so."""
    tree = RustTree(source)
    functions = [item for item in read_items(source).functions() if item.body is not None and not item.in_tests]
    stops = [node for node in walk(tree.root) if node.type == "macro_invocation" and _is_stop(node, tree)]
    found = []
    for item in functions:
        inside = [node for node in stops if _within(node, item)]
        if inside:
            found.append(Stub(item.path, line_of(inside[0]), any(_is_whole(node) for node in inside)))
    return tuple(found)


def _is_stop(node: Node, tree: RustTree) -> bool:
    name = tree.text(named(node, "macro")).rpartition("::")[2]
    return name in _MARKS or (name in _PANICS and _EXCUSE.search(tree.text(node)) is not None)


def _within(node: Node, item: RustItem) -> bool:
    return item.body is not None and item.body.start <= node.start_byte and node.end_byte <= item.body.end


def _is_whole(node: Node) -> bool:
    statement = node.parent if node.parent is not None and node.parent.type == "expression_statement" else node
    block = statement.parent
    if block is None or block.type != "block" or block.parent is None or block.parent.type != "function_item":
        return False
    return [child for child in block.named_children if child.type not in COMMENTS] == [statement]


def stub_out(source: bytes) -> bytes:
    """Return a file with the bodies of its functions, tests and ``main`` left out, replaced by ``unimplemented!()``.

    A function whose result is an ``impl Trait`` keeps its body: without it nobody knows the type.
    """
    changes = {
        item.body: "{ unimplemented!() }"
        for item in read_items(source).functions()
        if item.body is not None and item.signature is not None and not _keeps_body(item)
    }
    outer = {span: text for span, text in changes.items() if not _is_inner(span, changes)}
    return replace_spans(RustTree(source).data.decode("utf-8", "replace"), outer).encode()


def _keeps_body(item: RustItem) -> bool:
    assert item.signature is not None
    return item.in_tests or item.path == "main" or item.signature.result.startswith("impl ")


def _is_inner(span: Span, others: Iterable[Span]) -> bool:
    return any(other != span and other.holds(span) for other in others)
