"""The records of the graph: places, nodes and edges."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.graph.errors import InvariantViolated
from repowright.graph.kinds import EdgeKind, NodeKind, State


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lives in source.

    Parameters
    ----------
    path
        POSIX path relative to the repository's root.
    qualname
        Dotted name inside the file; empty for the file itself.
    span
        First and last line, 1-based and inclusive.
    signature
        The definition's head as source text.

    Raises
    ------
    InvariantViolated
        If the path is absolute, leaves the root or is not POSIX, or the span is empty.
    """

    path: str
    qualname: str = ""
    span: tuple[int, int] | None = None
    signature: str = ""

    def __post_init__(self) -> None:
        if not _is_relative_posix(self.path):
            raise InvariantViolated(
                f"{self.path!r} is not a path inside the repository",
                "give a relative POSIX path without '..' such as 'package/module.py'",
            )
        if self.span is not None and not 1 <= self.span[0] <= self.span[1]:
            raise InvariantViolated(
                f"lines {self.span[0]} to {self.span[1]} of {self.path} are no span",
                "count lines from 1 and put the first line first",
            )


def _is_relative_posix(path: str) -> bool:
    if path == ".":
        return True
    parts = path.split("/")
    clean = not ({"", ".", ".."} & set(parts))
    return clean and "\\" not in path and path.isprintable() and path == path.strip()


@dataclass(frozen=True, slots=True)
class Node:
    """A feature and a place: one thing the repository has or shall have.

    Parameters
    ----------
    id
        Content-addressed and stable; it does not change when the node is updated or moved.
    feature
        What it is for, as a verb-object phrase.
    doc
        Specification or docstring.
    tags
        Sorted marks such as ``base-type``, ``entry-point`` or ``package``.
    """

    id: str
    kind: NodeKind
    name: str
    feature: str = ""
    place: Place | None = None
    state: State = State.PLANNED
    doc: str = ""
    tags: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The place's path; empty if the node has no place."""
        return self.place.path if self.place else ""

    @property
    def qualname(self) -> str:
        """The place's qualified name; empty if the node has no place."""
        return self.place.qualname if self.place else ""

    @property
    def signature(self) -> str:
        """The place's signature; empty if the node has no place."""
        return self.place.signature if self.place else ""

    @property
    def label(self) -> str:
        """The node as a message names it: by place if it has one, by name if not.

        Examples
        --------
        >>> Node("x", NodeKind.METHOD, "add", place=Place("shop/cart.py", "Cart.add")).label
        'shop/cart.py:Cart.add'
        >>> Node("y", NodeKind.AREA, "Checkout").label
        "area 'Checkout'"
        """
        if self.place is None or self.kind is NodeKind.REPOSITORY:
            return f"{self.kind.value} {self.name!r}"
        return f"{self.path}:{self.qualname}" if self.qualname else self.path


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between two nodes, named by their ids.

    Parameters
    ----------
    name
        What flows; tells apart edges of one kind between the same two nodes.
    data_type
        Type expression of what flows.
    transformation
        What happens to the data on the way.
    lines
        Sorted 1-based source lines that show the relation.
    confidence
        From 0 to 1: how sure the resolver was.
    """

    src: str
    dst: str
    kind: EdgeKind
    name: str = ""
    data_type: str = ""
    transformation: str = ""
    lines: tuple[int, ...] = ()
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise InvariantViolated(
                f"confidence {self.confidence} of a {self.kind.value!r} edge is out of range",
                "give a number from 0 to 1",
            )
