"""Random graphs for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from repowright.graph.errors import GraphError
from repowright.graph.kinds import CHILD_KINDS
from repowright.graph.model import RPG, EdgeKind, NodeKind, Place, State

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_STEPS = st.tuples(
    st.sampled_from([kind for kind in NodeKind if kind is not NodeKind.REPOSITORY]),
    NAMES,
    st.integers(0, 40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(State),
)
_JOINTS = st.tuples(
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from([kind for kind in EdgeKind if kind is not EdgeKind.CONTAINS]),
    st.sampled_from(["", "rows", "a -- b"]),
    st.lists(st.integers(1, 99), max_size=3),
    st.sampled_from([0, 0.25, 1, 1.0]),
)


@st.composite
def graphs(draw: st.DrawFn) -> RPG:
    """Draw a graph by random writes; those that an invariant refuses are left out."""
    rpg = RPG.new("random", "do anything")
    ids = [rpg.root.id]
    for kind, name, at, text, state in draw(st.lists(_STEPS, max_size=25)):
        holders = [each for each in ids if kind in CHILD_KINDS[rpg.node(each).kind]]
        if not holders:
            continue
        try:
            place = Place(f"random/{name}") if kind in (NodeKind.FILE, NodeKind.DIRECTORY) else None
            holder = holders[at % len(holders)]
            ids.append(rpg.add(kind, name, holder, feature=text, place=place, state=state, doc=text).id)
        except GraphError:
            continue
    for src, dst, edge_kind, edge_name, lines, confidence in draw(st.lists(_JOINTS, max_size=25)):
        ends = ids[src % len(ids)], ids[dst % len(ids)]
        try:
            rpg.connect(*ends, edge_kind, name=edge_name, lines=lines, confidence=confidence)
        except GraphError:
            continue
    return rpg
