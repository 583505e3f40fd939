from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.errors import GraphError
from repowright.graph.kinds import UNIT_KINDS
from repowright.graph.model import RPG, EdgeKind, Place
from repowright.graph.serial import from_json, to_json
from tests.graph.strategies import NAMES, graphs

WRITES = st.tuples(
    st.sampled_from(["move", "remove", "rename", "place", "connect", "disconnect", "prune"]),
    st.integers(0, 40),
    st.integers(0, 40),
    NAMES,
    st.sampled_from(EdgeKind),
)


@given(graphs(), st.lists(WRITES, max_size=12))
def test_a_write_keeps_every_invariant_or_changes_nothing(
    rpg: RPG, writes: list[tuple[str, int, int, str, EdgeKind]]
) -> None:
    for what, first, second, name, kind in writes:
        before = to_json(rpg)
        ids = [node.id for node in rpg.nodes()]
        try:
            _write(rpg, what, ids[first % len(ids)], ids[second % len(ids)], name, kind)
        except GraphError:
            assert to_json(rpg) == before
        assert_consistent(rpg)


def _write(rpg: RPG, what: str, first: str, second: str, name: str, kind: EdgeKind) -> None:
    if what == "move":
        rpg.move(first, second)
    elif what == "remove":
        rpg.remove(first)
    elif what == "rename":
        rpg.update(first, name=name)
    elif what == "place":
        rpg.update(first, place=Place(f"random/{name}"))
    elif what == "connect":
        rpg.connect(first, second, kind, name=name)
    elif what == "disconnect":
        rpg.disconnect(first, second, kind)
    else:
        rpg.prune_empty({rpg.node(first).kind})


def assert_consistent(rpg: RPG) -> None:
    assert from_json(to_json(rpg)) == rpg
    assert len(rpg.edges(EdgeKind.CONTAINS)) == len(rpg) - 1
    for node in rpg:
        parent = rpg.parent(node.id)
        assert parent is None or node in rpg.children(parent.id)
        assert node in rpg.by_name(node.kind, node.name)
        if node.kind in UNIT_KINDS:
            assert parent is not None
            assert node.path == parent.path
            assert rpg.find(node.path, node.qualname) is not None
