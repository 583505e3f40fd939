from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import RPG, Place
from repowright.graph.order import knots, lifted

EDGES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40)


@given(EDGES)
def test_every_dependency_comes_before_or_in_the_same_group(pairs: list[tuple[int, int]]) -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([(str(first), str(second)) for first, second in pairs])
    groups = knots(graph, lambda each: (int(each),))
    place = {member: number for number, group in enumerate(groups) for member in group}
    assert sorted(place) == sorted(graph.nodes)
    assert all(place[needed] <= place[needing] for needing, needed in graph.edges)


def test_groups_free_to_go_stand_in_the_order_of_their_keys() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([("d", "a")])
    graph.add_nodes_from("cb")
    assert knots(graph, lambda each: (each,)) == [("a",), ("b",), ("c",), ("d",)]


def test_edges_of_some_names_can_be_left_out() -> None:
    rpg = RPG.new("p")
    file = rpg.add(NodeKind.FILE, "a.c", rpg.root.id, place=Place("a.c"))
    first, second = (rpg.add(NodeKind.FUNCTION, name, file.id).id for name in "fg")
    rpg.connect(first, second, EdgeKind.CALLS, name="maybe")
    assert list(lifted(rpg, [first, second], [EdgeKind.CALLS]).edges) == [(first, second)]
    assert not lifted(rpg, [first, second], [EdgeKind.CALLS], ("maybe",)).edges
