"""The invariants of one node and one edge, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from repowright.graph import places
from repowright.graph.errors import InvariantViolated
from repowright.graph.ids import node_id
from repowright.graph.kinds import (
    CHILD_KINDS,
    ENDS,
    GROUNDED_KINDS,
    KIND_RANK,
    LOOP_KINDS,
    UNIT_KINDS,
    EdgeKind,
    NodeKind,
)
from repowright.graph.records import Edge, Node


def one_line(text: str) -> str:
    """Return the text on one line, with single spaces."""
    return " ".join(text.split())


def clean(node: Node) -> Node:
    """Return the node in its one spelling: names on one line, tags sorted, a feature's phrase filled in."""
    name, feature = one_line(node.name), one_line(node.feature)
    if node.kind is NodeKind.FEATURE:
        feature = feature or name
    return replace(node, name=name, feature=feature, tags=tuple(sorted(set(node.tags))))


def with_id(node: Node, anchor: str, above: Iterable[str]) -> Node:
    """Return the node with its content-addressed id, made from ``anchor`` unless that is empty.

    Raises
    ------
    InvariantViolated
        If the anchor holds lone surrogates.
    """
    own = anchor or places.anchor(node.kind, node.name, node.feature, node.place, above)
    check_unicode(own)
    return replace(node, id=node_id(node.kind, own))


def check_texts(node: Node) -> None:
    """Refuse a node without a name or with an unusable id, and text that no file could hold.

    Raises
    ------
    InvariantViolated
        If the name is empty, the id is empty or holds spaces, or a text holds lone surrogates.
    """
    if node.id.split() != [node.id]:
        raise InvariantViolated(f"{node.id!r} cannot be an id", "use one word")
    if not node.name:
        raise InvariantViolated(f"there is a node of kind {node.kind.value!r} without a name", "give it one")
    check_unicode(node.id, node.name, node.feature, node.doc, node.path, node.qualname, node.signature, *node.tags)


def check_unicode(*texts: str) -> None:
    """Refuse text with lone surrogates, which has no UTF-8 form.

    Raises
    ------
    InvariantViolated
        If one of the texts holds any.
    """
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as err:
            raise InvariantViolated(f"{text!a} is not valid Unicode text", "remove the lone surrogates") from err


def check_place(node: Node, parent: Node | None) -> None:
    """Refuse source without a place, a place without source, and a definition outside its parent's file.

    Raises
    ------
    InvariantViolated
        If one of these is so.
    """
    if node.kind in GROUNDED_KINDS and node.place is None:
        raise InvariantViolated(f"{node.kind.value} {node.name!r} has no place", "give it one with a path")
    if node.kind in UNIT_KINDS and (not node.qualname or (parent is not None and node.path != parent.path)):
        raise InvariantViolated(
            f"{node.kind.value} {node.name!r} does not lie in its parent's file",
            "give it the parent's path and a qualified name, or move it",
        )
    if node.kind not in GROUNDED_KINDS and node.kind is not NodeKind.REPOSITORY and node.place is not None:
        raise InvariantViolated(f"{node.kind.value} {node.name!r} cannot have a place", "only source has one")


def check_containment(kind: NodeKind, name: str, parent: Node) -> None:
    """Refuse a child that the parent's kind cannot contain.

    Raises
    ------
    InvariantViolated
        If `CHILD_KINDS` does not allow it.
    """
    if kind not in CHILD_KINDS[parent.kind]:
        raise InvariantViolated(
            f"{parent.label} cannot contain {kind.value} {name!r}",
            f"below {parent.kind.value} there may be {_listed(CHILD_KINDS[parent.kind])}",
        )


def check_ends(edge: Edge, src: Node, dst: Node) -> None:
    """Refuse an edge between kinds it cannot join.

    Raises
    ------
    InvariantViolated
        If `ENDS` does not allow it, the kind is ``contains``, or a loop means nothing for the kind.
    """
    if edge.kind is EdgeKind.CONTAINS:
        raise InvariantViolated(f"{dst.label} would get a second parent, {src.label}", "move it instead")
    sources, targets = ENDS[edge.kind]
    if src.kind not in sources or dst.kind not in targets:
        raise InvariantViolated(
            f"{edge.kind.value!r} cannot join {src.kind.value} {src.name!r} to {dst.kind.value} {dst.name!r}",
            f"it leads from {_listed(sources)} to {_listed(targets)}",
        )
    if src is dst and edge.kind not in LOOP_KINDS:
        raise InvariantViolated(f"{edge.kind.value!r} cannot join {src.label} to itself", "name another end")


def _listed(kinds: Iterable[NodeKind]) -> str:
    names = [kind.value for kind in sorted(kinds, key=KIND_RANK.__getitem__)]
    return ", ".join(names[:-1]) + " or " + names[-1] if len(names) > 1 else "".join(names) or "nothing"
