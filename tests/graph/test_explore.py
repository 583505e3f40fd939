from __future__ import annotations

import pytest
from hypothesis import given

from repowright.graph.errors import GraphError
from repowright.graph.explore import explore
from repowright.graph.model import RPG, EdgeKind, NodeKind
from tests.graph.library import build_library
from tests.graph.strategies import graphs

SAVE = "library/store.py:Store.save"


@pytest.fixture
def library() -> RPG:
    return build_library()


def test_explore_downstream_is_a_tree(library: RPG) -> None:
    found = explore(library, ["main"])
    assert found.text().splitlines() == [
        "library/cli.py:main [function, lines 4-5]: run the command line",
        "  calls library/store.py:DiskStore [class, lines 15-17] at line 5: keep books on disk",
        "    contains library/store.py:DiskStore.save [method, lines 16-17]: write it (opened elsewhere)",
        "    inherits library/store.py:Store [class, lines 4-12] at line 15: keep books",
        "  calls library/store.py:DiskStore.save [method, lines 16-17] at line 5 (confidence 0.5): write it",
        "    calls library/store.py:Store.load [method, lines 11-12] at line 17 (confidence 0.8): load a book",
    ]


def test_what_lies_inside_a_start_counts_as_the_start(library: RPG) -> None:
    found = explore(library, ["library/store.py:Store"], direction="upstream", traversal_depth=1)
    assert [(step.node.label, step.kind, step.inside) for step in found.steps] == [
        ("tests/test_store.py:test_save", EdgeKind.CALLS, "Store.save"),
        ("library/store.py:DiskStore", EdgeKind.INHERITS, ""),
        ("library/store.py:DiskStore.save", EdgeKind.CALLS, "Store.load"),
    ]


def test_both_directions_do_not_mix(library: RPG) -> None:
    found = explore(library, [SAVE], direction="both", traversal_depth=-1)
    reached = {step.node.label for step in found.steps}
    assert reached == {"library/store.py:check", "tests/test_store.py:test_save"}


def test_filters_hold(library: RPG) -> None:
    kinds = [EdgeKind.IMPORTS]
    found = explore(library, ["library/store.py"], direction="upstream", dependency_type_filter=kinds)
    assert {step.kind for step in found.steps} == {EdgeKind.IMPORTS} and len(found.steps) == 3
    found = explore(library, ["main"], traversal_depth=-1, entity_type_filter=[NodeKind.CLASS])
    assert {step.node.kind for step in found.steps} == {NodeKind.CLASS}


def test_what_explore_leaves_out_is_counted_exactly(library: RPG) -> None:
    whole = explore(library, ["main"], traversal_depth=-1)
    part = explore(library, ["main"], traversal_depth=-1, limit=2)
    assert part.steps == whole.steps[:2]
    assert sum(each.count for each in part.left_out) == len(whole.steps) - 2
    assert f"left out: {len(whole.steps) - 2} edges (" in part.text()


def test_explore_from_nowhere_and_without_sense(library: RPG) -> None:
    assert explore(library, ["nobody"]).problems and not explore(library, ["nobody"]).steps
    with pytest.raises(GraphError, match="no walk"):
        explore(library, ["main"], traversal_depth=-2)


@given(graphs())
def test_explore_meets_what_a_plain_walk_meets(rpg: RPG) -> None:
    for node in rpg.nodes(NodeKind.FUNCTION, NodeKind.CLASS)[:3]:
        found = explore(rpg, [node.id], [], "upstream", -1, dependency_type_filter=[EdgeKind.CALLS], limit=10_000)
        inside = [node.id, *(each.id for each in rpg.descendants(node.id))]
        seen, waiting = set(inside), list(inside)
        while waiting:
            fresh = {edge.src for edge in rpg.in_edges(waiting.pop(), EdgeKind.CALLS)} - seen
            seen |= fresh
            waiting += fresh
        assert {step.node.id for step in found.steps} - set(inside) == seen - set(inside)
