"""Functions that are not written yet."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from repowright.repo_tools.rust_source.items import RustItem, read_items
from repowright.repo_tools.rust_source.splice import replace_spans
from repowright.repo_tools.rust_source.syntax import COMMENTS, RustTree, Span, line_of, named

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


@dataclass(frozen=True)
class _Stop:
    start: int
    line: int
    whole: bool


def find_stubs(source: bytes) -> tuple[Stub, ...]:
    """Return the functions of a file, tests left out, that hold ``todo!``, ``unimplemented!`` or a panic saying so."""
    tree = RustTree(source)
    stops = sorted(_stops(tree), key=lambda stop: stop.start)
    starts = [stop.start for stop in stops]
    found = []
    for item in read_items(source).functions():
        if item.body is not None and not item.in_tests:
            inside = stops[bisect_left(starts, item.body.start) : bisect_left(starts, item.body.end)]
            if inside:
                found.append(Stub(item.path, inside[0].line, any(stop.whole for stop in inside)))
    return tuple(found)


def _stops(tree: RustTree) -> Iterator[_Stop]:
    """Every place that stops; walked with the nodes above, since a node finds its parent by a search from the root."""
    waiting: list[tuple[Node, tuple[Node, ...]]] = [(tree.root, ())]
    while waiting:
        node, above = waiting.pop()
        if node.type == "macro_invocation" and _is_stop(node, tree):
            yield _Stop(node.start_byte, line_of(node), _is_whole(node, above))
        nearest = (*above[-2:], node)
        waiting.extend((child, nearest) for child in node.children)


def _is_stop(node: Node, tree: RustTree) -> bool:
    name = tree.text(named(node, "macro")).rpartition("::")[2]
    return name in _MARKS or (name in _PANICS and _EXCUSE.search(tree.text(node)) is not None)


def _is_whole(node: Node, above: tuple[Node, ...]) -> bool:
    """Tell whether a stop is all that a function's block holds, given the three nodes above it, nearest last."""
    chain = [*above, node]
    at = -2 if len(above) > 0 and above[-1].type == "expression_statement" else -1
    if len(chain) < 2 - at:
        return False
    statement, block, owner = chain[at], chain[at - 1], chain[at - 2]
    if block.type != "block" or owner.type != "function_item":
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
    outer = {span: changes[span] for span in _outermost(changes)}
    return replace_spans(RustTree(source).data.decode("utf-8", "replace"), outer).encode()


def _keeps_body(item: RustItem) -> bool:
    assert item.signature is not None
    return item.in_tests or item.path == "main" or item.signature.result.startswith("impl ")


def _outermost(spans: Iterable[Span]) -> list[Span]:
    """The spans that stand in no other; of nested code, so that two are disjoint or one holds the other."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, -each.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
