"""What nodes and edges can be, and which may touch which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class NodeKind(StrEnum):
    """What a node is. Declaration order is the order siblings are listed in."""

    REPOSITORY = "repository"
    AREA = "area"
    CATEGORY = "category"
    FEATURE = "feature"
    DIRECTORY = "directory"
    FILE = "file"
    NAMESPACE = "namespace"
    CLASS = "class"
    FUNCTION = "function"
    METHOD = "method"
    STRUCT = "struct"
    ENUM = "enum"
    MACRO = "macro"
    GLOBAL = "global"
    CONSTANT = "constant"


class EdgeKind(StrEnum):
    """What an edge says of its two ends.

    ``imports``, ``calls``, ``inherits`` and ``uses`` point from the one that needs to the one needed.
    ``flows`` and ``precedes`` point from the one that comes first: their target depends on their source.
    """

    CONTAINS = "contains"
    IMPORTS = "imports"
    CALLS = "calls"
    INHERITS = "inherits"
    USES = "uses"
    FLOWS = "flows"
    PRECEDES = "precedes"


class State(StrEnum):
    """How far a node has come; states compare by progress, not by spelling.

    Examples
    --------
    >>> State.PLANNED < State.VERIFIED
    True
    >>> max(State.STUBBED, State.IMPLEMENTED)
    <State.IMPLEMENTED: 'implemented'>
    """

    PLANNED = "planned"
    STUBBED = "stubbed"
    IMPLEMENTED = "implemented"
    VERIFIED = "verified"

    @property
    def rank(self) -> int:
        """Position in the order of progress, from 0."""
        return _RANK[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < State(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= State(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > State(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= State(other).rank


_RANK = {state: rank for rank, state in enumerate(State)}

KIND_RANK: Mapping[NodeKind, int] = {kind: rank for rank, kind in enumerate(NodeKind)}
EDGE_RANK: Mapping[EdgeKind, int] = {kind: rank for rank, kind in enumerate(EdgeKind)}

UNIT_KINDS = frozenset(
    {
        NodeKind.NAMESPACE,
        NodeKind.CLASS,
        NodeKind.FUNCTION,
        NodeKind.METHOD,
        NodeKind.STRUCT,
        NodeKind.ENUM,
        NodeKind.MACRO,
        NodeKind.GLOBAL,
        NodeKind.CONSTANT,
    }
)
"""Definitions in source; what can implement a feature."""

TYPE_KINDS = frozenset({NodeKind.CLASS, NodeKind.STRUCT, NodeKind.ENUM})
"""Definitions that name a type."""

GROUNDED_KINDS = UNIT_KINDS | {NodeKind.FILE, NodeKind.DIRECTORY}
"""Kinds that have a place in source."""

DEPENDENCY_KINDS = (EdgeKind.IMPORTS, EdgeKind.CALLS, EdgeKind.INHERITS, EdgeKind.USES)
"""What "depends on" means where a caller names no edge kinds."""

FORWARD_KINDS = frozenset({EdgeKind.FLOWS, EdgeKind.PRECEDES})
"""Kinds whose target depends on their source."""

_GROUPED = frozenset({NodeKind.CATEGORY, NodeKind.FEATURE, NodeKind.DIRECTORY, NodeKind.FILE})
# A method may stand apart from its type, which another file defines: Go, Rust, C++.
_TOP_LEVEL = UNIT_KINDS
_NESTED = UNIT_KINDS - {NodeKind.METHOD, NodeKind.NAMESPACE}
_MEMBERS = UNIT_KINDS - {NodeKind.NAMESPACE}
_FEATURE = frozenset({NodeKind.FEATURE})

CHILD_KINDS: Mapping[NodeKind, frozenset[NodeKind]] = {
    NodeKind.REPOSITORY: _GROUPED | {NodeKind.AREA},
    NodeKind.AREA: _GROUPED,
    NodeKind.CATEGORY: _GROUPED,
    NodeKind.FEATURE: frozenset(),
    NodeKind.DIRECTORY: frozenset({NodeKind.DIRECTORY, NodeKind.FILE}),
    NodeKind.FILE: _TOP_LEVEL | _FEATURE,
    NodeKind.NAMESPACE: _TOP_LEVEL | _FEATURE,
    NodeKind.CLASS: _MEMBERS | _FEATURE,
    NodeKind.FUNCTION: _NESTED | _FEATURE,
    NodeKind.METHOD: _NESTED | _FEATURE,
    NodeKind.STRUCT: _MEMBERS | _FEATURE,
    NodeKind.ENUM: _MEMBERS | _FEATURE,
    NodeKind.MACRO: _FEATURE,
    NodeKind.GLOBAL: _NESTED | _FEATURE,
    NodeKind.CONSTANT: _NESTED | _FEATURE,
}
"""Which kinds a kind may contain."""

_CODE = UNIT_KINDS | {NodeKind.FILE}
_FLOWING = GROUNDED_KINDS | {NodeKind.AREA, NodeKind.CATEGORY}
_ORDERED = frozenset(NodeKind) - {NodeKind.REPOSITORY}

ENDS: Mapping[EdgeKind, tuple[frozenset[NodeKind], frozenset[NodeKind]]] = {
    EdgeKind.IMPORTS: (_CODE, GROUNDED_KINDS),
    EdgeKind.CALLS: (_CODE, UNIT_KINDS),
    EdgeKind.INHERITS: (TYPE_KINDS, UNIT_KINDS),
    EdgeKind.USES: (_CODE, _CODE),
    EdgeKind.FLOWS: (_FLOWING, _FLOWING),
    EdgeKind.PRECEDES: (_ORDERED, _ORDERED),
}
"""Which kinds the source and the target of an edge may have; ``contains`` is ruled by ``CHILD_KINDS``."""

LOOP_KINDS = frozenset({EdgeKind.CALLS, EdgeKind.USES})
"""Kinds that may lead from a node to itself: recursion is no fault."""
